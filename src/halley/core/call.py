"""One call on its way: a generator of effects, from its admission to its last byte.

The order of things in a call stands here and nowhere else. What a failure is and what is to be done
about it are pure functions in `classify` and `decide`; what all calls of a client share is the
`Engine`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from halley.core.attempts import Attempts
from halley.core.breaker import Target, is_down
from halley.core.classify import classify
from halley.core.cost import tokens_of
from halley.core.decide import decide
from halley.core.effects import (
    Admit,
    CallCancelled,
    Deliver,
    Effect,
    Ended,
    GiveUp,
    Resume,
    Send,
    Steps,
    StreamEnd,
    Wait,
)
from halley.core.endpoints import model_of
from halley.core.ids import lifted, request_id
from halley.core.keyed import Keyed
from halley.core.local import Local
from halley.core.model import (
    THROTTLED,
    Action,
    Attempt,
    Decision,
    Failure,
    Fault,
    History,
    Kind,
    Origin,
    Outcome,
    Reply,
    Request,
    StopReason,
)
from halley.core.pace import Lane, Refused
from halley.core.policy import Pace, Policy
from halley.core.probe import healthy, suspicious
from halley.core.repair import REPAIRS_MAX, repair
from halley.core.replies import answered_elsewhere
from halley.core.retries import Retries
from halley.core.schedule import backoff, jittered
from halley.core.stream_terms import stream_terms
from halley.core.throttle import throttled, too_fast, why_of
from halley.core.usage import total_tokens

if TYPE_CHECKING:
    from halley.core.engine import Engine


class Call:
    """One call on its way."""

    __slots__ = (
        "_attempts",
        "_cost",
        "_deadline",
        "_describe",
        "_engine",
        "_keys",
        "_policy",
        "_repaired",
        "_repairs",
        "_request",
        "_retries",
        "_sent_at",
    )

    def __init__(
        self, engine: Engine, describe: Callable[[], Request], policy: Policy, now: float
    ) -> None:
        self._engine = engine
        self._describe = describe
        self._policy = policy
        self._deadline = now + policy.deadline_s
        self._attempts = Attempts(engine.call_id())
        self._cost = 1.0
        self._sent_at = now
        self._request: Request | None = None
        self._repaired: tuple[str, ...] = ()
        self._repairs = 0
        self._retries = Retries(engine)
        self._keys = Keyed(engine.ring, engine.lanes)

    def steps(self, now: float, *, free: bool | None) -> Steps:
        """Admit, send, decide; then deliver, give up, or wait and start again."""
        policy = self._policy
        send = Send(
            self._deadline,
            policy.body_bytes_max,
            policy.inspect_bytes_max,
            terms=stream_terms(policy),
        )
        lane: Lane | None = None
        last: tuple[Outcome, Failure] | None = None
        if free is None:
            free = self._engine.begin(now)
        try:
            while True:
                self._attempts.number += 1
                if not free:
                    now, lane, refusal = yield from self._admission(now)
                    if isinstance(refusal, Refused):
                        yield from self._not_admitted(now, refusal, last)
                        return
                    send = send._replace(key=self._keys.alias, answer=refusal)
                free = False
                self._sent_at = now
                self._retries.sent()
                now, outcome = yield send
                assert isinstance(outcome, Reply | Fault)
                failure = self._judge(outcome)
                if lane is not None and not (
                    failure and too_fast(outcome, failure, ramp=self._ramp)
                ):
                    self._admitted(lane, now, outcome)
                if failure is None:
                    assert isinstance(outcome, Reply)
                    if self._engine.breakers.any(now):
                        self._engine.breakers.lives(self._target)
                    yield from self._succeed(now, outcome, lane)
                    return
                now, rotated = yield from self._keys.learn(self._target, now, failure)
                attempt = self._fail(now, outcome, failure, rotated=rotated)
                if attempt.stop_reason is not None:
                    yield from self._end(outcome, failure)
                    return
                last = outcome, failure
                now, _ = yield Wait(attempt.wait_s, self._attempts.history)
                if attempt.repaired is not None:
                    send = send._replace(body=self.request.body)
        except CallCancelled:
            yield GiveUp(self._attempts.cancelled())
        finally:
            self._retries.refund()

    def _admission(
        self, now: float
    ) -> Generator[Effect, Resume, tuple[float, Lane | None, Refused | Local | None]]:
        """Get what the next send needs: the breaker's leave, a key, a permit; in this order.

        A `Local` answer takes the place of a send that may not be. A retry has asked the breaker
        before it waited.
        """
        if self._attempts.number == 1 or self._ramp:
            now, answer = yield from self._retries.enter(
                self._target, now, self._deadline, patient=self._ramp
            )
            if answer is not None:
                return now, None, answer
        now, answer = yield from self._keys.pick(self._target, now)
        if answer is not None:
            self._retries.refund()
            return now, None, answer
        if self._engine.lanes.pass_freely(now):
            return now, None, None
        lane = self._lane()
        self._cost = tokens_of(self.request)
        now, refusal = yield Admit(lane, self._deadline, self._policy.priority, self._cost)
        if isinstance(refusal, Refused):
            self._retries.refund()
            return now, lane, refusal
        return now, lane, None

    @property
    def request(self) -> Request:
        """The request, described when it is first needed."""
        if self._request is None:
            self._request = self._describe()
        return self._request

    @property
    def _ramp(self) -> bool:
        return self._policy.pace is Pace.RAMP

    @property
    def _target(self) -> Target:
        """Where the call goes: what a breaker watches."""
        return self.request.origin, model_of(self.request)

    def _lane(self) -> Lane:
        return self._engine.lanes.lane((*self._target, self._keys.alias or self.request.key))

    def _admitted(self, lane: Lane, now: float, outcome: Outcome) -> None:
        """Tell the pacer of an outcome that is no refusal, and of what it says about limits."""
        if isinstance(outcome, Fault):
            return  # it says nothing about any limit
        lane.admitted(now, self._sent_at)
        lane.hint(now, outcome.headers)
        if outcome.held:
            self._settle(lane, now, outcome.body)

    def _settle(self, lane: Lane | None, now: float, body: bytes) -> None:
        if lane is not None and lane.tokens_per_s and (used := total_tokens(body)) is not None:
            lane.settle(now, self._cost, used)

    def _judge(self, outcome: Outcome) -> Failure | None:
        """Classify; a healthy reply costs one cheap look, a task still at work is no failure."""
        if isinstance(outcome, Reply) and outcome.status < 300:  # noqa: PLR2004 - RFC 9110 §15.3
            if not outcome.body and not outcome.complete:  # decided on its head, or on its start
                return None
            well = outcome.stream is None and healthy(outcome)
            if well or not suspicious(self.request, outcome):
                return None
        elif isinstance(outcome, Reply) and answered_elsewhere(self.request, outcome):
            return None
        failure = classify(self.request, outcome, self._engine.tables)
        return None if failure is None or failure.kind is Kind.TASK_PENDING else failure

    def _succeed(self, now: float, reply: Reply, lane: Lane | None) -> Steps:
        found = request_id(reply.headers)
        first_s = None if reply.content_at is None else reply.content_at - self._sent_at
        attempt = Attempt(
            self._attempts.number,
            Action.OK,
            now - self._sent_at,
            reply.status,
            request_id=found,
            key=self._keys.alias,
            first_s=first_s,
        )
        self._attempts.keep(attempt)
        headers = lifted(found, reply.headers, self.request.path) if found else ()
        if reply.held:
            yield Deliver(self._attempts.history, headers)
            return
        now, end = yield Deliver(self._attempts.history, headers, watch=True)
        assert isinstance(end, StreamEnd)
        self._settle(lane, now, end.counted)
        yield Ended(self._ended(now, attempt, end))

    def _ended(self, now: float, attempt: Attempt, end: StreamEnd) -> History:
        """Complete the last attempt with how its body ended."""
        attempt = attempt._replace(elapsed_s=now - self._sent_at, stream=end.stream)
        if (outcome := end.outcome) is not None:
            failure = classify(self.request, outcome, self._engine.tables, partial_output=True)
            if failure is not None:
                self._refused(now, outcome, failure)
            attempt = attempt._replace(
                action=Action.STOP,
                fault=outcome.kind if isinstance(outcome, Fault) else None,
                failure=failure,
                decision=None if failure is None else self._decision(failure),
                stop_reason=StopReason.COMMITTED,
            )
        return self._attempts.amend(attempt)

    def _fail(self, now: float, outcome: Outcome, failure: Failure, *, rotated: bool) -> Attempt:
        """Decide about a failure, and tell pacer and breaker of it."""
        refused = self._refused(now, outcome, failure)
        self._noted(now, outcome, failure)
        decision = self._decision(failure)
        wait_s, stop_reason = 0.0, self._final(decision, outcome)
        repaired = self._repair(now, decision, outcome, failure)
        if repaired is not None or (rotated and self._may_go_again(now)):
            stop_reason = None
        elif stop_reason is None:
            wait_s = self._wait_s(decision, refused=refused)
            if refused:
                wait_s = self._keys.cool(self._target, now, wait_s)
            said = self._retries.afford(
                self._target,
                now,
                self._deadline,
                wait_s=wait_s,
                server_wait_s=wait_s if decision.wait_s else 0.0,
                free=refused,
            )
            if said is StopReason.BREAKER and self._ramp:
                pass  # it waits for the breaker when its time has come
            elif isinstance(said, StopReason):
                stop_reason = said
            else:
                wait_s = said
        attempt = Attempt(
            number=self._attempts.number,
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
            key=self._keys.alias,
            stream=outcome.stream,
        )
        self._attempts.keep(attempt)
        return attempt

    def _decision(self, failure: Failure) -> Decision:
        return decide(self.request, failure, attempt=self._attempts.used)

    def _refused(self, now: float, outcome: Outcome, failure: Failure) -> bool:
        """Say whether a failure is the pacer's affair, and tell the pacer, if waiting helps."""
        waits = failure.kind in THROTTLED or failure.action.retryable
        if waits and too_fast(outcome, failure, ramp=self._ramp):
            why = why_of(outcome, failure)
            self._lane().refused(now, self._sent_at, why, failure.wait_s)
        ours = throttled(outcome, failure)
        if ours and self._ramp:
            self._attempts.returned()
        return ours

    def _noted(self, now: float, outcome: Outcome, failure: Failure) -> None:
        """Tell the breaker what a failure says of its target; an answer of our own says nothing."""
        probe = self._retries.answered()
        if failure.origin is Origin.CLIENT and isinstance(outcome, Reply):
            return
        if is_down(outcome, failure):
            self._engine.breakers.failed(self._target, now, probe=probe)
        else:
            self._engine.breakers.lives(self._target)

    def _may_go_again(self, now: float) -> bool:
        """Say whether attempts and time are left for a send that needs no wait."""
        again = self._attempts.used < self._policy.attempts and now < self._deadline
        return again and self.request.replayable

    def _repair(
        self, now: float, decision: Decision, outcome: Outcome, failure: Failure
    ) -> str | None:
        """Change the request as its refusal asks, if policy, attempts and deadline allow; say how.

        A veto (`x-should-retry: false`) is about the request as it was, and does not forbid this.
        """
        if not self._policy.repair or decision.action is not Action.FIX_REQUEST:
            return None
        if not self._may_go_again(now):
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

    def _final(self, decision: Decision, outcome: Outcome) -> StopReason | None:
        """Say why there is no next attempt, whatever time and budget are left."""
        if not decision.retryable:
            return StopReason.FINAL
        if self._attempts.used >= self._policy.attempts:
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
        if refused and self._ramp:
            return self._lane().spread_s(u)
        return backoff(self._attempts.used, self._policy, throttled=refused, u=u)

    def _end(self, outcome: Outcome, failure: Failure) -> Steps:
        history = self._attempts.history
        if isinstance(outcome, Fault):
            yield GiveUp(history)
            return
        found = lifted(failure.request_id, outcome.headers, self.request.path)
        headers = (("x-should-retry", "false"), *found)
        yield Deliver(history, headers, final=True, watch=not outcome.held)
        yield Ended(history)

    def _not_admitted(
        self, now: float, refusal: Refused, last: tuple[Outcome, Failure] | None
    ) -> Steps:
        """End the call without a permit: by its last failure, if there is one still in hand."""
        reason = StopReason.QUEUE if refusal.full else StopReason.DEADLINE
        history = self._attempts.note(reason, Action.RETRY, now - self._sent_at)
        match last:
            case (Fault() | Reply(held=True) as outcome, failure):
                yield from self._end(outcome, failure)
            case _:
                yield GiveUp(history, refusal.why)
