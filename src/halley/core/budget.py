"""The retry budget: retries allowed as a share of recent calls, with a floor for quiet clients.

Over the last ten seconds a client may retry `ratio` times its calls plus `floor_per_s` for each of
those seconds (so 10 are in hand at once by default). The window forgets: a healthy day does not pay
for a storm. Throttling (429) never draws on it; the pacer governs that.

Source: Finagle's and tower's RetryBudget (ttl 10 s, percentage plus minimum per second).
"""

from __future__ import annotations

WINDOW_S = 10


class Budget:
    """Calls and retries of the last ten seconds, counted in one-second slots."""

    __slots__ = ("_calls", "_calls_sum", "_floor", "_ratio", "_retries", "_retries_sum", "_second")

    def __init__(self, *, ratio: float, floor_per_s: float) -> None:
        self._ratio = ratio
        self._floor = floor_per_s * WINDOW_S
        self._calls = [0] * WINDOW_S
        self._retries = [0] * WINDOW_S
        self._calls_sum = 0
        self._retries_sum = 0
        self._second = 0

    def deposit(self, now: float) -> None:
        """Count a call."""
        slot = self._slot(now)
        self._calls[slot] += 1
        self._calls_sum += 1

    def withdraw(self, now: float) -> bool:
        """Count a retry and return True, or return False when there is none left."""
        slot = self._slot(now)
        if self._retries_sum >= self._floor + self._ratio * self._calls_sum:
            return False
        self._retries[slot] += 1
        self._retries_sum += 1
        return True

    def refund(self, drawn_at: float) -> None:
        """Give back a retry drawn at an instant that was never sent, if it still counts."""
        second = int(drawn_at)
        if self._second - second < WINDOW_S and self._retries[second % WINDOW_S]:
            self._retries[second % WINDOW_S] -= 1
            self._retries_sum -= 1

    def _slot(self, now: float) -> int:
        second = int(now)
        if second != self._second:
            self._forget(second)
        return second % WINDOW_S

    def _forget(self, second: int) -> None:
        """Empty the slots between the last look and this second."""
        for passed in range(min(max(second - self._second, 0), WINDOW_S)):
            slot = (second - passed) % WINDOW_S
            self._calls_sum -= self._calls[slot]
            self._retries_sum -= self._retries[slot]
            self._calls[slot] = self._retries[slot] = 0
        self._second = max(second, self._second)

    def __repr__(self) -> str:
        allowed = self._floor + self._ratio * self._calls_sum
        return f"<Budget {self._retries_sum} of {allowed:g} retries in {WINDOW_S} s>"
