"""The pacer: order, caps, shared waits, and rates learned from refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from halley.core.pace import AskAgain, Granted, Lane, Lanes, Refused


class Waiting:
    """A caller in the queue."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1


def lane(in_flight_max: int | None = None, queue_max: int = 100) -> Lane:
    """A fresh lane."""
    return Lane(in_flight_max=in_flight_max, queue_max=queue_max)


def storm(of: Lane, *, sent: int, refused: int, at: float = 0.0) -> None:
    """Many sends at once, some of them refused a moment later."""
    for _ in range(sent):
        of.enter(Waiting(), at, math.inf)
    for _ in range(refused):
        of.refused(at + 0.1, at, None)
    for _ in range(sent):
        of.leave()


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
    assert full.enter(Waiting(), 0.0, 9.0) == Refused("1 calls wait already")


def test_a_servers_wait_holds_the_whole_lane():
    """Nobody of this key and model goes before the time the server gave to one of them."""
    held = lane()
    held.enter(Waiting(), 0.0, math.inf)
    held.refused(0.1, 0.0, 20.0)
    answer = held.enter(Waiting(), 1.0, math.inf)
    assert isinstance(answer, AskAgain)
    assert 1.0 + answer.wait_s >= 20.1


def test_a_permit_after_the_deadline_is_refused_now():
    """No use in waiting for what comes too late."""
    held = lane()
    held.enter(Waiting(), 0.0, math.inf)
    held.refused(0.1, 0.0, 20.0)
    assert held.enter(Waiting(), 1.0, 5.0) == Refused("the next permit comes after the deadline")


def test_a_burst_of_refusals_is_one_cut_to_what_was_admitted():
    """Fifty sent, forty refused: ten in two seconds were admitted, and 80 % of that goes on."""
    cut = lane()
    storm(cut, sent=50, refused=40)
    assert cut.rate_per_s == pytest.approx(0.8 * 10 / 2)


def test_a_later_burst_cuts_to_no_less_than_half():
    """One bad second does not close a lane."""
    cut = lane()
    storm(cut, sent=50, refused=40)
    before = cut.rate_per_s
    for _ in range(30):
        cut.refused(10.0, 9.9, None)
    assert cut.rate_per_s == pytest.approx(before / 2)


def test_a_refusal_of_a_send_from_before_the_cut_cuts_nothing():
    """It says nothing about the new rate."""
    cut = lane()
    storm(cut, sent=50, refused=40)
    before = cut.rate_per_s
    cut.refused(5.0, 0.0, None)
    assert cut.rate_per_s == before


def demand(of: Lane, *, per_s: float, start: float, end: float) -> list[float]:
    """Callers that come evenly and go as soon as they are let; the rate after each."""
    free, rates = start, []
    for number in range(int((end - start) * per_s)):
        now = max(free, start + number / per_s)
        while isinstance(answer := of.enter(caller := Waiting(), now, math.inf), AskAgain):
            of.give_up(caller)
            now += answer.wait_s
        of.leave()
        free = now
        rates.append(of.rate_per_s)
    return rates


def test_the_rate_grows_while_it_binds_and_no_further():
    """Twenty calls a second wait for four, then for more; once the backlog is gone it stays."""
    paced = lane()
    storm(paced, sent=50, refused=40)
    rates = demand(paced, per_s=20.0, start=0.1, end=50.0)
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(4.0, rel=0.05)
    assert rates[-1] > 20.0
    assert rates[-1] == rates[-50]


def test_a_lane_is_free_again_after_a_quiet_minute():
    """Nothing is throttled for ever because of one bad moment."""
    paced = lane()
    storm(paced, sent=50, refused=40)
    assert isinstance(paced.enter(Waiting(), 61.0, math.inf), Granted)
    assert paced.rate_per_s is None


@given(refusals=st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_no_storm_of_refusals_stops_a_lane_for_good(refusals):
    """The rate keeps a floor, so a permit is always at most twenty seconds away."""
    stormy = lane()
    for now in sorted(refusals):
        stormy.refused(now, now, None)
    answer = stormy.enter(Waiting(), 100.0, math.inf)
    assert isinstance(answer, Granted) or answer.wait_s <= 20.0


def test_lanes_are_apart_by_origin_model_and_key():
    """A refusal of one model throttles no other."""
    lanes = Lanes(in_flight_max=None, queue_max=10)
    slow = lanes.lane(("https://h", "a", 1))
    slow.refused(0.0, 0.0, 30.0)
    assert isinstance(lanes.lane(("https://h", "b", 1)).enter(Waiting(), 0.1, 9.0), Granted)
    assert lanes.lane(("https://h", "a", 1)) is slow


def test_the_first_lane_remembers_what_was_sent_before_it():
    """Sends are counted before anything is refused, so the first cut knows the rate."""
    lanes = Lanes(in_flight_max=None, queue_max=10)
    assert all(lanes.pass_freely(1.0) for _ in range(50))
    opened = lanes.lane(("https://h", "a", 1))
    for _ in range(40):
        opened.refused(1.1, 1.0, None)
    assert opened.rate_per_s == pytest.approx(4.0)
    assert not lanes.pass_freely(2.0)


def test_lanes_are_bounded_and_idle_ones_make_room():
    """A client that sees endless model names does not grow without end."""
    lanes = Lanes(in_flight_max=None, queue_max=10)
    busy = lanes.lane(("https://h", "busy", 1))
    busy.enter(Waiting(), 0.0, 9.0)
    for number in range(5000):
        lanes.lane(("https://h", f"model-{number}", 1))
    assert len(lanes) <= 1024
    assert lanes.lane(("https://h", "busy", 1)) is busy


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
