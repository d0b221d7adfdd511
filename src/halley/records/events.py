"""The event: one attempt that is over and what was decided about it, as a value for users' code.

It is to a program what the record is to a log: the same moment, one per attempt, and like it
without a header, a key, a body, a prompt or a query string.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, TypeAlias

from halley.core.endpoints import model_of
from halley.core.model import Action, Attempt, History, Request, StopReason
from halley.core.usage import Usage, usage_of
from halley.records.record import safe
from halley.records.redact import Redactor

LOCAL_CODES: Final = "halley_"
"""How the codes of answers begin that halley gives in the server's place (`core.local`)."""


class Event(NamedTuple):
    """One attempt of a call, when it was decided about; of a stream, when that is over.

    Attributes:
        wall_s: When, in seconds since 1970.
        method: Of the request.
        host: Where it went, with the port if it has one of its own.
        path: Without its query.
        model: What the request names; None when it names none.
        history: The call so far; the attempt is its last.
        usage: LLM tokens, as far as the answer says them.
        dropped: Events that were lost before this one, because a hook was too slow for them.
    """

    wall_s: float
    method: str
    host: str
    path: str
    model: str | None
    history: History
    usage: Usage = Usage()
    dropped: int = 0

    @property
    def attempt(self) -> Attempt:
        """The attempt that the event is about."""
        return self.history.attempts[-1]

    @property
    def last(self) -> bool:
        """The call is over: it was answered or given up."""
        return self.attempt.action is Action.OK or self.attempt.stop_reason is not None

    @property
    def sent(self) -> bool:
        """A request went out; False of a call without a permit and of an answer of halley's own."""
        attempt = self.attempt
        ours = attempt.failure is not None and attempt.failure.code.startswith(LOCAL_CODES)
        return not ours and (attempt.status is not None or attempt.fault is not None)

    @property
    def again(self) -> bool:
        """The attempt was told of before: the call was left in the wait after it."""
        attempt = self.attempt
        return attempt.stop_reason is StopReason.CANCELLED and attempt.failure is not None


Hook: TypeAlias = Callable[[Event], object]
"""What a user may have called with every event; what it returns is ignored."""


def event_of(
    request: Request, history: History, body: bytes, wall_s: float, redactor: Redactor
) -> Event:
    """Return the last attempt of a history as an event.

    Args:
        request: What was asked.
        history: The call so far.
        body: The reply's, or its start and end, for `usage` alone.
        wall_s: Seconds since 1970.
        redactor: Knows every key that the request could carry.
    """
    asked = asked_of(request, redactor)
    return Event(
        wall_s,
        asked["method"],
        asked["host"],
        asked["path"],
        asked["model"] or None,
        history,
        usage_of(body) if body else Usage(),
    )


def asked_of(request: Request, redactor: Redactor) -> Mapping[str, str]:
    """Return `method`, `host`, `path` and `model` of a request, redacted as in its record."""
    asked = {
        "method": request.method,
        "host": request.origin.partition("://")[2],
        "path": request.path,
        "model": model_of(request),
    }
    return safe(asked, redactor)
