"""The lane: order and priority, caps, rates, shared waits, and what its law is told."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from halley.core.law import Law
from halley.core.pace import AskAgain, Granted, Lane, Refused
from halley.core.signals import Binds, Event, Signal, Why


class Waiting:
    """A caller in the queue."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


def lane(in_flight_max: int | None = None, queue_max: int = 1000, *, ramp: bool = False) -> Lane:
    """A fresh lane."""
    return Lane(in_flight_max=in_flight_max, queue_max=queue_max, ramp=ramp)


def storm(of: Lane, *, sent: int, refused: int, at: float = 0.0) -> None:
    """Many sends at once, some of them refused a moment later."""
    for _ in range(sent):
        of.enter(Waiting(), at, math.inf)
    for _ in range(refused):
        of.refused(at + 0.1, at)
    for _ in range(sent):
        of.leave()


def granted(of: Lane, *, start: float, end: float, per_s: float = 1000.0) -> list[float]:
    """When callers go that come evenly and ask again as soon as they are told to."""
    times, free = [], start
    for number in range(int((end - start) * per_s)):
        now = max(free, start + number / per_s)
        caller = Waiting()
        while isinstance(answer := of.enter(caller, now, math.inf), AskAgain):
            now += answer.wait_s
        of.leave()
        if now > end:
            break
        free = now
        times.append(now)
    return times


def test_a_free_lane_lets_everything_through():
    """No cap, no refusal, no wait."""
    free = lane()
    assert all(isinstance(free.enter(Waiting(), 0.0, 1.0), Granted) for _ in range(1000))


def test_permits_are_given_in_the_order_of_asking():
    """The second in the queue is told to wait even when a permit is free for the first."""
    capped = lane(in_flight_max=1)
    first, second, third = Waiting(), Waiting(), Waiting()
    assert isinstance(capped.enter(first, 0.0, 9.0), Granted)
    assert capped.enter(second, 0.0, 9.0) == AskAgain(math.inf)
    assert capped.enter(third, 0.0, 9.0) == AskAgain(math.inf)
    assert capped.leave() is second
    assert capped.enter(third, 1.0, 9.0) == AskAgain(math.inf)
    assert capped.enter(second, 1.0, 9.0) == Granted(third)


def test_who_gives_up_makes_room_for_the_next():
    """A cancelled caller leaves the queue, and the one behind it is woken."""
    capped = lane(in_flight_max=1)
    capped.enter(Waiting(), 0.0, 9.0)
    quitter, patient = Waiting(), Waiting()
    capped.enter(quitter, 0.0, 9.0)
    capped.enter(patient, 0.0, 9.0)
    assert capped.give_up(quitter) is patient


def test_a_full_queue_refuses_at_once():
    """And says how many wait."""
    full = lane(in_flight_max=1, queue_max=1)
    full.enter(Waiting(), 0.0, 9.0)
    full.enter(Waiting(), 0.0, 9.0)
    assert full.enter(Waiting(), 0.0, 9.0) == Refused("1 calls wait already", full=True)


def test_the_higher_priority_goes_first_and_equals_in_order():
    """Whoever asked before them."""
    capped = lane(in_flight_max=1)
    capped.enter(Waiting(), 0.0, 9.0)
    low, first, second, high = (Waiting() for _ in range(4))
    for caller, priority in [(low, -5), (first, 0), (second, 0), (high, 7)]:
        assert capped.enter(caller, 0.0, 9.0, priority=priority) == AskAgain(math.inf)
    following = capped.leave()
    for caller, priority in [(high, 7), (first, 0), (second, 0), (low, -5)]:
        assert following is caller
        answer = capped.enter(caller, 1.0, 9.0, priority=priority)
        assert isinstance(answer, Granted)
        following = answer.then
        capped.leave()


def test_a_servers_wait_holds_the_whole_lane():
    """Nobody of this key and model goes before the time the server gave to one of them."""
    held = lane()
    held.enter(Waiting(), 0.0, math.inf)
    held.refused(0.1, 0.0, Why.UNKNOWN, 20.0)
    answer = held.enter(Waiting(), 1.0, math.inf)
    assert isinstance(answer, AskAgain)
    assert 1.0 + answer.wait_s >= 20.1


