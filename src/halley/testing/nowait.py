"""No-wait mode: halley's waits take no time, and the clock it reads jumps instead.

A switch for tests, process-wide on purpose: it reaches clients made before, in any thread or event
loop. Deadlines, backoff and pacing still add up, in time that did not pass.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import anyio

from halley.drivers.clock import Clock

QUEUE_S_MAX = 30.0
"""Waiting for another call's permit is real; this ends a test that would hang."""


@dataclass
class Skipped:
    """The waits that were skipped, in the order in which they were asked for."""

    waits: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def total_s(self) -> float:
        """Seconds that did not pass."""
        with self.lock:
            return sum(self.waits)

    def skip(self, seconds: float) -> None:
        """Count a wait."""
        with self.lock:
            self.waits.append(seconds)


@contextmanager
def no_wait() -> Iterator[Skipped]:
    """Let every wait of halley inside pass at once; what was skipped is on the value.

    >>> with no_wait() as skipped:
    ...     Clock().sleep(30.0)
    >>> skipped.waits
    [30.0]
    """
    skipped = Skipped()

    def now(_: Clock) -> float:
        return time.monotonic() + skipped.total_s

    def sleep(_: Clock, seconds: float) -> None:
        skipped.skip(seconds)

    async def asleep(_: Clock, seconds: float) -> None:
        skipped.skip(seconds)
        await anyio.lowlevel.checkpoint()

    def wait(_: Clock, event: threading.Event, seconds: float) -> None:
        event.wait(min(seconds, QUEUE_S_MAX))

    async def await_(_: Clock, event: anyio.Event, seconds: float) -> None:
        with anyio.move_on_after(min(seconds, QUEUE_S_MAX)):
            await event.wait()

    with patch.multiple(Clock, now=now, sleep=sleep, asleep=asleep, wait=wait, await_=await_):
        yield skipped
