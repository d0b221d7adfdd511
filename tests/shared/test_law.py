"""What a law must be like to be shared: moved in time, sent as JSON, told things in any order."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from halley.core.law import Law
from halley.core.signals import Binds, Event, Signal, Why

TICKS = st.integers(0, 60 * 64).map(lambda ticks: ticks / 64)
"""Times of a minute, in fractions that a double adds without a remainder."""
SIGNALS = st.builds(
    Signal,
    st.sampled_from(Event),
    TICKS,
    TICKS,
    st.sampled_from(Binds),
    st.sampled_from([1.0, 30.0, 4000.0]),
    st.integers(0, 50),
    st.sampled_from(Why),
)


def told(signals: list[Signal], law: Law) -> Law:
    for signal in sorted(signals, key=lambda one: one.now):
        law.apply(signal)
    return law


def shifted(signals: list[Signal], by_s: float) -> list[Signal]:
    return [one._replace(now=one.now + by_s, sent_at=one.sent_at + by_s) for one in signals]


@given(st.lists(SIGNALS, max_size=60), st.lists(SIGNALS, max_size=60), st.booleans())
def test_a_law_that_was_moved_goes_on_as_if_it_had_always_been_there(before, after, ramp) -> None:
    """Whatever it was told: on another member's clock the same things happen."""
    later = shifted(after, 60.0)
    here = told(later, told(before, Law(ramp=ramp)))
    there = told(shifted(later, 4096.0), told(before, Law(ramp=ramp)).moved(4096.0))
    assert there.moved(-4096.0).state() == here.state()


@given(st.lists(SIGNALS, max_size=60), st.lists(SIGNALS, max_size=60), st.booleans())
def test_a_law_goes_through_json_and_shares_nothing_with_its_copy(before, after, ramp) -> None:
    """The copy is the same, and stays what it was when the other goes on."""
    law = told(before, Law(ramp=ramp))
    text = json.dumps(law.state())
    copy, moved = Law.of(json.loads(text)), law.moved(0.0)
    told(shifted(after, 60.0), law)
    assert copy.state() == moved.state() == Law.of(json.loads(text)).state()


@given(st.lists(SIGNALS, max_size=60), st.booleans())
def test_a_law_takes_whatever_it_is_told(signals, ramp) -> None:
    """Reports are lost: it may hear of a refusal and never of the send. Its limits stay limits."""
    law = told(signals, Law(ramp=ramp))
    assert law.rate_per_s is None or law.rate_per_s > 0
    assert law.tokens_per_s is None or law.tokens_per_s > 0
    assert law.in_flight_max >= 1
