"""The breaker: open after a run of failures, one probe at a time, shut by any sign of life."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.compose import runtime
from halley.core.breaker import (
    FORGOTTEN_S,
    PATIENCE_S,
    PROBE_MAX_S,
    SPAN_S,
    TARGETS_MAX,
    Breaker,
    Breakers,
    is_down,
)
from halley.core.classify import classify
from halley.core.model import Action, Fault, FaultKind, StopReason
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.virtual import VirtualClock, VirtualTime
from halley.providers import TABLES

from .worlds import CHAT, LOST, OK, REFUSED_CONNECTION, error, trace, world

TARGET = ("https://a.test", "m")
DOWN = (error(503), 0.1)


def opened(at: float = 10.0) -> Breaker:
    """A breaker that opened at an instant."""
    breaker = Breaker(failures_max=2)
    breaker.failed(at - SPAN_S, probe=False)
    breaker.failed(at, probe=False)
    assert breaker.open
    return breaker


class TestOpening:
    def test_ten_failures_in_a_row_over_two_seconds_open_it(self):
        """Not nine, and not ten of one instant."""
        breaker = Breaker(failures_max=10)
        for _ in range(9):
            breaker.failed(0.0, probe=False)
        breaker.failed(SPAN_S - 0.1, probe=False)
        assert not breaker.open
        breaker.failed(SPAN_S, probe=False)
        assert breaker.open

    def test_a_sign_of_life_begins_the_run_anew(self):
        """One success, or one 429, among ten failures keeps it shut."""
        breakers = Breakers(failures_max=3)
        for at in (0.0, 5.0):
            breakers.failed(TARGET, at, probe=False)
        breakers.lives(TARGET)
        breakers.failed(TARGET, 6.0, probe=False)
        assert breakers.opened(TARGET, 6.0) is None

    def test_targets_are_apart(self):
        """One model of a gateway can be down while another answers."""
        breakers = Breakers(failures_max=1)
        for at in (0.0, SPAN_S):
            breakers.failed(TARGET, at, probe=False)
        assert breakers.opened(TARGET, 3.0)
        assert breakers.opened(("https://a.test", "other"), 3.0) is None

    def test_none_opens_where_the_policy_says_zero(self):
        """And nothing is kept."""
        breakers = Breakers(failures_max=0)
        for at in range(100):
            breakers.failed(TARGET, float(at), probe=False)
        assert not breakers.any(100.0)

    def test_what_was_not_heard_of_for_a_minute_starts_afresh(self):
        """An open breaker does not outlive the memory of its outage."""
        breakers = Breakers(failures_max=1)
        for at in (0.0, SPAN_S):
            breakers.failed(TARGET, at, probe=False)
        assert breakers.opened(TARGET, SPAN_S + FORGOTTEN_S)
        assert breakers.opened(TARGET, SPAN_S + FORGOTTEN_S + 0.1) is None
        assert not breakers.any(SPAN_S + FORGOTTEN_S + 0.1)

    def test_a_failure_from_before_that_minute_is_not_in_a_row_with_a_new_one(self):
        """Calls that hang fail minutes apart: no run, however many they are."""
        breakers = Breakers(failures_max=2)
        for number in range(4):
            breakers.failed(TARGET, number * (FORGOTTEN_S + 1.0), probe=False)
        assert breakers.opened(TARGET, 3 * (FORGOTTEN_S + 1.0)) is None

    def test_memory_is_bounded(self):
        """The target of the oldest failure makes room."""
        breakers = Breakers(failures_max=1)
        for number in range(TARGETS_MAX + 5):
            breakers.failed(("o", str(number)), float(number), probe=False)
        assert len(breakers.targets) == TARGETS_MAX
        assert ("o", "0") not in breakers.targets


@pytest.mark.parametrize(
    ("outcome", "down"),
    [
        (error(500), True),
        (error(503), True),
        (error(529), True),
        (LOST, True),
        (REFUSED_CONNECTION, True),
        (Fault(FaultKind.READ_TIMEOUT), True),
        (Fault(FaultKind.POOL_TIMEOUT), False),
        (Fault(FaultKind.UNSUPPORTED), False),
        (Fault(FaultKind.MALFORMED), False),
        (error(429), False),
        (error(429, message="the upstream load is saturated"), False),
        (error(400, message="bad"), False),
        (error(401, message="invalid token"), False),
        (error(503, code="model_not_found", message="no available channel"), False),
    ],
)
def test_what_says_that_a_target_is_down(outcome, down):
    """What any other call would meet as well, and no refusal."""
    failure = classify(CHAT, outcome, TABLES)
    assert failure is not None
    assert is_down(outcome, failure) is down


class TestProbes:
    def test_they_go_after_one_two_four_and_at_most_eight_seconds(self):
        breaker, now = opened(at=10.0), 10.0
        gaps = []
        for _ in range(6):
            at = breaker.reserve(now, now)
            gaps.append(at - now)
            now = at
            breaker.release(at)
            breaker.failed(now, probe=True)
        assert gaps == [1.0, 2.0, 4.0, PROBE_MAX_S, PROBE_MAX_S, PROBE_MAX_S]

    def test_one_at_a_time(self):
        breaker = opened()
        assert breaker.reserve(12.0, 12.0) == 12.0
        assert breaker.reserve(12.0, 12.0) is None
        breaker.release(12.0)
        assert breaker.reserve(12.0, 12.0) == 12.0

    def test_whoever_was_waited_for_too_long_does_not_give_back_anothers(self):
        breaker = opened()
        first = breaker.reserve(12.0, 12.0)
        second = breaker.reserve(12.0 + PATIENCE_S, 0.0)
        breaker.failed(23.0, probe=True)
        breaker.release(first)
        assert breaker.reserve(30.0, 0.0) is None
        breaker.release(second)
        assert breaker.reserve(30.0, 0.0) == 30.0

    def test_a_probe_without_an_answer_keeps_the_next_one_for_ten_seconds(self):
        breaker = opened()
        assert breaker.reserve(12.0, 12.0) == 12.0
        assert breaker.reserve(12.0 + PATIENCE_S - 0.1, 0.0) is None
        assert breaker.reserve(12.0 + PATIENCE_S, 0.0) == 12.0 + PATIENCE_S

    def test_a_servers_wait_is_not_cut_short_for_a_probe(self):
        assert opened(at=10.0).reserve(10.0, 30.0) == 30.0

    def test_a_late_failure_of_an_earlier_call_moves_no_probe(self):
        breaker = opened(at=10.0)
        breaker.failed(10.5, probe=False)
        assert breaker.probe_at == 11.0


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.sampled_from(["ask", "fail", "cancel"]))))
def test_at_most_one_probe_is_out_whatever_happens(events):
    """Asking, failing and cancelling in any order and at any time."""
    breaker, now, out_since = opened(at=0.0), 0.0, None
    for gap, what in events:
        now += gap
        if what == "ask" and (at := breaker.reserve(now, now)) is not None:
            assert out_since is None or now - out_since >= PATIENCE_S
            assert at >= breaker.probe_at
            out_since = at
        elif what == "fail" and out_since is not None:
            breaker.release(out_since)
            breaker.failed(max(now, out_since), probe=True)
            now, out_since = max(now, out_since), None
        elif what == "cancel" and out_since is not None:
            breaker.release(out_since)
            out_since = None


@cache
def minute_of_outage():
    """A hundred calls a second for two minutes; from 10 s to 70 s nothing is answered."""

    def upstream(_request, now):
        return DOWN if 10.0 <= now < 70.0 else (OK, 1.0)

    virtual = world(upstream)
    calls = [virtual.call(CHAT, at=number / 100) for number in range(12000)]
    virtual.run()
    return calls


class TestInTheEngine:
    """An outage of a minute at a hundred calls a second."""

    def test_little_is_sent_beyond_the_calls(self):
        """Sends per call that met the outage: 1.10 at most."""
        met = [call for call in minute_of_outage() if 10.0 <= call.started < 70.0]
        assert sum(len(call.sends) for call in met) <= 1.10 * len(met)

    def test_nearly_nothing_is_sent_while_it_is_open(self):
        """The first three seconds find out; after them there are only probes."""
        sends = [at for call in minute_of_outage() for at in call.sends if 15.0 <= at < 70.0]
        assert 5 <= len(sends) <= 20

    def test_it_is_over_within_ten_seconds_of_the_end(self):
        """From the first probe that is answered on, every call is."""
        late = [call for call in minute_of_outage() if call.started >= 80.0]
        assert late
        assert all(call.answered for call in late)

    def test_whoever_is_turned_away_hears_why_and_until_when(self):
        """A 503 of halley's own, with the wait, and nothing sent."""
        call = next(call for call in minute_of_outage() if call.started == 30.0)
        assert call.sends == []
        assert trace(call) == ["1: 503 overloaded -> fail_over stop final"]
        assert call.outcome.headers["x-should-retry"] == "false"
        assert float(call.outcome.headers["retry-after-ms"]) <= 1000 * PROBE_MAX_S
        assert b"https://api.cometapi.com has failed" in call.outcome.body

    def test_a_healthy_client_remembers_no_outage(self):
        """Once the target lives its breaker is gone, and calls are free again."""
        virtual = world([error(503), OK, OK])
        virtual.call(CHAT)
        virtual.run()
        assert not virtual._runtime.engine.breakers.any(virtual.now)


