"""The attempts of one call: counted, kept as far as memory should go, and ended.

A call that the pacer takes back a thousand times has a thousand records and keeps the last few
attempts; their numbers say how many there were. An attempt that the pacer took back is not used up.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import (
    Action,
    Attempt,
    Decision,
    Failure,
    Fault,
    History,
    Outcome,
    Reply,
    StopReason,
)

KEPT: Final = 32


class Attempts:
    """What a call has tried."""

    __slots__ = ("_id", "_kept", "_returned", "number")

    def __init__(self, call_id: str) -> None:
        self._id = call_id
        self._kept: tuple[Attempt, ...] = ()
        self._returned = 0
        self.number = 0
        """Of the attempt that is prepared or on its way, from 1."""

    @property
    def used(self) -> int:
        """Attempts that count."""
        return self.number - self._returned

    @property
    def last(self) -> Attempt | None:
        """The last one that has ended."""
        return self._kept[-1] if self._kept else None

    @property
    def history(self) -> History:
        """All that is kept of them."""
        return History(self._id, self._kept)

    def returned(self) -> None:
        """Take back the one that has just been refused: it does not count."""
        self._returned += 1

    def keep(self, attempt: Attempt) -> None:
        """Add one that has ended."""
        self._kept = (*self._kept[1 - KEPT :], attempt)

    def failed(
        self,
        outcome: Outcome,
        failure: Failure,
        decision: Decision,
        *,
        elapsed_s: float,
        said: float | StopReason,
        repaired: str | None,
        key: str | None,
    ) -> Attempt:
        """Add one that failed; `said` is the wait before the next one, or why there is none."""
        attempt = Attempt(
            number=self.number,
            action=decision.action,
            elapsed_s=elapsed_s,
            status=outcome.status if isinstance(outcome, Reply) else None,
            fault=outcome.kind if isinstance(outcome, Fault) else None,
            failure=failure,
            decision=decision,
            wait_s=0.0 if isinstance(said, StopReason) else said,
            stop_reason=said if isinstance(said, StopReason) else None,
            request_id=failure.request_id,
            repaired=repaired,
            key=key,
            stream=outcome.stream,
        )
        self.keep(attempt)
        return attempt

    def amend(self, attempt: Attempt) -> History:
        """Put another in the place of the last one; return the history."""
        self._kept = (*self._kept[:-1], attempt)
        return self.history

    def note(self, stop_reason: StopReason, action: Action, elapsed_s: float = 0.0) -> History:
        """Add one that never brought an outcome; return the history."""
        self.keep(Attempt(self.number, action, elapsed_s, stop_reason=stop_reason))
        return self.history

    def cancelled(self) -> History:
        """End the attempt on its way, or the wait after one: its failure is then the last word."""
        if self.last is not None and self.last.number == self.number:
            return self.amend(self.last._replace(wait_s=0.0, stop_reason=StopReason.CANCELLED))
        return self.note(StopReason.CANCELLED, Action.STOP)
