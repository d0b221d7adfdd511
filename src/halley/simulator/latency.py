"""How long the simulated service takes: lognormal to the first byte, even gaps after it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from random import Random


@dataclass(frozen=True, slots=True)
class Latency:
    """Times of a healthy answer, and how long a gateway holds on to a dead one.

    Attributes:
        median_s: Median wait for the head of an answer.
        sigma: Spread of its logarithm: 0 is constant, 1 has a long tail.
        gap_s: Between two events of a stream.
        timeout_s: After this long a 504, a 524 or a lost answer arrives (CometAPI: 100 to 120 s).
    """

    median_s: float = 0.02
    sigma: float = 0.3
    gap_s: float = 0.002
    timeout_s: float = 1.0

    def draw(self, rng: Random) -> float:
        """One wait, in seconds > 0."""
        return lognormal(self.median_s, self.sigma, rng.gauss(0.0, 1.0))


def lognormal(median: float, sigma: float, normal: float) -> float:
    """The lognormal value for a standard normal draw.

    >>> lognormal(2.0, 0.5, 0.0)
    2.0
    """
    return median * exp(sigma * normal)