def test_one_call_after_another_keeps_its_documented_attempts():
    """Where nobody competes for the probe, a call is tried five times, open or not."""
    virtual = world(lambda *_: (error(503), 0.1))
    calls = [virtual.call(CHAT, at=100.0 * n) for n in range(4)]
    virtual.run()
    assert [len(call.sends) for call in calls] == [5, 5, 5, 5]
    assert {call.history.stop_reason for call in calls} == {StopReason.ATTEMPTS}


def test_a_call_that_fails_while_another_probes_ends_with_its_own_error():
    """Its retry is not due, and the server's words reach the caller."""
    policy = Policy(breaker_failures=1, budget_floor_per_s=1000)
    virtual = world(lambda *_: (error(503, message="mine"), 3.0), policy)
    calls = [virtual.call(CHAT, at=0.1 * n) for n in range(30)]
    virtual.run()
    ended = [call for call in calls if call.history.stop_reason is StopReason.BREAKER]
    assert ended
    assert all(b"mine" in call.outcome.body for call in ended)
    assert all(call.history.attempts[-1].action is Action.RETRY for call in ended)


def test_a_cancelled_probe_gives_budget_and_probe_back():
    """Whoever waits to probe and is interrupted leaves both as they were."""
    shared = runtime(Policy(breaker_failures=1), clock=VirtualClock(), chance=Chance(0))
    virtual = VirtualTime(shared, lambda *_: DOWN)
    virtual.call(CHAT, policy=Policy(attempts=3))
    virtual.run()
    (breaker,) = shared.engine.breakers.targets.values()
    drawn = shared.engine.budget._retries_sum
    now = virtual.now
    steps = shared.engine.call(lambda: CHAT, shared.policy, now)
    next(steps)
    assert breaker.reserve(now, now) is None
    assert shared.engine.budget._retries_sum == drawn + 1
    steps.close()
    assert breaker.reserve(now, now) is not None
    assert shared.engine.budget._retries_sum == drawn