def test_a_lane_that_was_never_refused_counts_what_it_sends():
    """It was opened because another model was refused; its own first refusal cuts what it had."""
    busy = lane()
    for tenth in range(40):
        assert isinstance(busy.enter(Waiting(), tenth / 10, math.inf), Granted)
    busy.refused(4.0, 3.9)
    assert busy.rate_per_s == pytest.approx(0.8 * 10, rel=0.15)


def test_a_permit_after_the_deadline_is_refused_now():
    """No use in waiting for what comes too late."""
    held = lane()
    held.enter(Waiting(), 0.0, math.inf)
    held.refused(0.1, 0.0, Why.UNKNOWN, 20.0)
    refused = held.enter(Waiting(), 1.0, 5.0)
    assert isinstance(refused, Refused)
    assert refused.wait_s == pytest.approx(19.1)
    assert refused.why == "the next permit comes in 19 s, after the deadline"


@pytest.mark.parametrize("wait_s", [7200.0, 1e99])
def test_no_word_of_a_server_shuts_a_lane_for_more_than_an_hour(wait_s: float):
    """Milliseconds taken for seconds must not end the process's use of a model."""
    held = lane()
    held.refused(0.0, 0.0, Why.UNKNOWN, wait_s)
    assert isinstance(held.enter(Waiting(), 3599.0, 3599.5), Refused)
    assert isinstance(held.enter(Waiting(), 3601.0, 9999.0), AskAgain | Granted)


def test_calls_go_at_the_rate_of_the_law():
    """After a refusal they are a slot apart, and no two go at once."""
    paced = lane()
    storm(paced, sent=50, refused=40)
    times = granted(paced, start=0.2, end=3.0)
    rate = paced.law.rate_per_s
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert rate is not None
    assert min(gaps) >= 1.0 / rate - 1e-9


def test_what_a_timer_fetched_too_late_is_made_up():
    """Callers that come 20 ms after their time still go at the rate, on the whole."""
    paced = lane()
    paced.law.requests.value, paced.law.cuts = 100.0, 1
    paced.law.refused_at = 0.0
    went, now = 0, 0.0
    while now < 2.0:
        answer = paced.enter(caller := Waiting(), now, math.inf)
        if isinstance(answer, AskAgain):
            paced.give_up(caller)
            now += answer.wait_s + 0.02
        else:
            went += 1
            paced.leave()
    assert 190 <= went <= 220


def test_large_calls_wait_longer_where_tokens_are_the_limit():
    """A call of 300 tokens waits for 300 tokens at 100 a second."""
    tokens = lane()
    tokens.enter(Waiting(), 0.0, math.inf, cost=100.0)
    tokens.refused(0.1, 0.0, Why.TOKENS)
    tokens.law.tokens.value = 100.0
    tokens.enter(Waiting(), 10.0, math.inf, cost=100.0)
    assert tokens.enter(Waiting(), 10.0, math.inf, cost=300.0) == AskAgain(3.0)


def test_what_was_reserved_is_settled():
    """A call that took 50 tokens fewer makes room half a second earlier at 100 a second."""
    tokens = lane()
    tokens.enter(Waiting(), 0.0, math.inf, cost=100.0)
    tokens.refused(0.1, 0.0, Why.TOKENS)
    tokens.law.tokens.value = 100.0
    tokens.enter(Waiting(), 10.0, math.inf, cost=100.0)
    tokens.settle(10.0, 100.0, 50.0)
    assert tokens.enter(Waiting(), 10.0, math.inf, cost=300.0) == AskAgain(2.5)


def test_what_is_refused_without_exception_is_asked_by_single_probes():
    """In a block one call goes at a time, and the next one not before it is answered."""
    blocked = lane(ramp=True)
    now, probes = 0.0, []
    while now < 20.0:
        answer = blocked.enter(caller := Waiting(), now, math.inf)
        if isinstance(answer, AskAgain):
            blocked.give_up(caller)
            now += answer.wait_s
            continue
        blocked.leave()
        if blocked.law.blocked_at is not None:
            probes.append(now)
        if now > 3.0:
            blocked.refused(now + 0.1, now)
        now += 0.1
    gaps = [later - earlier for earlier, later in pairwise(probes)]
    assert 3 <= len(probes) <= 12
    assert min(gaps) > 0.1


