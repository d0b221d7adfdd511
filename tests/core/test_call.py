"""One call under `pace = "ramp"`: a 429 goes back to the pacer, and its deadline ends it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halley.compose import runtime
from halley.core.attempts import KEPT
from halley.core.effects import Admit
from halley.core.law import Law
from halley.core.model import StopReason
from halley.core.policy import Pace, Policy
from halley.drivers.virtual import VirtualTime

from .worlds import ANSWER, CHAT, JSON, LOST, OK, error, one, world

RAMP = Policy(pace=Pace.RAMP, deadline_s=86400.0)
STRAY = error(429, code="", message="当前分组上游负载已饱和，请稍后再试")
"""What new-api says when a channel of it is saturated."""


@pytest.mark.parametrize("refusal", [error(429), STRAY], ids=["a limit", "a channel"])
def test_refusals_use_up_no_attempt(refusal):
    """Thirty of them, and the answer is delivered as send number 31."""
    call = one(*[refusal] * 30, OK, policy=RAMP)
    assert call.answered
    assert call.history.attempts[-1].number == 31


def test_other_failures_use_them_up():
    """Five 503s end the call, however many 429s are among them."""
    outcomes = [error(429), error(503)] * 5
    call = one(*outcomes, policy=RAMP)
    assert len(call.sends) == 10
    assert call.history.stop_reason is StopReason.ATTEMPTS


def test_the_backoff_counts_attempts_and_not_refusals():
    """The first 503 waits a second and its jitter, after any number of 429s."""
    call = one(*[error(429)] * 6, error(503), OK, policy=RAMP)
    assert 1.0 <= call.history.attempts[6].wait_s < 2.0


def test_the_deadline_ends_it():
    """With the last refusal as the real error."""
    virtual = world(lambda *_: (error(429), 0.1), Policy(pace=Pace.RAMP, deadline_s=30.0))
    call = virtual.call(CHAT)
    virtual.run()
    assert call.history.stop_reason is StopReason.DEADLINE
    assert call.outcome.status == 429
    assert call.sends[-1] < 30.0


def test_a_servers_wait_is_kept():
    """A refusal that names its wait is not sent again before it."""
    call = one(error(429, {"retry-after": "7"}), OK, policy=RAMP)
    assert 7.0 <= call.sends[1] <= 8.0


def test_a_call_refused_a_thousand_times_keeps_the_last_few():
    """Its history is bounded, in order, and says how many sends there were."""
    call = one(*[error(429)] * 1000, OK, policy=RAMP)
    numbers = [attempt.number for attempt in call.history.attempts]
    assert numbers == list(range(1002 - KEPT, 1002))


def test_a_call_asks_with_its_priority_and_its_tokens():
    """Forty bytes of body are ten tokens."""
    policy = RAMP.override({"priority": 7})
    request = replace(CHAT, body=b'{"model":"m"}' + b" " * 27)
    effect = next(runtime(policy).engine.call(lambda: request, policy, 0.0))
    assert isinstance(effect, Admit)
    assert (effect.priority, effect.cost) == (7, 10.0)


def test_the_higher_priority_of_a_call_is_served_first():
    """`halley.options(priority=...)` reaches the queue."""
    virtual = world(lambda *_: (OK, 1.0), Policy(in_flight_max=1))
    first = virtual.call(CHAT)
    later = [virtual.call(CHAT, at=0.1, policy=Policy(priority=n)) for n in (0, 5)]
    virtual.run()
    assert [call.sends for call in (first, *later)] == [[0.0], [2.0], [1.0]]


def law_of(virtual: VirtualTime) -> Law:
    """That of its one lane."""
    (lane,) = virtual._runtime.engine.lanes._lanes.values()
    return lane.law


def test_the_limit_that_an_answer_states_reaches_the_law():
    """Six hundred a minute end the ramp."""
    stated = OK._replace(headers={**JSON, "x-ratelimit-limit-requests": "600"})
    virtual = world([stated], RAMP)
    virtual.call(CHAT)
    virtual.run()
    assert law_of(virtual).told_per_s == 10.0


def test_what_an_answer_took_settles_what_was_reserved():
    """Estimated at three tokens, and took thirty."""
    stated = OK._replace(headers={**JSON, "x-ratelimit-limit-tokens": "6000"})
    usage = OK._replace(body=ANSWER[:-1] + b',"usage":{"total_tokens":30}}')
    virtual = world([stated, usage], RAMP)
    virtual.call(CHAT)
    virtual.run()
    before = law_of(virtual).burst.cost
    virtual.call(CHAT, at=10.0)
    virtual.run()
    assert law_of(virtual).burst.cost - before == 30.0


def test_a_lost_connection_admits_nothing():
    """It may have been lost before any limit saw the call."""
    outcomes = [error(429), LOST, LOST, LOST, LOST, LOST]
    virtual = world(outcomes, RAMP, took_s=0.1)
    virtual.call(CHAT)
    virtual.run(until=1.0)
    assert law_of(virtual).seen is False


def test_in_the_library_every_refusal_is_an_attempt():
    """The default: five sends."""
    assert len(one(*[error(429)] * 9).sends) == 5


def test_under_a_ramp_a_server_that_is_overloaded_slows_the_lane():
    """Three 503s in a row are refusals to the pacer, and attempts of their calls all the same."""
    busy = error(503, message="server is overloaded, please try again later")
    virtual = world(lambda *_: (busy, 0.1), RAMP.override({"attempts": 2}))
    calls = [virtual.call(CHAT) for _ in range(4)]
    virtual.run()
    assert law_of(virtual).cuts > 0
    assert {len(call.sends) for call in calls} == {2}


def test_in_the_library_a_503_opens_no_lane():
    """Nothing is throttled before the first refusal, and this is none."""
    virtual = world([error(503), OK])
    virtual.call(CHAT)
    virtual.run()
    assert len(virtual._runtime.engine.lanes) == 0
