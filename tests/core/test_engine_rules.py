"""The ten rules of the engine (DESIGN §2), each with a test named after it."""

from __future__ import annotations

import ast
import math
import pathlib
import sys
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

import halley.core
from halley.compose import runtime
from halley.core.effects import Admit, Deliver, Effect, GiveUp, Send, Wait
from halley.core.model import Action, Fault, FaultKind, Outcome, Reply, Request, StopReason
from halley.core.pace import Refused
from halley.core.policy import Policy
from halley.core.replies import to_be_read
from halley.drivers.chance import Chance

from .worlds import ANSWER, CHAT, JSON, LOST, OK, REFUSED_CONNECTION, error, one, trace, world

FORBIDDEN = {"time", "random", "socket", "threading", "asyncio", "logging", "os", "secrets", "uuid"}
CORE = pathlib.Path(halley.core.__file__).parent


def steps_of(policy: Policy, request: Request = CHAT, *, seed: int = 0, now: float = 0.0):
    """The engine alone, stepped by hand."""
    return runtime(policy, chance=Chance(seed)).engine.call(lambda: request, policy, now)


class TestRule1AStepOnlyComputes:
    """No clock, randomness, socket, sleep, logger or lock inside core."""

    @pytest.mark.parametrize("path", sorted(CORE.glob("*.py")), ids=lambda path: path.stem)
    def test_core_imports_the_standard_library_and_itself_and_nothing_live(self, path):
        """Every import of every core module is core, or a module that cannot touch the world."""
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top not in FORBIDDEN, f"{path.name} imports {name}"
                assert top in sys.stdlib_module_names or name.startswith("halley.core"), name

    @given(
        seed=st.integers(0, 2**32),
        replies=st.lists(st.sampled_from([500, 503, 429, 400]), max_size=6),
    )
    def test_the_same_inputs_give_the_same_trace(self, seed, replies):
        """Two runs of one seed and one upstream agree to the last digit of every wait."""
        outcomes = [error(status) for status in replies] + [OK] * 6
        assert one(*outcomes, seed=seed).history == one(*outcomes, seed=seed).history

    def test_chance_comes_from_outside(self):
        """Another seed, another wait."""
        waits = {one(error(503), OK, seed=seed).history.attempts[0].wait_s for seed in range(5)}
        assert len(waits) == 5


class TestRule2OutcomesAreData:
    def test_the_engine_is_driven_with_values_alone(self):
        """A whole call by hand: numbers and values in, effects out, no object of any library."""
        steps = steps_of(Policy())
        assert isinstance(next(steps), Send)
        wait = steps.send((1.0, Fault(FaultKind.READ_TIMEOUT)))
        assert isinstance(wait, Wait)
        assert isinstance(steps.send((1.0 + wait.seconds, None)), Send)
        delivered = steps.send((9.0, OK))
        assert isinstance(delivered, Deliver)
        assert [a.action for a in delivered.history.attempts] == [Action.RETRY, Action.OK]


class TestRule3APermitIsNeverHeldWhileSleeping:
    def test_with_one_permit_a_second_call_goes_while_the_first_one_waits(self):
        """The first call fails and sleeps; the second is sent before the first comes back."""
        outcomes = iter([error(503), OK, OK])
        virtual = world(lambda *_: (next(outcomes), 0.5), Policy(in_flight_max=1))
        first, second = virtual.call(CHAT, at=0.0), virtual.call(CHAT, at=0.1)
        virtual.run()
        assert first.answered
        assert second.answered
        assert first.sends[0] < second.sends[0] == 0.5 < first.sends[1]

    def test_a_closed_generator_asks_for_nothing_more(self):
        """Closing at any effect of a call raises nothing and yields nothing."""
        for depth in range(1, 4):
            steps = steps_of(Policy(in_flight_max=1))
            effect = next(steps)
            for _ in range(depth - 1):
                value = None if isinstance(effect, Admit | Wait) else LOST
                effect = steps.send((1.0, value))
            steps.close()


