"""What one call has to do with the pacer: it asks for a permit, and tells what came of its send.

Calls of a healthy client pass freely and have no lane. Which failures are the pacer's affair is
said in `throttle`; what a lane makes of them, in `pace`.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from halley.core.cost import tokens_of
from halley.core.effects import Admit, Effect, Resume
from halley.core.local import Local
from halley.core.model import THROTTLED, Failure, Fault, Outcome, Request
from halley.core.pace import Lane, Refused
from halley.core.policy import Pace, Policy
from halley.core.throttle import too_fast, why_of
from halley.core.usage import total_tokens

if TYPE_CHECKING:
    from halley.core.lanes import LaneKey, Lanes

NO_PERMIT: Final = "halley_no_permit"


class Paced:
    """The permits of one call; `ramp` as its policy says."""

    __slots__ = ("_cost", "_lane", "_lanes", "_priority", "ramp")

    def __init__(self, lanes: Lanes, policy: Policy) -> None:
        self._lanes = lanes
        self._priority = policy.priority
        self.ramp = policy.pace is Pace.RAMP
        self._lane: Lane | None = None
        self._cost = 1.0

    def enter(
        self, key: LaneKey, request: Request, now: float, deadline: float
    ) -> Generator[Effect, Resume, tuple[float, Refused | None]]:
        """Get a permit for the next send, if it needs one; return why there is none."""
        if self._lanes.pass_freely(now):
            return now, None
        self._lane = lane = self._lanes.lane(key)
        self._cost = tokens_of(request)
        now, refusal = yield Admit(lane, deadline, self._priority, self._cost)
        return now, refusal if isinstance(refusal, Refused) else None

    def answered(
        self, now: float, sent_at: float, outcome: Outcome, failure: Failure | None
    ) -> None:
        """Tell the lane of an outcome that is no refusal, and of what it says about limits."""
        lane = self._lane
        if failure is not None:
            self._lane = None
        if lane is None or isinstance(outcome, Fault):  # which says nothing about any limit
            return
        if failure is not None and too_fast(outcome, failure, ramp=self.ramp):
            return
        lane.admitted(now, sent_at)
        lane.hint(now, outcome.headers)
        if outcome.held:
            self.settle(now, outcome.body)

    def settle(self, now: float, counted: bytes) -> None:
        """Tell the lane what the call took, as an answer or the end of its stream says it."""
        lane = self._lane
        if lane is not None and lane.tokens_per_s and (used := total_tokens(counted)) is not None:
            lane.settle(now, self._cost, used)

    def refused(
        self, key: LaneKey, now: float, sent_at: float, outcome: Outcome, failure: Failure
    ) -> None:
        """Tell the lane of a failure, if it is a refusal after which waiting helps."""
        waits = failure.kind in THROTTLED or failure.action.retryable
        if waits and too_fast(outcome, failure, ramp=self.ramp):
            why = why_of(outcome, failure)
            self._lanes.lane(key).refused(now, sent_at, why, failure.wait_s)

    def spread_s(self, key: LaneKey, u: float) -> float:
        """Return the wait of a refused call that goes back to the queue."""
        return self._lanes.lane(key).spread_s(u)


def no_permit(refused: Refused) -> Local:
    """Return the answer to a call that got no permit."""
    message = f"halley: no permit to send: {refused.why}; nothing was sent"
    return Local(429, NO_PERMIT, message, wait_s=refused.wait_s)
