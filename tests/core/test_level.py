"""A level: growth that quickens, cuts that go no deeper than half, haste below the mark."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.level import CUT_LEAST, GROWTH_MAX, MARGIN, Level

RATES = st.floats(1e-3, 1e4)


def grown(level: Level, units: float) -> float:
    """The level after some units, a twentieth at a time."""
    for _ in range(round(units * 20)):
        level.grow(0.05)
    assert level.value is not None
    return level.value


def test_growth_doubles_from_unit_to_unit():
    """About 2 % in the first, 4 % in the second, 9 % in the third."""
    level = Level(1.0)
    steps = [math.log(grown(level, 1.0) / before) for before in (1.0,)]
    for _ in range(2):
        before = level.value
        steps.append(math.log(grown(level, 1.0) / before))
    assert steps[1] == pytest.approx(2 * steps[0], rel=0.01)
    assert steps[2] == pytest.approx(4 * steps[0], rel=0.01)


@given(value=RATES, units=st.floats(0.0, 50.0), quiet=st.floats(0.0, 1e6), mark=RATES)
def test_growth_has_a_ceiling_and_is_the_same_at_every_size(value, units, quiet, mark):
    """However quiet it was; and a level twice as large grows to twice as much."""
    level, twice = Level(value, mark, quiet), Level(2 * value, 2 * mark, quiet)
    level.grow(units)
    twice.grow(units)
    assert value <= level.value <= value * math.exp(GROWTH_MAX * units) * (1 + 1e-9)
    assert twice.value == pytest.approx(2 * level.value)


@given(value=RATES, admitted=st.floats(0.0, 1e4), count=st.integers(-3, 500))
def test_a_cut_always_lowers_and_at_most_halves(value, admitted, count):
    """To a little below what was admitted in between."""
    level = Level(value)
    level.cut(admitted, count)
    assert CUT_LEAST * value <= level.value <= MARGIN * value


def test_two_calls_prove_less_than_two_hundred():
    """Two in 0.29 s may have been nearly three; 200 in 29 s are sure."""
    few, some, many = Level(13.0), Level(13.0), Level(13.0)
    few.cut(2 / 0.29, 2)
    some.cut(12 / 1.74, 12)
    many.cut(200 / 29, 200)
    assert few.value > MARGIN * 3 / 0.29 > some.value > many.value
    assert many.value == pytest.approx(MARGIN * 200 / 29, rel=0.01)


def test_the_edge_of_a_limit_is_its_mark_once_it_is_sure():
    """Until then what was admitted before may be again, and the way back there is hasty."""
    level = Level(40.0, mark=40.0)
    level.edge(15.0, sure=False)
    assert (level.value, level.mark, level.hasty) == (15.0, 40.0, True)
    level.edge(15.0, sure=True)
    assert (level.value, level.mark, level.hasty) == (15.0, 15.0, False)


def test_haste_ends_near_the_mark_and_begins_only_far_below_it():
    """So that a steady level is never hasty."""
    near, far = Level(10.0, mark=10.0), Level(5.0, mark=10.0)
    near.cut(9.8, 100)
    far.cut(4.0, 100)
    assert (near.hasty, far.hasty) == (False, True)
    grown(far, 2.0)
    assert far.hasty is False
    assert far.value < 10.5


def test_a_mark_fades_by_half_in_half_an_hour():
    """And is never below what was just admitted."""
    level = Level(5.0, mark=10.0)
    level.remember(4.0, 1800.0)
    assert level.mark == pytest.approx(5.0)
    level.remember(6.0, 1.0)
    assert level.mark == 6.0
