"""The row by which preflight's own answers are known among the failures; see `refusal`."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Origin
from halley.core.tables import Row

CODE: Final = "halley_preflight"

ROW: Final = Row(
    "preflight",
    Kind.INVALID_REQUEST,
    "halley's own answer in the server's place: nothing was sent",
    labels=(CODE,),
    status=(400,),
    origin=Origin.CLIENT,
    ambiguous=False,
)
