"""How long an answer takes."""

from __future__ import annotations

from random import Random
from statistics import median

import pytest

from halley.simulator.latency import Latency


def test_the_median_is_the_median():
    """Half of the draws are below it, within five per cent over 10,000."""
    rng, latency = Random(7), Latency(median_s=2.0, sigma=0.8)
    draws = [latency.draw(rng) for _ in range(10_000)]
    assert median(draws) == pytest.approx(2.0, rel=0.05)
    assert min(draws) > 0


def test_no_spread_is_constant():
    """With sigma 0 every answer takes the median."""
    assert {Latency(median_s=0.5, sigma=0.0).draw(Random(seed)) for seed in range(5)} == {0.5}


def test_speed_divides_every_wait(caller):
    """Head and gaps of the same answer, ten times as fast."""
    slow, fast = caller()(stream=True), caller()(stream=True, speed=10.0)
    assert fast.latency_s == pytest.approx(slow.latency_s / 10)
    assert fast.duration_s == pytest.approx(slow.duration_s / 10)
    assert fast.body == slow.body
