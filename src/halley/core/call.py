"""One call on its way: a generator of effects, from its admission to its last byte.

The order of things in a call stands here and nowhere else. What a failure is and what is to be done
about it are pure functions in `classify` and `decide`; what all calls of a client share is the
`Engine`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TYPE_CHECKING

from halley.core.attempts import Attempts
from halley.core.breaker import Target, is_down, is_ours
from halley.core.classify import classify
from halley.core.decide import decide
from halley.core.effects import (
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
from halley.core.pace import Refused
from halley.core.paced import Paced, no_permit
from halley.core.policy import Policy
from halley.core.probe import healthy, suspicious
from halley.core.repair import REPAIRS_MAX, repair
from halley.core.replies import answered_elsewhere
from halley.core.retries import Retries
from halley.core.schedule import backoff, jittered
from halley.core.stream_terms import stream_terms
from halley.core.throttle import throttled

if TYPE_CHECKING:
    from halley.core.engine import Engine
    from halley.core.lanes import LaneKey


class Call:
    """One call on its way."""

    __slots__ = (
        "_attempts",
        "_deadline",
        "_describe",
        "_engine",
        "_keys",
        "_paced",
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
        self._sent_at = now
        self._request: Request | None = None
        self._repaired: tuple[str, ...] = ()
        self._repairs = 0
        self._retries = Retries(engine)
        self._keys = Keyed(engine.ring, engine.lanes)
        self._paced = Paced(engine.lanes, policy)

    def steps(self, now: float, *, free: bool | None) -> Steps:
        """Admit, send, decide; then deliver, give up, or wait and start again."""
        policy = self._policy
        send = Send(
            self._deadline,
            policy.body_bytes_max,
            policy.inspect_bytes_max,
            terms=stream_terms(policy),
        )
        last: tuple[Outcome, Failure] | None = None
        if free is None:
            free = self._engine.begin(now)
        try:
            while True:
                self._attempts.number += 1
                if not free:
                    now, refusal = yield from self._admission(now)
                    if isinstance(refusal, Refused):
                        yield from self._not_admitted(now, refusal, last, send)
                        return
                    send = send._replace(key=self._keys.alias, answer=refusal)
                    if self._attempts.number == 1 and refusal is None:
                        self._engine.budget.deposit(now)
                free = False
                self._sent_at = now
                self._retries.sent()
                now, outcome = yield send
                assert isinstance(outcome, Reply | Fault)
                failure = self._judge(outcome)
                self._paced.answered(now, self._sent_at, outcome, failure)
                if failure is None:
                    assert isinstance(outcome, Reply)
                    if self._engine.breakers.any(now):
                        self._engine.breakers.lives(self._target)
                    yield from self._succeed(now, outcome)
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
    ) -> Generator[Effect, Resume, tuple[float, Refused | Local | None]]:
        """Get what the next send needs: the breaker's leave, a key, a permit; in this order.

        A `Local` answer takes the place of a send that may not be. A retry has asked the breaker
        before it waited.
        """
        ramp, refusal = self._paced.ramp, None
        if self._attempts.number == 1 or ramp:
            now, answer = yield from self._retries.enter(
                self._target, now, self._deadline, patient=ramp
            )
            if answer is not None:
                return now, answer
        now, answer = yield from self._keys.pick(self._target, now)
        if answer is None:
            now, refusal = yield from self._paced.enter(
                self._lane, self.request, now, self._deadline
            )
        if answer is not None or refusal is not None:
            self._retries.refund()
        return now, refusal if answer is None else answer

    @property
    def request(self) -> Request:
        """The request, described when it is first needed."""
        if self._request is None:
            self._request = self._describe()
        return self._request

    @property
    def _target(self) -> Target:
        """Where the call goes: what a breaker watches."""
        return self.request.origin, model_of(self.request)

    @property
    def _lane(self) -> LaneKey:
        """In which lane it goes."""
        return (*self._target, self._keys.alias or self.request.key)

    def _judge(self, outcome: Outcome) -> Failure | None:
        """Classify; a healthy reply costs one cheap look, a task still at work is no failure."""
        if isinstance(outcome, Reply) and outcome.status < 300:  # noqa: PLR2004 - RFC 9110 §15.3
            if not outcome.body and not outcome.complete:  # decided on its head, or on its start
                return None
            if outcome.stream is None and outcome.complete and healthy(outcome.body):
                return None
            if not suspicious(self.request, outcome):
                return None
        elif isinstance(outcome, Reply) and answered_elsewhere(self.request, outcome):
            return None
        failure = classify(self.request, outcome, self._engine.tables)
        return None if failure is None or failure.kind is Kind.TASK_PENDING else failure

    def _succeed(self, now: float, reply: Reply) -> Steps:
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
        self._paced.settle(now, end.counted)
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
        repaired = self._repair(now, decision, outcome, failure)
        if repaired is not None or (rotated and self._may_go_again(now)):
            said: float | StopReason = 0.0
        else:
            said = self._next(now, outcome, decision, refused=refused)
        return self._kept(now, outcome, failure, decision, said=said, repaired=repaired)

    def _kept(
        self,
        now: float,
        outcome: Outcome,
        failure: Failure,
        decision: Decision,
        *,
        said: float | StopReason,
        repaired: str | None = None,
    ) -> Attempt:
        return self._attempts.failed(
            outcome,
            failure,
            decision,
            elapsed_s=now - self._sent_at,
            said=said,
            repaired=repaired,
            key=self._keys.alias,
        )

    def _next(
        self, now: float, outcome: Outcome, decision: Decision, *, refused: bool
    ) -> float | StopReason:
        """Return the wait before the next attempt, or why there is none.

        A key that was refused rests whatever becomes of this call; where another one is ready, the
        server's wait is not the call's.
        """
        stop_reason, wait_s = self._final(decision, outcome), 0.0
        keyed = refused and decision.retryable and self._keys.alias is not None
        if stop_reason is None or keyed:
            wait_s = self._wait_s(decision, refused=refused)
        if keyed and self._keys.cool(self._target, now, wait_s):
            wait_s = 0.0
            stop_reason = None if stop_reason is StopReason.SERVER_WAIT else stop_reason
        if stop_reason is not None:
            return stop_reason
        said = self._retries.afford(
            self._target,
            now,
            self._deadline,
            wait_s=wait_s,
            server_wait_s=wait_s if decision.wait_s else 0.0,
            free=refused,
        )
        # In a ramp it waits for the breaker when its time has come.
        return wait_s if said is StopReason.BREAKER and self._paced.ramp else said

    def _decision(self, failure: Failure) -> Decision:
        return decide(self.request, failure, attempt=self._attempts.used)

    def _refused(self, now: float, outcome: Outcome, failure: Failure) -> bool:
        """Tell the pacer of a failure; return whether it is the pacer's affair."""
        self._paced.refused(self._lane, now, self._sent_at, outcome, failure)
        ours = throttled(outcome, failure)
        if ours and self._paced.ramp:
            self._attempts.returned()
        return ours

    def _noted(self, now: float, outcome: Outcome, failure: Failure) -> None:
        """Tell the breaker what a failure says of its target."""
        probe = self._retries.answered()
        if is_ours(outcome, failure):
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
        if refused and self._paced.ramp:
            return self._paced.spread_s(self._lane, u)
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
        self, now: float, refusal: Refused, last: tuple[Outcome, Failure] | None, send: Send
    ) -> Steps:
        """End the call without a permit: by its last failure in hand, else by an answer of ours."""
        reason = StopReason.QUEUE if refusal.full else StopReason.DEADLINE
        match last:
            case (Fault() | Reply(held=True) as outcome, failure):
                self._attempts.note(reason, Action.RETRY, now - self._sent_at)
            case _:
                now, answer = yield send._replace(answer=no_permit(refusal), deadline=math.inf)
                assert isinstance(answer, Reply)
                outcome, found = answer, self._judge(answer)
                assert found is not None
                failure = found
                self._kept(now, outcome, failure, self._decision(failure), said=reason)
        yield from self._end(outcome, failure)
