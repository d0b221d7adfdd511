"""The control law: one cut a burst, growth only where it binds, blocks, and what a limit counts."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.account import Account
from halley.core.law import FREE_AFTER_S, SLOW_S, UNIT_S, Law
from halley.core.level import GROWTH_MAX, MARGIN
from halley.core.pace import AskAgain, Lane
from halley.core.signals import Binds, Event, Signal, Why


def sent(now: float, binds: Binds = Binds.REQUESTS, *, in_flight: int = 0, cost: float = 1.0):
    """A call that left."""
    return Signal(Event.SENT, now, now, binds, cost, in_flight)


def refused(now: float, sent_at: float, why: Why = Why.UNKNOWN, *, in_flight: int = 0):
    """A call that was refused."""
    return Signal(Event.REFUSED, now, sent_at, in_flight=in_flight, why=why)


def settled(rate_per_s: float = 10.0, until: float = 20.0) -> Law:
    """A law that has sent at a rate, without a refusal, after a cut long ago."""
    law = Law(ramp=True)
    law.requests.value, law.cuts, law.cut_at = rate_per_s, 1, 0.0
    for number in range(int(until * rate_per_s)):
        law.apply(sent(number / rate_per_s, Binds.NOTHING))
    return law


EVENTS = st.tuples(
    st.sampled_from([0.0, 0.01, 0.1, 1.0, 20.0]),
    st.sampled_from(Event),
    st.integers(0, 9),
    st.sampled_from(Binds),
    st.sampled_from([1.0, 50.0, 900.0]),
    st.sampled_from(Why),
)


def history_of(events: list[tuple[float, Event, int, Binds, float, Why]]) -> list[Signal]:
    """Any events in the order of time; admissions and refusals are of calls that were sent."""
    now, out, signals = 0.0, [0.0], []
    for wait_s, event, number, binds, cost, why in events:
        now += wait_s
        about = now if event is Event.SENT else out[-1 - number % len(out)]
        out = [*out[-9:], about]
        signals.append(Signal(event, now, about, binds, cost, number, why))
    return signals


HISTORIES = st.lists(EVENTS, min_size=1, max_size=60).map(history_of)


@given(history=HISTORIES, ramp=st.booleans(), at=st.integers(0, 60))
def test_a_state_goes_through_json_and_goes_on_the_same(history, ramp, at):
    """Wherever it is taken; the same signals make the same state."""
    law, other = Law(ramp=ramp), Law(ramp=ramp)
    for number, signal in enumerate(history):
        law.apply(signal)
        if number == at:
            other = Law.of(json.loads(json.dumps(other.state())))
        other.apply(Signal.of(json.loads(json.dumps(signal))))
    assert other == law


@given(history=HISTORIES, ramp=st.booleans())
def test_levels_are_positive_and_finite_whatever_happens(history, ramp):
    """And a level of calls lets one through."""
    law = Law(ramp=ramp)
    for signal in history:
        law.apply(signal)
        for rate in (law.rate_per_s, law.tokens_per_s):
            assert rate is None or 0.0 < rate < math.inf
        assert law.in_flight_max >= 1.0


@given(history=HISTORIES)
def test_a_rate_never_grows_faster_than_the_law_says(history):
    """Twice in a second on the ramp, then e to the 1.5 in a unit; a block's end may teach more."""
    law = Law(ramp=True)
    for signal in history:
        before, ended = law.requests.value, law.blocked_at
        since_s = min(signal.now - law.sent_at, max(UNIT_S, 2.0 / before, law._unit_s / 4))
        law.apply(signal)
        if signal.event is Event.SENT and ended is None:
            most = max(math.exp2(since_s), math.exp(GROWTH_MAX * since_s / UNIT_S))
            assert law.requests.value <= before * most * (1.0 + 1e-9)


def test_the_ramp_doubles_every_second_while_it_binds():
    """From two a second to sixty-four in five."""
    law = Law(ramp=True)
    law.apply(sent(0.0))
    while law.sent_at < 5.0:
        law.apply(sent(law.sent_at + 1.0 / law.rate_per_s))
    assert law.rate_per_s == pytest.approx(2.0 * 2.0**law.sent_at, rel=0.01)


@pytest.mark.parametrize("ramp", [True, False])
def test_nothing_grows_while_the_work_is_what_limits(ramp):
    """Calls that came when they liked prove nothing about the limit."""
    law = Law(ramp=ramp)
    law.requests.value, law.tokens.value, law.calls.value = 5.0, 50.0, 8.0
    for number in range(1000):
        law.apply(sent(number / 4.0, Binds.NOTHING))
    assert (law.requests.value, law.tokens.value, law.calls.value) == (5.0, 50.0, 8.0)


