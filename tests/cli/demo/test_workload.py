"""The demo's calls: the same for the same seed, some of every kind, and two bursts."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from halley.cli.demo.workload import BURST_SHARE, CALLS_PER_S, Work, plan


@given(calls=st.integers(10, 400), seed=st.integers())
def test_a_plan(calls, seed):
    """As many calls as asked for, in order, at least one of each kind, each with its own marker."""
    planned = plan(calls, seed)
    assert planned == plan(calls, seed)
    assert len({call.marker for call in planned}) == len(planned) == calls
    assert {call.work for call in planned} == set(Work)
    starts = [call.at_s for call in planned]
    assert starts == sorted(starts)
    assert starts[0] >= 0
    assert starts[-1] <= calls / CALLS_PER_S


def test_the_bursts():
    """Two moments at which about a quarter of all calls start at once."""
    moments = Counter(call.at_s for call in plan(400, 0)).most_common(3)
    (_, first), (_, second), (_, third) = moments
    assert min(first, second) > 400 * BURST_SHARE * 0.7
    assert third == 1
