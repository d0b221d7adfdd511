"""DeepSeek: 402 says it, its code and type do not."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "api-docs.deepseek.com/quick_start/error_codes, 2026-11"

ROWS: Final = (
    Row(
        "deepseek.key",
        Kind.INVALID_KEY,
        _DOCS,
        texts=("authentication fails", "your api key*is invalid"),
    ),
    Row("deepseek.model", Kind.MODEL_NOT_FOUND, _DOCS, texts=("model not exist",), ambiguous=False),
)
