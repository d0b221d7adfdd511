"""The three limiters, as arithmetic on times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.simulator import Profile
from halley.simulator.limits import Gate, Limits


def admitted(gate, times):
    return [gate.admit(now) is None for now in times]


def test_a_bucket_gives_its_burst_then_its_rate():
    """Two at once, then one each half second at two a second."""
    gate = Gate(Limits(rate_per_s=2, burst=2))
    assert admitted(gate, [0, 0, 0, 0.5, 0.5, 1.0]) == [True, True, False, True, False, True]


def test_a_bucket_names_the_wait_to_its_next_place():
    """A quarter second after the last place, a quarter is left to wait."""
    gate = Gate(Limits(rate_per_s=2, burst=1))
    gate.admit(0.0)
    assert gate.admit(0.25).wait_s == pytest.approx(0.25)


def test_a_window_opens_again_with_the_minute():
    """Three a minute, counted from the full minute of the clock."""
    gate = Gate(Limits(per_minute=3))
    assert admitted(gate, [50, 51, 52, 53, 60]) == [True, True, True, False, True]
    gate = Gate(Limits(per_minute=1))
    gate.admit(30.0)
    assert gate.admit(45.0).wait_s == pytest.approx(15.0)


def test_in_flight_counts_what_has_not_ended():
    """The third request waits for the end of the first."""
    gate = Gate(Limits(in_flight=2))
    gate.occupy(5.0)
    gate.occupy(8.0)
    assert gate.admit(4.0).wait_s == pytest.approx(1.0)
    assert gate.admit(5.0) is None


def test_a_refused_request_costs_nothing():
    """Knocking while the window is closed does not use up the bucket."""
    gate = Gate(Limits(rate_per_s=0.001, burst=2, per_minute=1))
    assert admitted(gate, [0, 1, 2, 3, 60]) == [True, False, False, False, True]


@given(gaps=st.lists(st.floats(0, 1), max_size=60), rate=st.floats(0.5, 20))
def test_a_bucket_never_gives_more_than_burst_and_refill(gaps, rate):
    """Whatever the arrivals, at most burst + rate x time are admitted."""
    gate, now, count = Gate(Limits(rate_per_s=rate, burst=3)), 0.0, 0
    for gap in gaps:
        now += gap
        count += gate.admit(now) is None
    assert count <= 3 + rate * now + 1e-6


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(rate_per_s=0.1, burst=1), "Please try again in 10000ms"),
        (Limits(per_minute=1), "maximum 1 requests in 1 minutes"),
        (Limits(in_flight=1), "当前分组上游负载已饱和"),
    ],
)
def test_each_limit_speaks_its_own_text(caller, limits, said):
    """429 with the words the gateway or its upstream uses for that limit."""
    call = caller(profile=Profile("one", "", limits=limits))
    assert call(now=0.0).status == 200
    reply = call(now=0.0)
    assert reply.status == 429
    assert said in reply.body.decode()


@pytest.mark.parametrize(("share", "told"), [(0.0, None), (1.0, "10")])
def test_retry_after_comes_as_often_as_the_profile_says(caller, share, told):
    """Never, or always, in whole seconds that are not too short."""
    limits = Limits(rate_per_s=0.1, burst=1)
    call = caller(profile=Profile("one", "", limits=limits, retry_after=share))
    call()
    assert call().header("retry-after") == told


def test_limits_are_counted_for_each_key(caller):
    """One key's burst leaves another key's alone."""
    call = caller(profile=Profile("one", "", limits=Limits(per_minute=1)))
    keys = ["sk-" + letter * 8 for letter in "abab"]
    assert [call(key=key).status for key in keys] == [200, 200, 429, 429]


def test_an_open_stream_is_in_flight_to_its_last_byte(caller):
    """The place is free when the stream has ended, not when it has begun."""
    call = caller(profile=Profile("one", "", limits=Limits(in_flight=1)))
    duration_s = call(stream=True, now=0.0).duration_s
    assert call(now=duration_s * 0.9).status == 429
    assert call(now=duration_s * 1.01).status == 200
