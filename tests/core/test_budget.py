"""The retry budget: a share of recent calls with a floor, forgotten after ten seconds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.budget import Budget
from halley.core.policy import Policy

from .worlds import CHAT, OK, error, world


def budget(ratio: float = 0.2, floor: float = 1.0) -> Budget:
    """A budget with the default figures."""
    return Budget(ratio=ratio, floor_per_s=floor)


def retries(of: Budget, now: float, limit: int = 10_000) -> int:
    """How many retries are granted at one instant."""
    return next(count for count in range(limit) if not of.withdraw(now))


def test_ten_are_in_hand_for_a_quiet_client():
    """One call, ten retries and the fifth of a call: not eleven."""
    quiet = budget()
    quiet.deposit(0.0)
    assert retries(quiet, 0.0) == 11  # 10.2 allowed: the eleventh starts below it


@pytest.mark.parametrize(("calls", "granted"), [(0, 10), (5, 11), (50, 20), (100, 30), (1000, 210)])
def test_a_fifth_of_the_calls_on_top(calls, granted):
    """20 % of the calls of the last ten seconds, and the floor."""
    busy = budget()
    for _ in range(calls):
        busy.deposit(3.0)
    assert retries(busy, 3.0) == granted


def test_the_window_forgets_after_ten_seconds():
    """Yesterday's healthy traffic does not pay for today's storm; nor is it held against it."""
    window = budget()
    for second in range(10):
        for _ in range(100):
            window.deposit(float(second))
    assert retries(window, 9.5) == 210
    assert retries(window, 30.0) == 10


def test_the_floor_is_one_a_second_in_the_long_run():
    """A client without new calls gets ten retries in ten seconds, over any minute about sixty."""
    idle = budget()
    granted = sum(idle.withdraw(second + tenth / 10) for second in range(60) for tenth in range(10))
    assert 55 <= granted <= 70


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=300))
def test_retries_in_a_window_never_exceed_what_its_calls_allow(events):
    """At any time, the retries of the window stay within floor + ratio x calls, plus one."""
    tested = budget()
    granted: list[float] = []
    calls: list[float] = []
    for now, is_call in sorted(events, key=lambda event: event[0]):
        if is_call:
            tested.deposit(now)
            calls.append(now)
        elif tested.withdraw(now):
            granted.append(now)
        start = int(now) - 9
        recent = sum(1 for time in granted if time >= start)
        assert recent <= 10 + 0.2 * sum(1 for time in calls if time >= start) + 1


class TestRefund:
    """A retry that was drawn and never sent."""

    def test_it_can_be_drawn_again(self):
        budget = Budget(ratio=0.0, floor_per_s=0.1)
        assert budget.withdraw(5.0)
        assert not budget.withdraw(5.0)
        budget.refund(5.0)
        assert budget.withdraw(6.0)

    def test_it_counts_no_more_than_it_did(self):
        """Given back after its second was forgotten: the window has done so already."""
        budget = Budget(ratio=0.0, floor_per_s=0.1)
        assert budget.withdraw(5.0)
        assert budget.withdraw(15.0)
        budget.refund(5.0)
        assert not budget.withdraw(15.0)

    @given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
    def test_drawn_and_given_back_is_as_if_nothing_was(self, events):
        """Whatever the times: with every draw refunded, the budget is full."""
        budget, now = Budget(ratio=0.0, floor_per_s=1.0), 0.0
        for gap, twice in events:
            now += gap
            drawn = [now for _ in range(1 + twice) if budget.withdraw(now)]
            now += gap
            budget.deposit(now)
            for at in drawn:
                budget.refund(at)
        assert sum(budget.withdraw(now) for _ in range(20)) == 10


def test_a_call_is_counted_when_it_is_sent_and_not_when_it_comes():
    """It waits half a minute for a permit; its one retry is not forgotten meanwhile."""
    policy = Policy(in_flight_max=1, budget_ratio=1.0, budget_floor_per_s=0.0)
    outcomes = iter([(OK, 30.0), (error(503), 0.1), (OK, 0.1)])
    virtual = world(lambda *_: next(outcomes), policy)
    virtual.call(CHAT)
    patient = virtual.call(CHAT, at=1.0)
    virtual.run()
    assert (patient.answered, len(patient.sends)) == (True, 2)