FULL_POOL = Fault(FaultKind.POOL_TIMEOUT)
BAD_HEADER = Fault(FaultKind.MALFORMED)


@pytest.mark.parametrize("ours", [FULL_POOL, BAD_HEADER])
def test_a_fault_of_our_own_is_no_sign_of_life(ours):
    """Connections that hang fill the pool: what then finds no room says nothing of the target."""
    outcomes = [error(503), error(503), ours, error(503)]
    virtual = world(outcomes, Policy(breaker_failures=3, attempts=1))
    for number in range(4):
        virtual.call(CHAT, at=float(number))
    virtual.run()
    (breaker,) = virtual._runtime.engine.breakers.targets.values()
    assert breaker.open


@pytest.mark.parametrize("ours", [FULL_POOL, BAD_HEADER])
def test_a_fault_of_our_own_opens_none(ours):
    """However often it comes."""
    virtual = world(lambda *_: (ours, 0.1), Policy(breaker_failures=1, attempts=1))
    for number in range(10):
        virtual.call(CHAT, at=float(number))
    virtual.run()
    assert not virtual._runtime.engine.breakers.any(virtual.now)


def test_a_probe_that_was_never_sent_leaves_its_place_to_the_next():
    """Not only when nobody would wait for it any longer."""
    outcomes = [error(503), error(503), FULL_POOL, OK]
    virtual = world(outcomes, Policy(breaker_failures=1, attempts=1))
    calls = [virtual.call(CHAT, at=at) for at in (0.0, 2.0, 3.5, 4.0)]
    virtual.run()
    assert [call.sends for call in calls] == [[0.0], [2.0], [3.5], [4.0]]
