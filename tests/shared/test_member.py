"""A member's side of an exchange: what it tells, when it leaves, and what it does alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.lanes import Lanes
from halley.core.pace import AskAgain, Granted, Lane
from halley.core.signals import Event, Signal
from halley.shared.member import APART, LEASE_S, QUIET_S, Member, lane_id, moved
from halley.shared.record import Record, exchange
from halley.shared.store import Answer, Report

KEY = ("https://a.test", "m", 7)
OTHER = ("https://a.test", "m", 8)


class Ticket:
    def wake(self) -> None:
        """Nobody waits."""


class Here:
    """One member, with a clock of its own; the store is a record."""

    def __init__(self, name: str, store: dict[str, Record], ahead_s: float = 0.0) -> None:
        self.lanes = Lanes(in_flight_max=None, queue_max=10)
        self.rings = 0
        self.member = Member(name, self.lanes)
        self.lanes.share(self._ring, b"\1")
        self.told: list[Report] = []
        self._store, self._ahead_s = store, ahead_s

    def _ring(self) -> bool:
        self.rings += 1
        return True

    @property
    def lane(self) -> Lane:
        return self.lanes.lane(KEY)

    def send(self, now: float) -> None:
        """A call that goes at once, and comes back at once."""
        at = now - self._ahead_s
        assert isinstance(self.lane.enter(Ticket(), at, at + 100.0), Granted)
        self.lane.leave()

    def exchange(self, now: float, round_trip_s: float = 0.0) -> Answer:
        """Have an exchange that begins at the store's time `now`."""
        asked_at = now - self._ahead_s
        ((key, report),) = self.member.reports(asked_at)
        self.told.append(report)
        record, answer = exchange(self._store.get("lane"), report, now + round_trip_s / 2)
        self._store["lane"] = record
        self.member.take(key, answer, asked_at, asked_at + round_trip_s)
        return answer


@pytest.fixture
def store() -> dict[str, Record]:
    return {}


def test_nothing_is_told_before_the_stores_time_is_known(store: dict[str, Record]) -> None:
    """Then everything is, once, in the store's time."""
    here = Here("a", store, ahead_s=5000.25)
    here.send(10_000.0)
    for _ in range(3):
        here.exchange(10_000.0)
    assert [len(report.signals) for report in here.told] == [0, 1, 0]
    assert here.told[1].signals[0][1] == 10_000.0


def test_two_clocks_make_one_law(store: dict[str, Record]) -> None:
    """What one was refused, hours ahead of the other's clock, both go by."""
    one, two = Here("a", store), Here("b", store, ahead_s=7200.0)
    for here in (one, two, one, two):
        here.send(20_000.0)
        here.exchange(20_000.0)
    two.lane.refused(20_000.5 - 7200.0, 20_000.0 - 7200.0)
    two.exchange(20_000.5)
    one.exchange(20_000.5)
    assert one.lane.law.cuts == two.lane.law.cuts == 1
    assert one.lane.law.cut_at == two.lane.law.cut_at + 7200.0 == 20_000.5
    assert one.lane.rate_per_s == two.lane.rate_per_s


@pytest.mark.parametrize("heard", [False, True])
def test_who_has_not_heard_of_a_cut_makes_no_second_one(
    store: dict[str, Record], *, heard: bool
) -> None:
    """It went on at the old rate for a moment; had it heard, its refusal would have counted."""
    one, two = Here("a", store), Here("b", store)
    for here in (one, two, one, two):
        here.send(100.0)
        here.exchange(100.0)
    one.lane.refused(100.1, 100.0)
    one.exchange(100.1)
    one.send(103.0)
    one.lane.admitted(103.1, 103.0)
    if heard:
        two.exchange(100.2)
    two.send(103.2)
    two.lane.refused(103.3, 103.2)
    for here in (one, two, one):
        here.exchange(103.4)
    assert one.lane.law.cuts == two.lane.law.cuts == 1 + heard


@given(st.floats(0, 1e6), st.floats(0.001, 100), st.floats(-2e9, 2e9))
def test_a_refusal_still_names_its_send_after_it_was_moved(
    sent_at: float, seconds: float, ahead_s: float
) -> None:
    """To the bit: the law compares them for equality."""
    sent = moved(Signal(Event.SENT, sent_at, sent_at), ahead_s)
    refused = moved(Signal(Event.REFUSED, sent_at + seconds, sent_at), ahead_s)
    assert sent.now == sent.sent_at == refused.sent_at


