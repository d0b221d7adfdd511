"""Preflight's own answers, given in the server's place; see `halley.checks.refusal`."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Origin
from halley.core.tables import Row

CODE: Final = "halley_preflight"

ROWS: Final = (
    Row(
        "preflight.refused",
        Kind.INVALID_REQUEST,
        "docs/preflight.md, 2026-11: halley's own answer, nothing was sent",
        labels=(CODE,),
        status=(400,),
        origin=Origin.CLIENT,
        ambiguous=False,
    ),
)
