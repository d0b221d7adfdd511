"""The models of limits admit what they may, never more, and say rightly when to come again."""

from __future__ import annotations

import pytest
from benchmarks.goodput.limits import (
    DROP,
    Both,
    Bucket,
    FixedWindow,
    InFlight,
    Share,
    SlidingWindow,
    Unit,
)
from hypothesis import given
from hypothesis import strategies as st

GAPS = st.lists(st.floats(0.0, 30.0), min_size=1, max_size=200)
HALF = Share(((0.0, 1.0), (100.0, 0.5)))


def times(gaps):
    """Times that never go back."""
    now = 0.0
    for gap in gaps:
        now += gap
        yield now


@given(GAPS, st.booleans())
def test_a_bucket_never_admits_more_than_its_burst_and_its_flow(gaps, charged):
    """Over any stretch from the start: what it held and what flowed in since."""
    bucket = Bucket(0.5, 3.0, HALF, charged=charged)
    admitted = 0
    for now in times(gaps):
        admitted += bucket.admit(now, 1) is None
        assert admitted <= 3.0 + bucket.capacity(0.0, now) + 1e-6


@given(GAPS)
def test_a_sliding_minute_never_holds_more_than_its_number(gaps):
    """At any moment, of the sixty seconds before."""
    window, admitted = SlidingWindow(5), []
    for now in times(gaps):
        if window.admit(now, 1) is None:
            admitted.append(now)
        assert sum(now - 60.0 < at <= now for at in admitted) <= 5


@given(GAPS, st.floats(0.0, 59.0))
def test_a_fixed_minute_never_holds_more_than_its_number(gaps, phase_s):
    """Whatever its phase."""
    window, counts = FixedWindow(5, phase_s=phase_s), {}
    for now in times(gaps):
        minute = (now + phase_s) // 60.0
        counts[minute] = counts.get(minute, 0) + (window.admit(now, 1) is None)
    assert max(counts.values()) <= 5


@given(GAPS, st.floats(0.1, 100.0))
def test_a_cap_never_holds_more_than_its_number(gaps, seconds):
    """Requests that all take so long."""
    cap, ends = InFlight(4), []
    for now in times(gaps):
        if cap.admit(now, 1) is None:
            cap.occupy(now + seconds)
            ends.append(now + seconds)
        assert sum(end > now for end in ends) <= 4


@pytest.mark.parametrize(
    "limit",
    [Bucket(0.5, 3.0), FixedWindow(5), SlidingWindow(5), Both(Bucket(9.0, 9.0), SlidingWindow(5))],
    ids=lambda limit: type(limit).__name__,
)
def test_who_comes_again_when_told_is_admitted(limit):
    """And a moment before, refused."""
    now, wait_s = 7.0, None
    while wait_s is None:
        wait_s = limit.admit(now, 1)
    assert limit.admit(now + wait_s * 0.99, 1) is not None
    assert limit.admit(now + wait_s, 1) is None


def test_a_refused_send_may_cost_what_is_left():
    """Then asking too often is never answered; asking less often is."""
    often, seldom = (Bucket(1.0, 1.0, charged=True) for _ in range(2))
    assert sum(often.admit(now / 2, 1) is None for now in range(100)) == 1
    assert sum(seldom.admit(float(now), 1) is None for now in range(50)) == 50


def test_a_bucket_of_llm_tokens_takes_what_a_request_costs():
    """A large one is refused where a small one is not."""
    bucket = Bucket(10.0, 100.0, unit=Unit.TOKENS)
    assert bucket.admit(0.0, 90) is None
    assert bucket.admit(0.0, 20) == pytest.approx(1.0)
    assert bucket.admit(0.0, 10) is None


def test_capacity_falls_to_forty_percent_for_two_minutes():
    """Nine hundred seconds at ten a second, less 72 seconds' worth."""
    assert Bucket(10.0, 10.0, DROP).capacity(0.0, 900.0) == pytest.approx(8280.0)
    assert Bucket(10.0, 10.0, DROP).capacity(310.0, 320.0) == pytest.approx(40.0)