def test_a_burst_of_refusals_is_one_cut():
    """Nine calls were on their way when the first refusal came."""
    law = settled()
    cuts = law.cuts
    for number in range(9):
        law.apply(sent(20.0 + number / 100, Binds.NOTHING))
    for number in range(9):
        law.apply(refused(20.1 + number / 100, 20.0 + number / 100))
    assert law.cuts == cuts + 1


class TestWhoDidNotKnowOfTheCut:
    """Another process sent on at the old rate: its refusals say nothing of the new one."""

    @pytest.mark.parametrize("turns", [0, 1])
    def test_is_no_second_cut(self, turns):
        """Who knew of it is; one admission lies between."""
        law = self.cut()
        for now in (20.1, 20.2, 20.3, 20.4):
            law.apply(self.known(sent(now), 1))
        law.apply(Signal(Event.ADMITTED, 20.5, 20.1))
        law.apply(self.known(refused(20.5, 20.3), turns))
        assert law.cuts == 2 + turns

    @pytest.mark.parametrize("turns", [0, 1])
    def test_begins_no_block(self, turns):
        """Who knew of it and was refused does."""
        law = self.cut()
        for now in (20.1, 20.2, 20.3):
            law.apply(self.known(sent(now), turns))
            law.apply(self.known(refused(now + 0.05, now), turns))
        assert (law.blocked_at is not None) == bool(turns)

    def test_is_taken_out_of_what_was_admitted(self):
        """Its call did not get through, whatever it knew."""
        law = self.cut()
        for now in (20.1, 20.2):
            law.apply(self.known(sent(now), 0))
        law.apply(self.known(refused(20.25, 20.1), 0))
        assert law.burst.count == 1

    def test_is_no_probe_of_a_block(self):
        """Its admission does not end one: it was sent before that was known."""
        law = self.cut()
        law.apply(self.known(sent(20.1), 1))
        law.apply(self.known(refused(20.15, 20.1), 1))
        assert law.turns == 2
        for turns, ended in ((1, False), (2, True)):
            law.apply(self.known(sent(20.2 + turns), turns))
            law.apply(Signal(Event.ADMITTED, 20.3 + turns, 20.2 + turns))
            assert (law.blocked_at is None) == ended

    @staticmethod
    def cut() -> Law:
        """A law that was cut at 20 s, for the second time; the sender knew of the first turn."""
        law = settled()
        law.turns = 0
        law.apply(refused(20.0, 19.9))
        assert (law.cuts, law.turns) == (2, 1)
        return law

    @staticmethod
    def known(signal: Signal, turns: int) -> Signal:
        """As a process tells it that knew of so many turns."""
        return signal._replace(turns=turns)


def test_a_cut_goes_a_little_below_what_was_admitted():
    """Ten a second were, until a rate of eleven was refused."""
    law = Law(ramp=True)
    law.requests.value, law.cuts, law.cut_at = 11.0, 1, 0.0
    for number in range(1, 201):
        law.apply(sent(number / 10))
    law.requests.value = 11.0
    law.apply(sent(20.1))
    law.apply(refused(20.2, 20.1))
    assert law.rate_per_s == pytest.approx(MARGIN * 10.0, rel=0.01)


def test_no_second_cut_without_an_admission_between():
    """What is refused without exception is a block: the rate stays, and single probes ask."""
    law = settled()
    law.apply(sent(20.0))
    law.apply(refused(20.1, 20.0))
    cut = law.rate_per_s
    for now in (20.2, 20.5, 20.8):
        law.apply(sent(now))
        law.apply(refused(now + 0.1, now))
    assert law.rate_per_s == pytest.approx(cut, rel=0.01)
    assert law.blocked_at == pytest.approx(20.3)
    assert law.probe_at > 20.9


def test_probes_come_ever_later_and_no_later_than_ten_seconds():
    """While nothing else is known."""
    law, now, probes = settled(), 20.0, []
    for _ in range(30):
        law.apply(sent(now))
        law.apply(refused(now + 0.1, now))
        now = max(now + 0.2, law.probe_at)
        probes.append(now)
    gaps = [later - earlier for earlier, later in pairwise(probes[3:])]
    assert all(later >= earlier - 1e-6 for earlier, later in pairwise(gaps))
    assert gaps[-1] == pytest.approx(10.1, abs=0.1)


@pytest.mark.parametrize("admission", ["told", "presumed"])
def test_a_probe_that_is_not_refused_ends_a_block(admission):
    """An answer says so, or that no refusal came in twice the time that refusals take."""
    law = settled()
    for now in (20.0, 20.2, 20.4):
        law.apply(sent(now))
        law.apply(refused(now + 0.1, now))
    assert law.blocked_at is not None
    law.apply(sent(30.0))
    law.apply(
        Signal(Event.ADMITTED, 31.0, 30.0) if admission == "told" else sent(30.25, Binds.NOTHING)
    )
    assert law.blocked_at is None
    assert law.probe_at == -math.inf


