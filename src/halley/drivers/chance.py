"""Randomness of our own: unmoved by the user's `random.seed`, and different in every process.

Seeded programs that share one global generator come back at the same instant after a 429; so would
forked workers that share a parent's state.
"""

from __future__ import annotations

import os
import random


class Chance:
    """Uniform draws in [0, 1).

    Args:
        seed: For tests: the same draws every time.
    """

    __slots__ = ("_pid", "_random", "_seed")

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._pid = os.getpid()
        self._random = random.Random(seed)  # noqa: S311 - jitter, no secret

    def __call__(self) -> float:
        """Draw, from a fresh generator in a process that was forked since."""
        if self._pid != os.getpid():
            self._pid = os.getpid()
            self._random = random.Random(self._seed)  # noqa: S311 - as above
        return self._random.random()