class TestRule4WhatIsReadBeforeTheDecision:
    @pytest.mark.parametrize(
        ("status", "content_type", "read"),
        [
            (200, "application/json", True),
            (200, "application/json; charset=utf-8", True),
            (200, "text/html", True),
            (200, "application/problem+json", True),
            (200, "", True),
            (200, "text/event-stream", False),
            (200, "text/event-stream; charset=utf-8", False),
            (200, "audio/mpeg", False),
            (200, "video/mp4", False),
            (200, "image/png", False),
            (200, "application/octet-stream", False),
            (429, "text/event-stream", True),
            (500, "application/octet-stream", True),
            (301, "", True),
        ],
    )
    def test_json_and_text_are_read_and_media_and_streams_decided_on_their_head(
        self, status, content_type, read
    ):
        """Errors are always read: new-api labels some of them as event streams."""
        assert to_be_read(status, {"content-type": content_type}) is read

    def test_a_success_decided_on_its_head_is_watched_to_its_end(self):
        """A stream is delivered with `watch`; the call is not over before the body is."""
        steps = steps_of(Policy())
        next(steps)
        head = Reply(200, {"content-type": "text/event-stream"}, complete=False, held=False)
        assert steps.send((1.0, head)).watch is True

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error":{"message":"busy","type":"server_error","code":null}}',
            b'{"choices":null}',
            b"",
            b'{"choices":[{"message"',
        ],
    )
    def test_a_200_that_is_none_is_not_delivered_as_one(self, body):
        """In-band errors, empty answers and cut bodies are retried like what they are."""
        call = one(Reply(200, JSON, body), OK)
        assert len(call.sends) == 2
        assert call.answered


class TestRule5GivingUpIsTransparent:
    def test_a_reply_that_is_given_up_is_delivered_with_a_veto_for_clients_above(self):
        """`x-should-retry: false` is added, and nothing above may follow or retry."""
        steps = steps_of(Policy())
        next(steps)
        delivered = steps.send((0.1, error(400, message="bad")))
        assert isinstance(delivered, Deliver)
        assert delivered.final
        assert ("x-should-retry", "false") in delivered.headers

    def test_a_fault_that_is_given_up_is_raised(self):
        """The driver is told to raise the exception it has in hand."""
        steps = steps_of(Policy(attempts=1))
        next(steps)
        assert isinstance(steps.send((0.1, LOST)), GiveUp)

    BUSY: ClassVar = error(503, message="busy (request id: 2026AbC123)")
    PART: ClassVar = BUSY._replace(complete=False, held=False)

    @pytest.mark.parametrize(
        ("refusal", "reason"),
        [
            (Refused("9 calls wait already", full=True), StopReason.QUEUE),
            (Refused("the next permit comes after the deadline"), StopReason.DEADLINE),
        ],
    )
    def test_a_retry_without_a_permit_ends_with_the_reply_before_it(self, refusal, reason):
        """As any reply that is given up; the history says that the second attempt never went."""
        delivered = refused_retry(self.BUSY, refusal=refusal)
        assert isinstance(delivered, Deliver)
        assert delivered.headers == (("x-should-retry", "false"), ("x-request-id", "2026AbC123"))
        assert (delivered.final, delivered.watch) == (True, False)
        assert [a.status for a in delivered.history.attempts] == [503, None]
        assert delivered.history.stop_reason is reason

    @pytest.mark.parametrize(
        ("outcomes", "last_word"),
        [
            ([LOST], GiveUp),
            ([BUSY, LOST], GiveUp),
            ([LOST, BUSY], Deliver),
            ([PART], Send),
            ([BUSY, PART], Send),
        ],
        ids=["fault", "reply, fault", "fault, reply", "unheld", "held, unheld"],
    )
    def test_the_last_outcome_is_the_last_word(self, outcomes, last_word):
        """Not an earlier one, and no reply that is no longer whole: then halley answers."""
        effect = refused_retry(*outcomes)
        assert isinstance(effect, last_word)
        if isinstance(effect, Send):
            assert effect.answer is not None


