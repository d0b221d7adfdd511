"""One call on its way: a generator of effects, from its admission to its last byte.

The order of things in a call stands here and nowhere else. What a failure is and what is to be done
about it are pure functions in `classify` and `decide`; what all calls of a client share is the
`Engine`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from halley.core.classify import classify
from halley.core.cost import tokens_of
from halley.core.decide import decide
from halley.core.effects import (
    Admit,
    CallCancelled,
    Deliver,
    Ended,
    GiveUp,
    Send,
    Steps,
    StreamEnd,
    Wait,
)
from halley.core.endpoints import model_of
from halley.core.ids import request_id
from halley.core.model import (
    THROTTLED,
    Action,
    Attempt,
    Decision,
    Failure,
    Fault,
    History,
    Kind,
    Outcome,
    Reply,
    Request,
    StopReason,
)
from halley.core.pace import Lane, Refused
from halley.core.policy import Pace, Policy
from halley.core.probe import healthy, suspicious
from halley.core.repair import REPAIRS_MAX, repair
from halley.core.replies import may_redirect
from halley.core.schedule import backoff, jittered
from halley.core.throttle import throttled, why_of

if TYPE_CHECKING:
    from halley.core.engine import Engine

OPENAI_ID = "x-request-id"
ANTHROPIC_ID = "request-id"
"""Where the SDKs look for the id of a request."""
ATTEMPTS_KEPT = 32
"""A history keeps the last ones; their numbers say how many there were."""


class Call:
    """One call on its way."""

    __slots__ = (
        "_attempts",
        "_deadline",
        "_describe",
        "_engine",
        "_id",
        "_number",
        "_policy",
        "_repaired",
        "_repairs",
        "_request",
        "_returned",
        "_sent_at",
    )

    def __init__(
        self, engine: Engine, describe: Callable[[], Request], policy: Policy, now: float
    ) -> None:
        self._engine = engine
        self._describe = describe
        self._policy = policy
        self._deadline = now + policy.deadline_s
        self._id = engine.call_id()
        self._number = 0
        self._returned = 0
        self._sent_at = now
        self._attempts: tuple[Attempt, ...] = ()
        self._request: Request | None = None
        self._repaired: tuple[str, ...] = ()
        self._repairs = 0

    def steps(self, now: float, *, free: bool | None) -> Steps:
        """Admit, send, decide; then deliver, give up, or wait and start again."""
        policy, lanes = self._policy, self._engine.lanes
        send = Send(self._deadline, policy.body_bytes_max, policy.inspect_bytes_max)
        if free is None:
            free = self._engine.begin(now)
        try:
            while True:
                self._number += 1
                if self._number > 1:
                    free = lanes.pass_freely(now)
                lane = None if free else self._lane()
                if lane is not None:
                    now, refusal = yield self._admit(lane)
                    if isinstance(refusal, Refused):
                        yield GiveUp(self._not_admitted(now), refusal.why)
                        return
                self._sent_at = now
                now, outcome = yield send
                assert isinstance(outcome, Reply | Fault)
                failure = self._judge(outcome)
                if lane is not None and not (failure and throttled(outcome, failure)):
                    lane.admitted(now, self._sent_at)
                if failure is None:
                    assert isinstance(outcome, Reply)
                    yield from self._succeed(now, outcome)
                    return
                attempt = self._fail(now, outcome, failure)
                if attempt.stop_reason is not None:
                    yield from self._end(outcome, failure)
                    return
                now, _ = yield Wait(attempt.wait_s, self._history())
                if attempt.repaired is not None:
                    send = send._replace(body=self.request.body)
        except CallCancelled:
            yield GiveUp(self._cancelled())

    @property
    def request(self) -> Request:
        """The request, described when it is first needed."""
        if self._request is None:
            self._request = self._describe()
        return self._request

    def _lane(self) -> Lane:
        request = self.request
        return self._engine.lanes.lane((request.origin, model_of(request), request.key))

    def _admit(self, lane: Lane) -> Admit:
        return Admit(lane, self._deadline, self._policy.priority, tokens_of(self.request))

    def _judge(self, outcome: Outcome) -> Failure | None:
        """Classify; a healthy reply costs one cheap look, a task still at work is no failure."""
        if isinstance(outcome, Reply) and outcome.status < 300:  # noqa: PLR2004 - RFC 9110 §15.3
            if healthy(outcome) or (not outcome.body and not outcome.held):
                return None
            if not suspicious(self.request, outcome):
                return None
        elif isinstance(outcome, Reply) and self._answered_elsewhere(outcome):
            return None
        failure = classify(self.request, outcome, self._engine.tables)
        return None if failure is None or failure.kind is Kind.TASK_PENDING else failure

    def _answered_elsewhere(self, reply: Reply) -> bool:
        """Say whether a reply is a redirect that may be followed."""
        redirect = 300 <= reply.status < 400  # noqa: PLR2004 - RFC 9110 §15.4
        return redirect and may_redirect(self.request.method, self.request.path)

    def _succeed(self, now: float, reply: Reply) -> Steps:
        found = request_id(reply.headers)
        attempt = Attempt(
            self._number, Action.OK, now - self._sent_at, reply.status, request_id=found
        )
        self._keep(attempt)
        headers = self._lifted(reply, found)
        if reply.held:
            yield Deliver(self._history(), headers)
            return
        now, end = yield Deliver(self._history(), headers, watch=True)
        assert isinstance(end, StreamEnd)
        yield Ended(self._ended(now, end))

    def _ended(self, now: float, end: StreamEnd) -> History:
        """Complete the last attempt with how its body ended."""
        attempt = self._attempts[-1]._replace(elapsed_s=now - self._sent_at)
        if end.fault is not None:
            attempt = attempt._replace(
                action=Action.STOP,
                fault=end.fault.kind,
                failure=classify(self.request, end.fault, self._engine.tables, partial_output=True),
                stop_reason=StopReason.COMMITTED,
            )
        self._attempts = (*self._attempts[:-1], attempt)
        return self._history()

    def _fail(self, now: float, outcome: Outcome, failure: Failure) -> Attempt:
        """Decide about a failure, and tell the pacer of a refusal."""
        refused = self._refused(now, outcome, failure)
        self._returned += refused and self._policy.pace is Pace.RAMP
        decision = decide(self.request, failure, attempt=self._number - self._returned)
        wait_s, stop_reason = 0.0, self._final(decision, outcome)
        repaired = self._repair(now, decision, outcome, failure)
        if repaired is not None:
            stop_reason = None
        elif stop_reason is None:
            wait_s = self._wait_s(decision, refused=refused)
            stop_reason = self._afford(now, wait_s, refused=refused)
        attempt = Attempt(
            number=self._number,
            action=decision.action,
            elapsed_s=now - self._sent_at,
            status=outcome.status if isinstance(outcome, Reply) else None,
            fault=outcome.kind if isinstance(outcome, Fault) else None,
            failure=failure,
            decision=decision,
            wait_s=0.0 if stop_reason else wait_s,
            stop_reason=stop_reason,
            request_id=failure.request_id,
            repaired=repaired,
        )
        self._keep(attempt)
        return attempt

    def _refused(self, now: float, outcome: Outcome, failure: Failure) -> bool:
        """Say whether a failure is the pacer's affair, and tell the pacer, if waiting helps."""
        if not throttled(outcome, failure):
            return False
        if failure.kind in THROTTLED or failure.action.retryable:
            why = why_of(outcome, failure)
            self._lane().refused(now, self._sent_at, why, failure.wait_s)
        return True

    def _repair(
        self, now: float, decision: Decision, outcome: Outcome, failure: Failure
    ) -> str | None:
        """Change the request as its refusal asks, if policy, attempts and deadline allow; say how.

        A veto (`x-should-retry: false`) is about the request as it was, and does not forbid this.
        """
        if not self._policy.repair or decision.action is not Action.FIX_REQUEST:
            return None
        if self._used_up or now >= self._deadline:
            return None
        if self._repairs >= REPAIRS_MAX or not isinstance(outcome, Reply):
            return None
        found = repair(self.request, failure, outcome.body, self._repaired)
        if found is None:
            return None
        self._request = replace(self.request, body=found.body)
        self._repaired += found.fields
        self._repairs += 1
        return found.change

    @property
    def _used_up(self) -> bool:
        """No attempt is left; one that the pacer took back does not count."""
        return self._number - self._returned >= self._policy.attempts

    def _final(self, decision: Decision, outcome: Outcome) -> StopReason | None:
        """Say why there is no next attempt, whatever time and budget are left."""
        if not decision.retryable:
            return StopReason.FINAL
        if self._used_up:
            return StopReason.ATTEMPTS
        untouched = isinstance(outcome, Fault) and outcome.never_sent
        if not self.request.replayable and not untouched:
            return StopReason.NOT_REPLAYABLE
        if decision.wait_s > self._policy.server_wait_s_max:
            return StopReason.SERVER_WAIT
        return None

    def _wait_s(self, decision: Decision, *, refused: bool) -> float:
        u = self._engine.random()
        if decision.wait_s > 0:
            return jittered(decision.wait_s, u)
        if refused and self._policy.pace is Pace.RAMP:
            return self._lane().spread_s(u)
        return backoff(self._number - self._returned, self._policy, throttled=refused, u=u)

    def _afford(self, now: float, wait_s: float, *, refused: bool) -> StopReason | None:
        """Say what forbids the next attempt: the deadline, or the budget, which is drawn last."""
        if now + wait_s >= self._deadline:
            return StopReason.DEADLINE
        if not refused and not self._engine.budget.withdraw(now):
            return StopReason.BUDGET
        return None

    def _end(self, outcome: Outcome, failure: Failure) -> Steps:
        if isinstance(outcome, Fault):
            yield GiveUp(self._history())
            return
        headers = (("x-should-retry", "false"), *self._lifted(outcome, failure.request_id))
        yield Deliver(self._history(), headers, final=True, watch=not outcome.held)
        yield Ended(self._history())

    def _lifted(self, reply: Reply, found: str | None) -> tuple[tuple[str, str], ...]:
        """Return the request id under the name where the SDKs look, if it is not there yet."""
        if found is None:
            return ()
        name = ANTHROPIC_ID if self.request.path.endswith("/messages") else OPENAI_ID
        return () if name in reply.headers else ((name, found),)

    def _not_admitted(self, now: float) -> History:
        return self._note(StopReason.DEADLINE, Action.RETRY, now - self._sent_at)

    def _cancelled(self) -> History:
        """End the attempt on its way, or the wait after one: its failure is then the last word."""
        last = self._attempts[-1] if self._attempts else None
        if last is not None and last.number == self._number:
            ended = last._replace(wait_s=0.0, stop_reason=StopReason.CANCELLED)
            self._attempts = (*self._attempts[:-1], ended)
            return self._history()
        return self._note(StopReason.CANCELLED, Action.STOP, 0.0)

    def _note(self, stop_reason: StopReason, action: Action, elapsed_s: float) -> History:
        """Add an attempt that never brought an outcome."""
        attempt = Attempt(self._number, action, elapsed_s, stop_reason=stop_reason)
        self._keep(attempt)
        return self._history()

    def _keep(self, attempt: Attempt) -> None:
        self._attempts = (*self._attempts[1 - ATTEMPTS_KEPT :], attempt)

    def _history(self) -> History:
        return History(self._id, self._attempts)