def test_a_limit_per_minute_is_known_after_one_block():
    """Twenty at once, then nothing for the rest of the minute: twenty a minute."""
    law, now = Law(ramp=True), 0.0
    for number in range(20):
        law.apply(sent(number / 10))
    for probe in (2.0, 2.5, 3.0, 30.0):
        law.apply(sent(probe))
        law.apply(refused(probe + 0.1, probe))
    now = 60.0
    law.apply(sent(now))
    law.apply(Signal(Event.ADMITTED, 61.0, now))
    assert law.rate_per_s == pytest.approx(MARGIN * 20 / 60, rel=0.06)


def test_far_below_what_was_admitted_before_it_grows_in_haste():
    """A limit that came back is found again in seconds."""
    slow, hasty = settled(4.0), settled(4.0)
    hasty.requests.mark = 10.0
    for law in (slow, hasty):
        law.apply(sent(20.0))
        law.apply(refused(20.1, 20.0))
        while law.sent_at < 28.0:
            law.apply(sent(law.sent_at + 1.0 / law.rate_per_s))
    assert slow.rate_per_s < 4.5
    assert hasty.rate_per_s > 9.0


def test_one_stray_is_no_limit_and_three_of_eight_are():
    """A saturated channel behind a gateway says nothing about this key, unless all of them are."""
    law = settled()
    for stray in (21.0, 24.0):
        for number in range(12):
            law.apply(sent(stray + number / 10))
        law.apply(refused(stray + 1.2, stray + 1.1, Why.STRAY))
    assert law.cuts == 1
    for number in range(8):
        law.apply(sent(30.0 + number / 10))
    for number in (3, 5, 7):
        law.apply(refused(30.8, 30.0 + number / 10, Why.STRAY))
    assert law.cuts == 2


def test_after_slow_down_it_grows_by_half_in_fifteen_minutes():
    """OpenAI's ramp rate."""
    law = settled()
    law.apply(sent(20.0))
    law.apply(refused(20.1, 20.0, Why.SLOW_DOWN))
    start = law.rate_per_s
    while law.sent_at < 20.0 + SLOW_S:
        law.apply(sent(law.sent_at + 1.0 / law.rate_per_s))
    assert start * 1.4 < law.rate_per_s <= start * 1.51


def test_a_named_limit_of_calls_in_flight_stays_when_others_are_not_named():
    """One fewer than were refused, from the first refusal on."""
    law = settled()
    law.apply(sent(20.0, in_flight=6))
    law.apply(refused(20.1, 20.0, Why.CONCURRENCY, in_flight=6))
    assert law.in_flight_max == 5.0
    law.apply(sent(30.0, in_flight=4))
    law.apply(sent(31.0, in_flight=4))
    law.apply(refused(31.1, 31.0, in_flight=4))
    assert law.in_flight_max == 5.0


def test_without_knowing_how_many_were_in_flight_the_rate_is_cut():
    """Calls that needed no permit were not counted."""
    law = Law()
    for number in range(20):
        law.apply(sent(number / 20, Binds.NOTHING))
    law.apply(refused(1.0, 0.9, Why.CONCURRENCY))
    assert law.rate_per_s is not None


def test_a_named_token_limit_holds_tokens_and_not_requests():
    """What a refusal says outweighs what is suspected."""
    law = Law()
    for number in range(50):
        law.apply(sent(number / 50, Binds.NOTHING, cost=300.0))
    law.apply(refused(1.1, 0.9, Why.TOKENS))
    assert law.rate_per_s is None
    assert law.tokens_per_s > 300.0


def test_it_is_free_after_a_quiet_minute_if_it_is_no_ramp():
    """A ramp stays: the pacer governs a batch to its end."""
    for law in (Law(), Law(ramp=True)):
        law.apply(sent(0.0))
        law.apply(refused(0.1, 0.0))
        assert not law.free(FREE_AFTER_S)
        assert law.free(FREE_AFTER_S + 1.0) is not law.ramp


def test_a_rate_that_headers_tell_ends_the_ramp_and_is_no_ceiling():
    """Ten a second are told; from there on it grows as after a cut, not twice a second."""
    law = Law(ramp=True)
    law.apply(Signal(Event.TOLD, 0.0, 0.0, Binds.REQUESTS, 10.0))
    law.apply(sent(0.0))
    while law.sent_at < 5.0:
        law.apply(sent(law.sent_at + 1.0 / law.rate_per_s))
    assert 10.0 < law.rate_per_s < 10.5


