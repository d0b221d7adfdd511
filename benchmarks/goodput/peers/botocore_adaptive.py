"""botocore's adaptive retry mode: the best rate law that ships in a Python package.

Source: botocore 1.44, `retries/adaptive.py`, `throttling.py`, `bucket.py`, `standard.py`,
`quota.py`: CUBIC on the send rate (beta 0.7, scale 0.4), at most twice the measured rate, no limit
before the first refusal; three attempts, full jitter from 1 s (0.05 s without throttling) to 20 s,
a quota of 500 for retries. Its callers are threads: 200 of them here.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from ..upstreams import Work
from .desk import OK, TOO_MANY_REQUESTS, Desk, Peer

ATTEMPTS = 3
BETA, SCALE = 0.7, 0.4
RATE_SCALE_MAX = 2.0
RATE_MIN = 0.5
SMOOTHING, SLOT_S = 0.8, 0.5
BACKOFF_S_MAX = 20.0
QUOTA = 500
COST_THROTTLED, COST, REFUND = 5, 14, 1


class Botocore(Peer):
    """A client in adaptive mode."""

    workers = 200

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._limited = False
        self._cubic = _Cubic()
        self._clocker = _Clocker()
        self._bucket = _Bucket(desk)
        self._quota = QUOTA

    async def call(self, work: Work) -> bool:
        """Send, adjust, wait, send again."""
        paid = 0
        for attempt in range(ATTEMPTS):
            if self._limited:
                await self._bucket.acquire()
            status = (await self.desk.send(work)).status
            self._adjust(throttled=status == TOO_MANY_REQUESTS)
            if status == OK:
                self._quota = min(QUOTA, self._quota + (paid or REFUND))
                return True
            throttled = status == TOO_MANY_REQUESTS
            paid = COST_THROTTLED if throttled else COST
            if attempt + 1 == ATTEMPTS or paid > self._quota:
                return False
            self._quota -= paid
            ceiling_s = min((1.0 if throttled else 0.05) * 2.0**attempt, BACKOFF_S_MAX)
            await asyncio.sleep(self.desk.chance.random() * ceiling_s)
        return False

    def _adjust(self, *, throttled: bool) -> None:
        now = self.desk.now()
        measured = self._clocker.record(now)
        if throttled:
            rate = min(measured, self._bucket.rate) if self._limited else measured
            rate = self._cubic.refused(rate, now)
            self._limited = True
        else:
            rate = self._cubic.admitted(now)
        self._bucket.set(min(rate, RATE_SCALE_MAX * measured))


@dataclass(slots=True)
class _Cubic:
    """The rate after an admission or a refusal."""

    w_max: float = 0.0
    k: float = 0.0
    failed_at: float = 0.0

    def admitted(self, now: float) -> float:
        return SCALE * (now - self.failed_at - self.k) ** 3 + self.w_max

    def refused(self, rate: float, now: float) -> float:
        self.w_max, self.failed_at = rate, now
        self.k = (rate * (1 - BETA) / SCALE) ** (1 / 3)
        return rate * BETA


@dataclass(slots=True)
class _Clocker:
    """The rate of responses, smoothed over slots of half a second."""

    rate: float = 0.0
    slot: float = 0.0
    count: int = 0

    def record(self, now: float) -> float:
        slot = math.floor(now / SLOT_S) * SLOT_S
        self.count += 1
        if slot > self.slot:
            current = self.count / (slot - self.slot)
            self.rate = current * SMOOTHING + self.rate * (1 - SMOOTHING)
            self.count, self.slot = 0, slot
        return self.rate


class _Bucket:
    """A token bucket whose rate changes while callers wait in line."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.rate = 1.0
        self._max = 1.0
        self._level = 0.0
        self._at = 0.0
        self._line = asyncio.Lock()
        self._changed: asyncio.Future[None] | None = None

    def set(self, rate: float) -> None:
        """Go on with another rate; who is first in line reckons anew."""
        self._refill()
        self.rate, self._max = max(rate, RATE_MIN), max(rate, 1.0)
        self._level = min(self._level, self._max)
        _wake(self._changed)

    async def acquire(self) -> None:
        """Wait for one."""
        async with self._line:
            self._refill()
            while (sleep_s := (1 - self._level) / self.rate) > 0:
                loop = asyncio.get_running_loop()
                self._changed = loop.create_future()
                timer = loop.call_later(max(sleep_s, 1e-6), _wake, self._changed)
                await self._changed
                timer.cancel()
                self._refill()
            self._level -= 1

    def _refill(self) -> None:
        now = self._desk.now()
        self._level = min(self._max, self._level + (now - self._at) * self.rate)
        self._at = now


def _wake(future: asyncio.Future[None] | None) -> None:
    if future is not None and not future.done():
        future.set_result(None)
