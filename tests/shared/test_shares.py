"""Who gets how much: fair, nothing wasted, nobody at nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.shared.shares import LEAST, demand, shares
from halley.shared.store import Wants

DEMANDS = st.dictionaries(
    st.text("abcdef", min_size=1), st.floats(LEAST, 1.0), min_size=1, max_size=20
)


@given(DEMANDS)
def test_all_of_it_is_given_and_no_more(demands: dict[str, float]) -> None:
    """The sum of the shares is one."""
    assert math.isclose(sum(shares(demands).values()), 1.0)


@given(DEMANDS)
def test_who_gets_less_than_it_can_use_gets_no_less_than_anybody(demands: dict[str, float]) -> None:
    """Max-min: nobody could get more except from somebody who has as little."""
    given_out = shares(demands)
    for name, share in given_out.items():
        if share < demands[name] * (1 - 1e-9):
            assert share >= max(given_out.values()) * (1 - 1e-9)


@given(st.integers(1, 50))
def test_equal_wants_get_equal_shares(members: int) -> None:
    """Jain's index is 1."""
    given_out = shares({str(number): 1.0 for number in range(members)})
    assert all(math.isclose(share, 1 / members) for share in given_out.values())


@pytest.mark.parametrize(
    ("wants", "expected"),
    [
        pytest.param(Wants(1, 0, 0.0), 1.0, id="who waits could use all of it"),
        pytest.param(Wants(0, 0, 0.0), LEAST, id="an idle member keeps enough to begin"),
        pytest.param(Wants(0, 4, 2.0), 0.5, id="the calls in flight count where they are more"),
        pytest.param(Wants(0, 1, 20.0), 1.0, id="nobody can use more than all"),
    ],
)
def test_what_a_member_can_use(wants: Wants, expected: float) -> None:
    """Of ten a second and ten in flight, with a quarter to grow by."""
    assert demand(wants, 10.0, 10.0) == pytest.approx(expected)


def test_without_a_limit_nobody_who_does_not_wait_needs_much() -> None:
    """Nothing was refused yet: there is no rate to have a share of."""
    assert demand(Wants(0, 5, 50.0), None, math.inf) == LEAST