def refused_retry(*outcomes: Outcome, refusal: Refused | None = None) -> Effect:
    """What a call asks for when these came, and then no permit for the next attempt."""
    steps = steps_of(Policy(in_flight_max=1))
    effect = next(steps)
    for outcome in outcomes:
        assert isinstance(effect, Admit)
        assert isinstance(steps.send((1.0, None)), Send)
        assert isinstance(steps.send((1.0, outcome)), Wait)
        effect = steps.send((2.0, None))
    assert isinstance(effect, Admit)
    return steps.send((3.0, refusal or Refused("full")))


class TestRule6TheRequestIdIsWhereTheSdkLooks:
    BODY: ClassVar = {"message": "busy (request id: 2026062409153045678901AbCdEfGh)"}

    @pytest.mark.parametrize(
        ("path", "header"),
        [("/v1/chat/completions", "x-request-id"), ("/v1/messages", "request-id")],
    )
    def test_an_id_in_the_body_becomes_a_header(self, path, header):
        """Openai reads x-request-id, anthropic request-id."""
        steps = steps_of(Policy(attempts=1), Request("POST", "https://h", path, b"{}"))
        next(steps)
        delivered = steps.send((0.1, error(503, **self.BODY)))
        assert (header, "2026062409153045678901AbCdEfGh") in delivered.headers

    def test_an_id_that_is_there_stays(self):
        """The server's own header is never replaced."""
        steps = steps_of(Policy(attempts=1))
        next(steps)
        reply = error(503, {"x-request-id": "req_1"}, **self.BODY)
        assert steps.send((0.1, reply)).headers == (("x-should-retry", "false"),)

    def test_the_history_lists_every_attempt(self):
        """Faults, failures and the answer, in order, with their ids."""
        call = one(LOST, error(503, **self.BODY), OK)
        assert [(a.number, a.status, a.request_id) for a in call.history.attempts] == [
            (1, None, None),
            (2, 503, "2026062409153045678901AbCdEfGh"),
            (3, 200, None),
        ]


class TestRule7OneDeadline:
    def test_a_wait_that_does_not_fit_ends_the_call_now_with_the_real_error(self):
        """No sleep at all: the call ends when the failure arrives."""
        call = one(error(429, {"retry-after": "20"}), policy=Policy(deadline_s=10.0), took_s=1.0)
        assert call.ended == 1.0
        assert call.history.stop_reason is StopReason.DEADLINE
        assert call.outcome.status == 429

    def test_queueing_counts(self):
        """A call that gets no permit before its deadline ends at the deadline."""
        virtual = world(lambda *_: (OK, 100.0), Policy(in_flight_max=1, deadline_s=5.0))
        virtual.call(CHAT, at=0.0)
        late = virtual.call(CHAT, at=1.0)
        virtual.run()
        assert late.ended == 6.0
        assert late.sends == []
        assert late.history.stop_reason is StopReason.DEADLINE

    def test_a_retry_that_queues_until_the_deadline_ends_with_the_real_error(self):
        """Another call has the only permit; what was answered before is the outcome."""
        policy = Policy(in_flight_max=1, deadline_s=5.0)
        outcomes = iter([(error(503), 0.0), (OK, 100.0)])
        virtual = world(lambda *_: next(outcomes), policy)
        call = virtual.call(CHAT)
        virtual.call(CHAT, at=0.5)
        virtual.run()
        assert (call.ended, call.sends) == (5.0, [0.0])
        assert call.outcome.status == 503
        assert call.history.stop_reason is StopReason.DEADLINE

    @given(
        deadline=st.floats(0.5, 60),
        seed=st.integers(0, 1000),
        statuses=st.lists(st.sampled_from([500, 429, 503]), min_size=8, max_size=8),
    )
    def test_no_attempt_starts_after_the_deadline(self, deadline, seed, statuses):
        """Whatever fails in whatever order, the last send is before the deadline."""
        outcomes = [error(status) for status in statuses]
        call = one(*outcomes, policy=Policy(deadline_s=deadline, attempts=8), seed=seed, took_s=0.2)
        assert all(sent < deadline for sent in call.sends)


