"""xAI: a sentence as the code, a string as the error; money comes as 403 and 429, keys as 400."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "docs.x.ai, debugging errors, 2026-11"

ROWS: Final = (
    Row(
        "xai.policy",
        Kind.CONTENT_POLICY,
        _DOCS,
        texts=("content violates usage guidelines", "failed check: safety_check"),
        ambiguous=False,
    ),
    Row(
        "xai.key",
        Kind.INVALID_KEY,
        f"{_DOCS}: a 400",
        texts=("incorrect api key provided", "api key is currently blocked", "api key*is disabled"),
    ),
    Row(
        "xai.permission",
        Kind.PERMISSION,
        _DOCS,
        texts=("caller does not have permission",),
    ),
)
