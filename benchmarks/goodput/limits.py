"""What an upstream admits: pure models of the limits there are, one small class each.

A limit is asked in the order of time. `admit` answers None, or the seconds after which the same
request would be admitted if nobody else came. `capacity` is what a perfect client gets out of a
stretch of time, in the limit's unit; bursts are not part of it, so goodput may pass 100 % by them.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

WINDOW_S = 60.0
SLACK = 1e-9
"""Of a unit: what adding up shares of a second loses."""


class Unit(StrEnum):
    """What a limit counts: requests or LLM tokens admitted, seconds of a place, answers in time."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    SECONDS = "seconds"
    ANSWERS = "answers"


@dataclass(frozen=True, slots=True)
class Share:
    """The part of its capacity that a limit has over time: steps of (from when, share)."""

    steps: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    def at(self, now: float) -> float:
        """The share now."""
        share = 1.0
        for start, value in self.steps:
            if start > now:
                break
            share = value
        return share

    def over(self, start: float, end: float) -> float:
        """The integral, in seconds of full capacity.

        >>> DROP.over(0.0, 900.0)
        828.0
        """
        total, until = 0.0, end
        for since, share in reversed(self.steps):
            if since < until:
                total += (until - max(start, since)) * share
                until = since
            if since <= start:
                break
        return total


STEADY = Share()
DROP = Share(((0.0, 1.0), (300.0, 0.4), (420.0, 1.0)))
"""To 40 % from 300 s to 420 s."""


class Limit(Protocol):
    """What admits or refuses; asked with a time that never goes back."""

    @property
    def unit(self) -> Unit:
        """What it counts."""

    def admit(self, now: float, tokens: int) -> float | None:
        """Count a request and return None, or the seconds until it would be admitted."""

    def occupy(self, until: float) -> None:
        """Learn how long the request that was just admitted takes."""

    def capacity(self, start: float, end: float) -> float:
        """What can be admitted in a stretch of time, without bursts."""


@dataclass(slots=True)
class Bucket:
    """A token bucket, of requests or of LLM tokens; it starts full.

    Attributes:
        charged: A refused request takes what is left of its cost, too.
    """

    rate_per_s: float
    burst: float
    share: Share = STEADY
    charged: bool = False
    unit: Unit = Unit.REQUESTS
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        """Fill it."""
        self.level = self.burst

    def admit(self, now: float, tokens: int) -> float | None:
        """As `Limit`."""
        refill = self.rate_per_s * self.share.over(self.at, now)
        self.level, self.at = min(self.burst, self.level + refill), now
        cost = tokens if self.unit is Unit.TOKENS else 1
        if self.level >= cost - SLACK:
            self.level = max(0.0, self.level - cost)
            return None
        if self.charged:
            self.level = max(0.0, self.level - cost)
        return (cost - self.level) / (self.rate_per_s * self.share.at(now))

    def occupy(self, until: float) -> None:
        """As `Limit`: of no matter."""

    def capacity(self, start: float, end: float) -> float:
        """As `Limit`."""
        return self.rate_per_s * self.share.over(start, end)


@dataclass(slots=True)
class FixedWindow:
    """So many requests in each minute of a clock that the client does not know.

    Attributes:
        phase_s: The first window ends this long before the end of the first minute.
    """

    per_minute: int
    share: Share = STEADY
    phase_s: float = 0.0
    unit: Unit = Unit.REQUESTS
    window: int = -1
    count: int = 0

    def admit(self, now: float, tokens: int) -> float | None:  # noqa: ARG002 - as Limit
        """As `Limit`."""
        window = int((now + self.phase_s) // WINDOW_S)
        if window != self.window:
            self.window, self.count = window, 0
        if self.count < self.per_minute * self.share.at(now) - SLACK:
            self.count += 1
            return None
        return (window + 1) * WINDOW_S - self.phase_s - now

    def occupy(self, until: float) -> None:
        """As `Limit`: of no matter."""

    def capacity(self, start: float, end: float) -> float:
        """As `Limit`."""
        return self.per_minute / WINDOW_S * self.share.over(start, end)


@dataclass(slots=True)
class SlidingWindow:
    """So many requests in the last minute, at any moment."""

    per_minute: int
    share: Share = STEADY
    unit: Unit = Unit.REQUESTS
    admitted: deque[float] = field(default_factory=deque)

    def admit(self, now: float, tokens: int) -> float | None:  # noqa: ARG002 - as Limit
        """As `Limit`."""
        while self.admitted and self.admitted[0] <= now - WINDOW_S:
            self.admitted.popleft()
        if len(self.admitted) < self.per_minute * self.share.at(now) - SLACK:
            self.admitted.append(now)
            return None
        return self.admitted[0] + WINDOW_S - now

    def occupy(self, until: float) -> None:
        """As `Limit`: of no matter."""

    def capacity(self, start: float, end: float) -> float:
        """As `Limit`."""
        return self.per_minute / WINDOW_S * self.share.over(start, end)


@dataclass(slots=True)
class InFlight:
    """So many requests being answered at once; its unit is a request's second."""

    cap: int
    share: Share = STEADY
    unit: Unit = Unit.SECONDS
    ends: list[float] = field(default_factory=list)

    def admit(self, now: float, tokens: int) -> float | None:  # noqa: ARG002 - as Limit
        """As `Limit`."""
        while self.ends and self.ends[0] <= now:
            heapq.heappop(self.ends)
        if len(self.ends) < self.cap * self.share.at(now) - SLACK:
            return None
        return self.ends[0] - now

    def occupy(self, until: float) -> None:
        """As `Limit`."""
        heapq.heappush(self.ends, until)

    def capacity(self, start: float, end: float) -> float:
        """As `Limit`."""
        return self.cap * self.share.over(start, end)


@dataclass(slots=True)
class Both:
    """Two limits at once: the second is asked when the first admits, the first one is measured.

    The second must not bind on average, or the measure means nothing.
    """

    first: Limit
    second: Limit

    @property
    def unit(self) -> Unit:
        """As `Limit`."""
        return self.first.unit

    def admit(self, now: float, tokens: int) -> float | None:
        """As `Limit`; what the first has counted stays counted."""
        wait_s = self.first.admit(now, tokens)
        return self.second.admit(now, tokens) if wait_s is None else wait_s

    def occupy(self, until: float) -> None:
        """As `Limit`."""
        self.first.occupy(until)
        self.second.occupy(until)

    def capacity(self, start: float, end: float) -> float:
        """As `Limit`."""
        return self.first.capacity(start, end)
