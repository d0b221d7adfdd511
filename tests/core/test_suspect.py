"""What an unnamed limit counts: calls by a sharp edge, tokens by the cost of what is refused."""

from __future__ import annotations

import random

import pytest

from halley.core.signals import Why
from halley.core.suspect import Suspect


def episode(suspect: Suspect, at: float, calls: list[int], refused: int, cost: float = 1.0) -> Why:
    """Calls sent at some numbers in flight, then one refused; what is suspected then."""
    for number, in_flight in enumerate(calls):
        suspect.sent(at + number, in_flight, cost, 0.2)
    suspect.sent(at + len(calls), refused, cost, 0.2)
    suspect.refused(refused)
    suspect.judge(refused, cost)
    suspect.start_over()
    return suspect.why


def test_four_edges_at_one_number_are_a_limit_of_calls_in_flight():
    """Refused at 41 each time, with 40 admitted."""
    suspect = Suspect()
    found = [episode(suspect, 100.0 * n, [30, 38, 40, 40, 37, 36, 35], 41) for n in range(4)]
    assert found == [Why.RATE] * 3 + [Why.CONCURRENCY]


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        pytest.param([20, 26, 33, 41, 50], "the number rises with the rate", id="rising"),
        pytest.param([41, 41, 41, 30, 41], "as many were admitted before", id="inside"),
        pytest.param([60, 60, 60, 60, 60], "nearly as many were never tried", id="no edge"),
    ],
)
def test_anything_else_is_not(refused: list[int], why: str):
    """A rate refuses at any number."""
    suspect = Suspect()
    for n, number in enumerate(refused):
        calls = [number - 1 if number != 60 else 20] * 6 if number != 30 else [35] * 6
        assert episode(suspect, 100.0 * n, calls, number) is Why.RATE, why


def test_a_limit_of_calls_is_dropped_when_refusals_come_inside_of_it():
    """Two of them, with as many admitted."""
    suspect = Suspect(Why.CONCURRENCY, edges=4, edge=41)
    assert episode(suspect, 0.0, [40] * 6, 30) is Why.CONCURRENCY
    assert episode(suspect, 100.0, [40] * 6, 30) is Why.RATE


def test_a_call_that_was_refused_alone_was_not_one_too_many():
    """Whatever was suspected."""
    suspect = Suspect(Why.CONCURRENCY, edges=4, edge=2)
    suspect.acquit_calls()
    assert suspect.why is Why.RATE


def costs(*, refused_are_large: bool) -> Why:
    """Sixty refusals among calls of many sizes."""
    chance, suspect = random.Random(0), Suspect()
    for n in range(60):
        sizes = [chance.lognormvariate(6.0, 0.8) for _ in range(20)]
        for number, size in enumerate(sizes):
            suspect.sent(n * 100.0 + number, 0, size, 0.2)
        suspect.judge(0, sorted(sizes)[-3] if refused_are_large else chance.choice(sizes))
    return suspect.why


def test_refused_calls_that_are_large_are_a_limit_of_tokens():
    """And any others are not."""
    assert costs(refused_are_large=True) is Why.TOKENS
    assert costs(refused_are_large=False) is Why.RATE
