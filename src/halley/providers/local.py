"""Answers that halley gives in the server's place; see `halley.core.local`."""

from __future__ import annotations

from typing import Final

from halley.core.keyed import NO_KEY
from halley.core.model import Action, Kind, Origin, Scope
from halley.core.paced import NO_PERMIT
from halley.core.retries import BREAKER_OPEN
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
    Row(
        "local.no_key",
        Kind.INVALID_KEY,
        "docs/keys.md, 2026-11: halley's own answer, nothing was sent",
        labels=(NO_KEY,),
        action=Action.ROTATE_KEY,
        scope=Scope.KEY,
        origin=Origin.CLIENT,
        ambiguous=False,
    ),
    Row(
        "local.breaker_open",
        Kind.OVERLOADED,
        "docs/pacing.md, 2026-11: halley's own answer, nothing was sent",
        labels=(BREAKER_OPEN,),
        action=Action.FAIL_OVER,
        scope=Scope.SERVICE,
        origin=Origin.CLIENT,
        ambiguous=False,
    ),
    Row(
        "local.no_permit",
        Kind.CONCURRENCY,
        "docs/pacing.md, 2026-11: halley's own answer, nothing was sent",
        labels=(NO_PERMIT,),
        action=Action.FAIL_OVER,
        scope=Scope.KEY,
        origin=Origin.CLIENT,
        ambiguous=False,
    ),
)
