"""Waits: the documented backoff and the others on offer, and jitter that only goes up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.policy import Backoff, Policy
from halley.core.schedule import backoff, jittered

DRAWS = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("attempt", "delay"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (20, 30)]
)
def test_documented_is_the_documentations_formula(attempt, delay):
    """min(30, 2**attempt) + random() with the attempt counted from 0."""
    for u in (0.0, 0.25, 0.99):
        assert backoff(attempt, Policy(), throttled=False, u=u) == min(30, 2 ** (attempt - 1)) + u
        assert min(30, 2 ** (attempt - 1)) == delay


@given(attempt=st.integers(1, 10_000), u=DRAWS, kind=st.sampled_from(Backoff))
def test_every_backoff_is_finite_and_bounded_however_late(attempt, u, kind):
    """No exponent overflows, and only the documented one passes its cap, by its jitter."""
    policy = Policy(backoff=kind)
    wait = backoff(attempt, policy, throttled=True, u=u)
    assert 0 <= wait <= policy.backoff_cap_s + (1 if kind is Backoff.DOCUMENTED else 0)


@pytest.mark.parametrize(
    ("attempt", "throttled", "ceiling"),
    [(1, False, 0.05), (2, False, 0.1), (3, False, 0.2), (1, True, 1), (2, True, 2), (9, True, 20)],
)
def test_aws_has_a_base_for_transient_failures_and_one_for_throttling(attempt, throttled, ceiling):
    """50 ms and 1 s, doubling, capped at 20 s, full jitter (AWS SDKs, November 2026)."""
    policy = Policy(backoff="aws")
    assert backoff(attempt, policy, throttled=throttled, u=0.5) == pytest.approx(ceiling / 2)


def test_full_jitter_spreads_evenly_over_the_whole_range():
    """The mean of even draws is half the ceiling, and zero is possible."""
    policy = Policy(backoff="full_jitter", backoff_base_s=1.0)
    waits = [backoff(3, policy, throttled=False, u=i / 100) for i in range(100)]
    assert min(waits) == 0
    assert sum(waits) / 100 == pytest.approx(2.0, abs=0.03)


def test_attempts_are_counted_from_one():
    """Attempt 0 is a mistake of the caller."""
    with pytest.raises(ValueError, match="expected 1 or more, got 0"):
        backoff(0, Policy(), throttled=False, u=0.0)


@given(wait=st.floats(0.001, 86400), u=DRAWS)
def test_a_servers_wait_is_only_ever_lengthened(wait, u):
    """By a quarter, a tenth of a second at least and a second at most."""
    assert wait <= jittered(wait, u) <= wait + min(1.0, max(0.1, wait / 4))
