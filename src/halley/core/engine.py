"""The engine: one call as a generator of effects, from its admission to its last byte.

A step (the code between two yields) only computes. No clock, socket, sleep, logger or lock is in
here; chance comes from the generator given from outside. Live responses, exceptions and permits stay
with the driver. The same inputs give the same trace. DESIGN §2 names the rules; each has a test.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from halley.core.budget import Budget
from halley.core.classify import classify
from halley.core.decide import decide
from halley.core.effects import (
    Admit,
    CallCancelled,
    Deliver,
    GiveUp,
    Read,
    Record,
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
from halley.core.pace import Lane, Lanes, Refused
from halley.core.policy import Policy
from halley.core.probe import suspicious
from halley.core.schedule import backoff, jittered
from halley.core.tables import Tables


@dataclass(frozen=True, slots=True)
class Engine:
    """What the calls of one client share; whoever steps a call holds the client's lock."""

    tables: Tables
    budget: Budget
    lanes: Lanes
    random: Callable[[], float]

    def call(self, request: Request, policy: Policy, now: float) -> Steps:
        """Return the steps of one call that starts at `now`."""
        return _Call(self, request, policy, now).steps(now)


class _Call:
    """One call on its way."""

    __slots__ = ("_attempts", "_deadline", "_engine", "_id", "_number", "_policy", "_request", "_sent_at")

    def __init__(self, engine: Engine, request: Request, policy: Policy, now: float) -> None:
        self._engine = engine
        self._request = request
        self._policy = policy
        self._deadline = now + policy.deadline_s
        self._id = f"{int(engine.random() * 2**48):012x}"
        self._number = 0
        self._sent_at = now
        self._attempts: tuple[Attempt, ...] = ()

    def steps(self, now: float) -> Steps:
        """Admit, send, read, decide; then deliver, give up, or wait and start again."""
        request, policy = self._request, self._policy
        lane = self._engine.lanes.lane((request.origin, model_of(request), request.key))
        self._engine.budget.deposit(now)
        try:
            while True:
                self._number += 1
                now, refusal = yield Admit(lane, self._deadline)
                if isinstance(refusal, Refused):
                    yield from self._not_admitted(now, refusal)
                    return
                self._sent_at = now
                now, outcome = yield Send(self._deadline - now)
                if isinstance(outcome, Reply) and to_be_read(outcome):
                    now, outcome = yield Read(
                        policy.body_bytes_max, policy.inspect_bytes_max, self._deadline
                    )
                assert isinstance(outcome, Reply | Fault)
                failure = self._judge(outcome)
                if failure is None:
                    assert isinstance(outcome, Reply)
                    yield from self._succeed(now, outcome)
                    return
                attempt = self._fail(now, outcome, failure, lane)
                yield self._record(attempt)
                if attempt.stop_reason is not None:
                    yield self._end(outcome, failure)
                    return
                now, _ = yield Wait(attempt.wait_s)
        except CallCancelled:
            yield self._record(self._cancelled())
            yield GiveUp(self._history())

    def _judge(self, outcome: Outcome) -> Failure | None:
        """Classify; a healthy reply costs one cheap look, a task still at work is no failure."""
        if isinstance(outcome, Reply) and outcome.status < 300:  # noqa: PLR2004 - RFC 9110 §15.3
            if not outcome.body and not outcome.held:
                return None
            if not suspicious(self._request, outcome):
                return None
        failure = classify(self._request, outcome, self._engine.tables)
        return None if failure is None or failure.kind is Kind.TASK_PENDING else failure

    def _succeed(self, now: float, reply: Reply) -> Steps:
        found = request_id(reply.headers, "")
        attempt = self._note(
            Attempt(self._number, Action.OK, now - self._sent_at, reply.status, request_id=found)
        )
        headers = self._lifted(reply, found)
        if reply.held:
            yield self._record(attempt, reply.body)
            yield Deliver(self._history(), headers)
            return
        now, end = yield Deliver(self._history(), headers, watch_until=self._deadline)
        assert isinstance(end, StreamEnd)
        attempt = replace(attempt, elapsed_s=now - self._sent_at)
        if end.fault is None:
            yield self._record(self._renote(attempt), end.tail)
            return
        failure = classify(self._request, end.fault, self._engine.tables, partial_output=True)
        yield self._record(self._renote(_interrupted(attempt, end.fault, failure)), end.tail)
        yield GiveUp(self._history())

    def _fail(self, now: float, outcome: Outcome, failure: Failure, lane: Lane) -> Attempt:
        """Decide about a failure, and tell the pacer of a refusal."""
        throttled = failure.kind in THROTTLED
        if throttled:
            lane.refused(now, self._sent_at, failure.wait_s)
        decision = decide(self._request, failure, attempt=self._number)
        wait_s, stop_reason = 0.0, self._final(decision, outcome)
        if stop_reason is None:
            wait_s = self._wait_s(decision, throttled=throttled)
            stop_reason = self._afford(now, wait_s, throttled=throttled)
        return self._note(
            Attempt(
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
            )
        )

    def _final(self, decision: Decision, outcome: Outcome) -> StopReason | None:
        """Say why there is no next attempt, whatever time and budget are left."""
        if not decision.retryable:
            return StopReason.FINAL
        if self._number >= self._policy.attempts:
            return StopReason.ATTEMPTS
        untouched = isinstance(outcome, Fault) and outcome.never_sent
        if not self._request.replayable and not untouched:
            return StopReason.NOT_REPLAYABLE
        if decision.wait_s > self._policy.server_wait_s_max:
            return StopReason.SERVER_WAIT
        return None

    def _wait_s(self, decision: Decision, *, throttled: bool) -> float:
        u = self._engine.random()
        if decision.wait_s > 0:
            return jittered(decision.wait_s, u)
        return backoff(self._number, self._policy, throttled=throttled, u=u)

    def _afford(self, now: float, wait_s: float, *, throttled: bool) -> StopReason | None:
        """Say what forbids the next attempt: the deadline, or the budget, which is drawn last."""
        if now + wait_s >= self._deadline:
            return StopReason.DEADLINE
        if not throttled and not self._engine.budget.withdraw(now):
            return StopReason.BUDGET
        return None

    def _end(self, outcome: Outcome, failure: Failure) -> Deliver | GiveUp:
        if isinstance(outcome, Fault):
            return GiveUp(self._history())
        headers = (("x-should-retry", "false"), *self._lifted(outcome, failure.request_id))
        watch_until = None if outcome.held else self._deadline
        return Deliver(self._history(), headers, final=True, watch_until=watch_until)

    def _lifted(self, reply: Reply, found: str | None) -> tuple[tuple[str, str], ...]:
        """Return the request id as the header in which this path's SDK looks for it."""
        name = "request-id" if self._request.path.endswith("/messages") else "x-request-id"
        return () if found is None or name in reply.headers else ((name, found),)

    def _not_admitted(self, now: float, refusal: Refused) -> Steps:
        attempt = Attempt(
            self._number, Action.RETRY, now - self._sent_at, stop_reason=StopReason.DEADLINE
        )
        yield self._record(self._note(attempt))
        yield GiveUp(self._history(), refusal.why)

    def _cancelled(self) -> Attempt:
        cancelled = Attempt(self._number, Action.STOP, 0.0, stop_reason=StopReason.CANCELLED)
        return self._note(cancelled)

    def _note(self, attempt: Attempt) -> Attempt:
        self._attempts = (*self._attempts, attempt)
        return attempt

    def _renote(self, attempt: Attempt) -> Attempt:
        self._attempts = (*self._attempts[:-1], attempt)
        return attempt

    def _history(self) -> History:
        return History(self._id, self._attempts)

    def _record(self, attempt: Attempt, body: bytes = b"") -> Record:
        return Record(self._id, self._request, attempt, body)


def to_be_read(head: Reply) -> bool:
    """Say whether a reply is read before the decision: every error, and every JSON or text.

    Media and event streams of a success are decided on their head and watched as they pass. An error
    is read whatever its content type says: new-api labels JSON errors ``text/event-stream``.
    """
    if head.status >= 300:  # noqa: PLR2004 - RFC 9110 §15.4
        return True
    kind = head.headers.get("content-type", "")
    return not kind or "json" in kind or (kind.startswith("text/") and "event-stream" not in kind)


def _interrupted(attempt: Attempt, fault: Fault, failure: Failure | None) -> Attempt:
    return replace(
        attempt,
        action=Action.STOP,
        fault=fault.kind,
        failure=failure,
        stop_reason=StopReason.COMMITTED,
    )