class TestRule8AServerWaitIsNeverCutShort:
    @given(wait=st.floats(0.01, 120), seed=st.integers(0, 1000))
    def test_the_next_send_is_not_before_the_server_said(self, wait, seed):
        """Jitter goes upwards only, by a second at most."""
        call = one(error(429, {"retry-after": f"{wait:.3f}"}), OK, seed=seed)
        told = float(f"{wait:.3f}")
        assert told <= call.sends[1] <= told + 1.0 + 1e-9

    def test_a_longer_wait_than_allowed_is_reported_not_waited(self):
        """The decision keeps its nature; the stop reason says why the call ended."""
        call = one(error(429, {"retry-after": "121"}))
        (attempt,) = call.history.attempts
        assert call.ended == 0.0
        assert attempt.action is Action.RETRY
        assert attempt.decision.wait_s == 121.0
        assert attempt.stop_reason is StopReason.SERVER_WAIT

    def test_a_date_is_measured_against_the_replys_own_date(self):
        """A client whose clock is years off waits twenty seconds all the same."""
        headers = {
            "date": "Mon, 23 Nov 2020 10:00:00 GMT",
            "retry-after": "Mon, 23 Nov 2020 10:00:20 GMT",
        }
        assert 20.0 <= one(error(429, headers), OK).sends[1] <= 21.0


class TestRule9JitterComesAfterTheCap:
    def test_late_attempts_are_spread_above_the_cap_and_not_clamped_to_it(self):
        """Five clients at the cap wait five different times, none below it."""
        policy = Policy(backoff_cap_s=4.0, attempts=6)
        lasts = [
            one(*[error(503)] * 5, OK, policy=policy, seed=seed).history.attempts[4].wait_s
            for seed in range(5)
        ]
        assert len(set(lasts)) == 5
        assert all(4.0 <= wait < 5.0 for wait in lasts)


class TestRule10ABodyThatCannotBeReplayed:
    ONCE = Request("POST", "https://h", "/v1/chat/completions", None, replayable=False)

    def test_it_is_not_sent_again_once_it_was_partly_sent(self):
        """A 503 to a stream of bytes ends the call, and the record says why."""
        call = one(error(503), request=self.ONCE)
        assert trace(call) == ["1: 503 overloaded -> retry stop not_replayable"]

    def test_it_is_sent_again_when_it_was_never_touched(self):
        """A refused connection consumed nothing."""
        call = one(REFUSED_CONNECTION, OK, request=self.ONCE)
        assert call.answered
        assert len(call.sends) == 2


def test_a_full_queue_is_an_error_at_once():
    """More callers than the queue holds are turned away, not hung."""
    policy = Policy(in_flight_max=1, queue_max=1)
    virtual = world(lambda *_: (OK, 10.0), policy)
    calls = [virtual.call(CHAT, at=0.0) for _ in range(3)]
    virtual.run()
    assert sorted(call.ended for call in calls) == [0.0, 10.0, 20.0]


def test_a_refusal_reaches_the_caller_with_its_reason():
    """In an answer of halley's own, a 429 that says how long the permit would have taken."""
    steps = steps_of(Policy(in_flight_max=1))
    assert isinstance(next(steps), Admit)
    send = steps.send((1.0, Refused("the next permit comes in 30 s", wait_s=30.0)))
    assert isinstance(send, Send)
    assert send.answer is not None
    delivered = steps.send((1.0, send.answer.reply(CHAT.path)))
    assert isinstance(delivered, Deliver)
    (attempt,) = delivered.history.attempts
    assert (attempt.status, attempt.stop_reason) == (429, StopReason.DEADLINE)
    assert (attempt.failure.rule, attempt.failure.wait_s) == ("local.no_permit", 30.0)
    assert "the next permit comes in 30 s; nothing was sent" in send.answer.message


def test_no_time_is_infinite_anywhere():
    """A call that succeeds after every kind of trouble has finite, ordered times."""
    call = one(error(429), LOST, error(500), OK, took_s=0.5)
    assert call.answered
    assert all(math.isfinite(sent) for sent in call.sends)
    assert call.sends == sorted(call.sends)


def test_the_answer_is_the_one_that_was_sent():
    """The body of a delivered answer is the upstream's."""
    assert one(OK).outcome.body == ANSWER
