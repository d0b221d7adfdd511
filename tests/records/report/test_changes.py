"""What is said to have changed: what moved by half and beyond chance, and what is new."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.records.report.changes import CALLS_MIN, NEW_MIN, Part, changes, moved

QUIET = Part(
    calls=1000,
    failed=10,
    attempts=1010,
    p95_s=2.0,
    seconds=1000.0,
    met={"kind": {"timeout": 20}, "model": {"m": 1000}, "key": {"k": 1000}},
)


def test_two_equal_parts_have_no_change():
    """Nothing to report is nothing reported."""
    assert changes(QUIET, QUIET) == ()


@pytest.mark.parametrize(
    ("change", "what", "before", "after"),
    [
        ({"failed": 60}, "failed", 0.01, 0.06),
        ({"attempts": 1300}, "amplification", 1.01, 1.3),
        ({"seconds": 500.0}, "offered", 1.0, 2.0),
        ({"p95_s": 5.0}, "call_p95", 2.0, 5.0),
    ],
)
def test_a_figure_that_moved(change, what, before, after):
    """With both sides of it."""
    (row,) = changes(QUIET, replace(QUIET, **change))
    assert (row.what, row.before, row.after) == (what, before, after)


def test_kinds_models_and_keys():
    """New from the third call on, moved if beyond chance, and gone as well."""
    met = {
        "kind": {"balance": NEW_MIN, "rare": 2},
        "model": {"m": 500, "n": 500},
        "key": {"k": 1000},
    }
    rows = changes(QUIET, replace(QUIET, met=met))
    assert [(row.what, row.name, row.before, row.after, row.calls) for row in rows] == [
        ("kind", "balance", None, 0.003, "kind=balance"),
        ("kind", "timeout", 0.02, 0.0, "kind=timeout"),
        ("model", "m", 1.0, 0.5, "model=m"),
        ("model", "n", None, 0.5, "model=n"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((10, 1000), (30, 1000), True),
        ((4, 100), (8, 100), False),
        ((400, 1000), (500, 1000), False),
    ],
)
def test_a_share_moves_by_half_and_beyond_chance(before, after, expected):
    """Four of a hundred and eight of a hundred may be the same; so may 40 % and 50 %."""
    assert moved(*before, *after) is expected


def test_of_a_handful_of_calls_nothing_is_said():
    """Whatever they met."""
    few = replace(QUIET, calls=CALLS_MIN - 1, failed=CALLS_MIN - 1)
    assert changes(QUIET, few) == changes(few, QUIET) == ()


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_a_move_is_one_in_both_directions(of_before, of_after, share_before, share_after):
    """And never between equal shares."""
    before, after = int(share_before * of_before), int(share_after * of_after)
    assert moved(before, of_before, after, of_after) == moved(after, of_after, before, of_before)
    assert not moved(before, of_before, before, of_before)
