"""One request as the simulator looks at it: who, what, when, and with which chance.

The generator belongs to this request alone: it is seeded by the run's seed, the call and the number
of the request within the call. So what happens to a call does not depend on the calls around it,
and two clients with the same seed meet the same faults in the same places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from halley.simulator.errors import ERRORS
from halley.simulator.latency import Latency
from halley.simulator.model import SimReply, SimRequest
from halley.simulator.routes import Match, Wire
from halley.simulator.shapes import error_reply

_GEMINI_STREAM = "streamGenerateContent"


@dataclass(frozen=True, slots=True)
class Scene:
    """A request with everything that was found out about it.

    Attributes:
        fields: The body as JSON object or form; None when it is neither.
        call: The caller's marker, "" without one.
        group: The marker, else the fingerprint.
        speed: How many simulated seconds pass in one second of `now`.
    """

    request: SimRequest
    now: float
    speed: float
    rng: Random
    match: Match | None
    fields: Mapping[str, object] | None
    key: str
    call: str
    fingerprint: str
    request_id: str
    latency: Latency

    @property
    def wire(self) -> Wire | None:
        """What is spoken on the path, None for a path that does not exist."""
        return self.match.route.wire if self.match else None

    @property
    def paid(self) -> bool:
        """Whether acceptance buys something."""
        return self.match is not None and self.match.route.paid

    @property
    def model(self) -> str:
        """The model asked for, "" when the request names none."""
        if self.match and self.match.model:
            return self.match.model
        if self.wire is Wire.MIDJOURNEY_SUBMIT:
            return "mj_imagine"
        model = (self.fields or {}).get("model")
        return model if isinstance(model, str) else ""

    @property
    def stream(self) -> bool:
        """Whether the answer is to be a stream."""
        if self.match and self.match.verb:
            return self.match.verb == _GEMINI_STREAM
        return (self.fields or {}).get("stream") is True

    @property
    def group(self) -> str:
        """What the requests of one call have in common."""
        return self.call or self.fingerprint

    def error(self, name: str, **words: str) -> SimReply:
        """The reply of one row of the error table."""
        known = {
            "model": self.model,
            "method": self.request.method,
            "path": self.request.path,
            "key": self.key,
            "field": "messages",
            "calls": "60",
            "wait": "1s",
            "state": "IN_PROGRESS",
        }
        row = ERRORS[name]
        return error_reply(
            row, wire=self.wire, request_id=self.request_id, words={**known, **words}
        )