def test_what_headers_tell_after_a_refusal_counts_no_more():
    """What was admitted is known better: a gateway passes on the header of one channel."""
    law = settled()
    law.apply(Signal(Event.TOLD, 20.0, 20.0, Binds.TOKENS, 1.0))
    assert law.tokens_per_s is None


def test_a_block_of_an_hour_does_not_set_it_free():
    """Its probes are refused again and again."""
    law, now = Law(), 0.0
    while now < 3600.0:
        law.apply(sent(now))
        law.apply(refused(now + 0.1, now))
        now = max(now + 0.2, law.probe_at)
        assert not law.free(now)


class Server:
    """A limit: each call is answered after a while, or refused after 0.1 s."""

    def __init__(self, *, rate_per_s: float = math.inf, cap: float = math.inf) -> None:
        self.rate, self.cap, self.at = rate_per_s, cap, 0.0
        self.level = self.burst = max(5.0, min(rate_per_s, 1000.0) / 2)
        self.answers: list[float] = []
        self.admitted = self.refused = 0

    def admits(self, now: float) -> bool:
        self.answers = [end for end in self.answers if end > now]
        if self.rate < math.inf:
            self.level, self.at = min(self.burst, self.level + (now - self.at) * self.rate), now
        if self.level < 1.0 or len(self.answers) >= self.cap:
            return False
        self.level -= self.rate < math.inf
        self.answers.append(now + 0.5 + (self.admitted * 0.37) % 1.0)
        return True


class Caller:
    """A caller in the queue."""

    def wake(self) -> None:
        pass


def driven(server: Server, end: float, start: float) -> tuple[Lane, float, float]:
    """A ramp under an endless backlog; from `start`, admissions a second and refusals a call."""
    lane, now, due = Lane(in_flight_max=None, queue_max=9, ramp=True), 0.0, []
    caller, counts = Caller(), [0, 0]
    while now < end:
        due.sort()
        while due and due[0][0] <= now:
            at, sent_at, fine = due.pop(0)
            lane.admitted(at, sent_at) if fine else lane.refused(at, sent_at)
            lane.leave()
        answer = lane.enter(caller, now, math.inf)
        if isinstance(answer, AskAgain):
            now = min([now + answer.wait_s, *(event[0] for event in due[:1])])
            continue
        fine = server.admits(now)
        server.admitted += fine
        due.append((server.answers[-1] if fine else now + 0.1, now, fine))
        counts[not fine] += now >= start
    return lane, counts[0] / (end - start), counts[1] / sum(counts)


@pytest.mark.parametrize("rate_per_s", [1.7, 13.0, 90.0])
def test_it_settles_just_below_a_rate_that_nobody_tells(rate_per_s):
    """At least 97 % of it, and no more than one refusal in thirty calls."""
    _, admitted, refusals = driven(Server(rate_per_s=rate_per_s), end=200.0, start=60.0)
    assert admitted >= 0.97 * rate_per_s
    assert refusals <= 1 / 30


def test_it_finds_a_limit_of_calls_in_flight():
    """Eleven, by the edge at which refusals begin."""
    lane, _, refusals = driven(Server(cap=11), end=200.0, start=100.0)
    assert 11.0 <= lane.law.in_flight_max < 12.1
    assert lane.law.suspect.why is Why.CONCURRENCY
    assert refusals <= 1 / 30


def test_a_refusal_that_is_heard_of_late_is_of_the_same_burst():
    """A millisecond's round trip, and once fifty of them on a busy machine: one cut."""
    law = settled()
    law.apply(sent(20.0))
    law.apply(refused(20.001, 20.0))
    cut_to, late = law.rate_per_s, 20.01
    for number in range(5):
        law.apply(sent(late + number / 100))
    law.apply(refused(20.06, late))
    law.apply(refused(20.061, late + 0.01))
    assert (law.cuts, law.rate_per_s) == (2, pytest.approx(cut_to, rel=0.01))


def test_what_ends_a_block_raises_no_level_of_tokens():
    """It may have been one large request; of requests it shows what the limit allows."""
    law = settled()
    law.suspect.why, law.tokens.value = Why.TOKENS, 100.0
    law.cycle = Account(count=200, cost=9000.0, seconds=10.0)
    law.blocked_at, law.watched_at, law.cycle_cuts = 21.0, 22.0, 1
    law.apply(Signal(Event.ADMITTED, 22.1, 22.0))
    assert law.blocked_at is None
    assert law.tokens.value == 100.0
    assert law.requests.value == pytest.approx(MARGIN * 20.0)