class TestAServersWait:
    def test_is_told_once_and_does_not_grow(self, store: dict[str, Record]) -> None:
        """However long the way to the store is."""
        one, two = Here("a", store), Here("b", store)
        one.send(100.0)
        two.send(100.0)
        one.exchange(100.0, 0.2)
        one.lane.hold(100.5, 30.0)
        for _ in range(50):
            one.exchange(101.0, 0.2)
            two.exchange(101.0, 0.2)
        assert one.lane.held_until == 130.5
        assert two.lane.held_until == pytest.approx(130.5, abs=0.2)
        assert sum(report.held_until > 0 for report in one.told + two.told) == 1


class TestALaneThatIsQuiet:
    def test_leaves_after_a_while_and_rings_when_it_is_used_again(
        self, store: dict[str, Record]
    ) -> None:
        """It is told what it would get if it came back."""
        one, two = Here("a", store), Here("b", store)
        one.send(0.0)
        two.send(0.0)
        for here in (one, two, one, two):
            here.exchange(0.0)
        assert set(one.exchange(QUIET_S).members) == {"a", "b"}
        assert set(one.exchange(QUIET_S + 0.1).members) == {"b"}
        assert one.lane.share == 0.5
        assert one.member.reports(QUIET_S + 0.2) == []
        rings = one.rings
        one.send(10.0)
        assert one.rings == rings + 1
        assert set(one.exchange(10.0).members) == {"a"}


def test_a_refusal_and_the_first_who_waits_ask_for_an_exchange_at_once(
    store: dict[str, Record],
) -> None:
    """Nothing else does: whatever else there is to tell has time."""
    here = Here("a", store)
    here.send(0.0)
    here.exchange(0.0)
    rings = here.rings
    here.send(1.0)
    assert here.rings == rings
    here.lane.refused(1.1, 1.0)
    assert here.rings == rings + 1
    for _ in range(2):
        assert isinstance(here.lane.enter(Ticket(), 1.1, 9.0), AskAgain)
    assert here.rings == rings + 2


class TestWithoutAnAnswer:
    def test_a_share_is_good_for_a_second_and_then_a_little_less(
        self, store: dict[str, Record]
    ) -> None:
        """Once, not again and again; and all of it comes back with the store."""
        one, two = Here("a", store), Here("b", store)
        for here in (one, two, one):
            here.send(0.0)
            here.exchange(0.0)
        assert one.lane.share == 0.5
        shares = []
        for now in (0.5, LEASE_S, LEASE_S + 0.1, 3.0, 9.0):
            one.member.reports(now)
            one.member.miss(KEY, now)
            shares.append(one.lane.share)
        assert shares == [0.5, 0.5, APART * 0.5, APART * 0.5, APART * 0.5]
        one.send(10.0)
        one.exchange(10.0)
        assert one.lane.share == 1.0

    def test_the_lanes_own_law_goes_on_learning_and_is_told(self, store: dict[str, Record]) -> None:
        """The store has lost everything meanwhile: this law is where it begins."""
        here = Here("a", store)
        here.send(0.0)
        here.exchange(0.0)
        here.member.reports(0.1)
        here.member.miss(KEY, 0.1)
        here.send(0.5)
        here.lane.refused(0.6, 0.5)
        store.clear()
        assert here.exchange(0.7).snapshot["law"]["cuts"] == 1
        assert here.lane.law.cuts == 1


def test_the_name_of_a_lane_is_the_same_everywhere_and_tells_nothing() -> None:
    """Blake2b over origin, model and key, 16 bytes: as an independent program computes it."""
    assert lane_id(KEY) != lane_id(OTHER)
    assert len(lane_id(KEY)) == 32
    assert "a.test" not in lane_id(KEY)


def test_a_lane_that_was_forgotten_is_no_member_any_more(store: dict[str, Record]) -> None:
    """Its answer may still be on its way."""
    here = Here("a", store)
    here.send(0.0)
    answer = here.exchange(0.0)
    here.lanes.clear()
    assert here.member.reports(0.1) == []
    assert here.member.take(KEY, answer, 0.1, 0.1) is None
