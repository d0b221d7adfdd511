"""How many requests the gateway lets through: a bucket, a minute's window, a cap in flight.

Each limiter says which row it refuses with and how long to wait. A request is counted only when
every limiter of its key admits it: a refused one costs nothing (new-api counts successes).
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field

_MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for one key; None is no limit.

    Attributes:
        rate_per_s: Refill of the bucket, > 0.
        burst: What the bucket holds, >= 1.
        per_minute: Requests in one fixed minute of the clock.
        in_flight: Requests being answered at once, open streams included.
    """

    rate_per_s: float | None = None
    burst: int = 1
    per_minute: int | None = None
    in_flight: int | None = None


@dataclass(frozen=True, slots=True)
class Excess:
    """A refusal: the error row that says it, and when to come again."""

    row: str
    wait_s: float


@dataclass(slots=True)
class Gate:
    """The limiters of one key, in the state their requests left them."""

    limits: Limits
    _level: float = field(init=False)
    _level_at: float = 0.0
    _minute: int = -1
    _in_minute: int = 0
    _ends: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start with a full bucket."""
        self._level = float(self.limits.burst)

    def admit(self, now: float) -> Excess | None:
        """Count one request, or say which limit it exceeds."""
        self._advance(now)
        excess = self._in_flight(now) or self._window(now) or self._bucket()
        if excess is None:
            self._level -= 1
            self._in_minute += 1
        return excess

    def occupy(self, end: float) -> None:
        """Hold a place in flight until `end`."""
        if self.limits.in_flight is not None:
            heapq.heappush(self._ends, end)

    def _advance(self, now: float) -> None:
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        if int(now // _MINUTE_S) != self._minute:
            self._minute, self._in_minute = int(now // _MINUTE_S), 0
        elapsed_s = max(0.0, now - self._level_at)
        refilled = self._level + elapsed_s * (self.limits.rate_per_s or 0.0)
        self._level, self._level_at = min(refilled, float(self.limits.burst)), now

    def _in_flight(self, now: float) -> Excess | None:
        cap = self.limits.in_flight
        if cap is None or len(self._ends) < cap:
            return None
        return Excess("saturated", self._ends[0] - now)

    def _window(self, now: float) -> Excess | None:
        cap = self.limits.per_minute
        if cap is None or self._in_minute < cap:
            return None
        return Excess("request_limit", _MINUTE_S - now % _MINUTE_S)

    def _bucket(self) -> Excess | None:
        rate = self.limits.rate_per_s
        if rate is None or self._level >= 1:
            return None
        return Excess("rate_limit", (1 - self._level) / rate)