def test_a_lane_is_free_again_after_a_quiet_minute():
    """Nothing is throttled for ever because of one bad moment."""
    paced = lane()
    storm(paced, sent=50, refused=40)
    assert isinstance(paced.enter(Waiting(), 62.0, math.inf), Granted)
    assert paced.rate_per_s is None


def test_a_lane_keeps_to_its_share_of_the_law_that_all_taught():
    """A quarter of forty a second, and of eight calls in flight."""
    law = Law(ramp=True)
    law.requests.value, law.calls.value = 40.0, 8.0
    shared = lane(ramp=True)
    shared.adopt(law.state(), 0.25, 6, 0.0)
    assert shared.rate_per_s == 10.0
    assert isinstance(shared.enter(Waiting(), 1.0, 9.0), Granted)
    assert isinstance(shared.enter(Waiting(), 2.0, 9.0), Granted)
    assert shared.enter(Waiting(), 3.0, 9.0) == AskAgain(math.inf)


def test_a_lane_that_is_shared_keeps_its_signals_for_the_others():
    """In the order of time, with the calls of all in flight."""
    shared = lane(ramp=True)
    shared.outbox = []
    shared.adopt(Law(ramp=True).state(), 1.0, 6, 0.0)
    shared.enter(Waiting(), 1.0, 9.0, cost=30.0)
    shared.refused(1.1, 1.0, Why.RATE)
    assert shared.outbox == [
        Signal(Event.SENT, 1.0, 1.0, Binds.NOTHING, 30.0, 7, turns=0),
        Signal(Event.REFUSED, 1.1, 1.0, Binds.NOTHING, 30.0, 7, Why.RATE, 0),
    ]


def test_refused_calls_come_back_spread_over_two_slots():
    """At ten a second, within 0.2 s."""
    paced = lane(ramp=True)
    paced.law.requests.value = 10.0
    assert paced.spread_s(0.0) == 0.0
    assert paced.spread_s(0.5) == pytest.approx(0.1)


@given(refusals=st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_no_storm_of_refusals_stops_a_lane_for_good(refusals):
    """A permit is always at most half a minute away."""
    stormy = lane()
    for now in sorted(refusals):
        stormy.enter(Waiting(), now, math.inf)
        stormy.refused(now, now)
    stormy.in_flight = 0
    for caller in list(stormy._queues.get(0, [])):
        stormy.give_up(caller)
    answer = stormy.enter(Waiting(), 101.0, math.inf)
    assert isinstance(answer, Granted) or answer.wait_s <= 30.0


class Permits(RuleBasedStateMachine):
    """Callers come, wait, go and give up in any order; the cap holds and nobody is forgotten."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = lane(in_flight_max=3, queue_max=50)
        self.queue: list[Waiting] = []
        self.holding = 0

    @rule()
    def ask(self):
        caller = Waiting()
        if isinstance(self.lane.enter(caller, 0.0, 1.0), Granted):
            self.holding += 1
        else:
            self.queue.append(caller)

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def ask_again(self, data):
        caller = data.draw(st.sampled_from(self.queue))
        if isinstance(self.lane.enter(caller, 0.0, 1.0), Granted):
            assert caller is self.queue[0]
            self.queue.remove(caller)
            self.holding += 1

    @precondition(lambda self: self.queue)
    @rule(data=st.data())
    def quit(self, data):
        caller = data.draw(st.sampled_from(self.queue))
        self.queue.remove(caller)
        self.lane.give_up(caller)

    @precondition(lambda self: self.holding)
    @rule()
    def finish(self):
        self.lane.leave()
        self.holding -= 1

    @invariant()
    def permits_are_conserved(self):
        assert self.lane.in_flight == self.holding <= 3


TestPermits = Permits.TestCase
