"""No-wait mode: halley's waits take no time, and the clock it reads jumps instead.

A switch for tests, process-wide on purpose: it reaches clients made before, in any thread or event
loop. Deadlines, backoff and pacing still add up, in time that did not pass. Blocks may be nested or
overlap in threads; each lists what was skipped while it was open. The clock does not go back after
the last one: a client that is used on would wait for that.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from unittest.mock import patch

import anyio
import anyio.lowlevel

from halley.drivers.clock import Clock

QUEUE_S_MAX = 30.0
"""Waiting for another call's permit is real; this ends a test that would hang."""


@dataclass(eq=False)
class Skipped:
    """The waits that were skipped, in the order in which they were asked for."""

    waits: list[float] = field(default_factory=list)

    @property
    def total_s(self) -> float:
        """Seconds that did not pass."""
        return sum(self.waits)


class _Switch:
    """On while a block is open."""

    def __init__(self) -> None:
        self.skipped_s = 0.0
        self._lock = threading.Lock()
        self._blocks: list[Skipped] = []
        self._jumps = patch.object(Clock, "now", _now)
        self._skips = patch.multiple(Clock, sleep=_sleep, asleep=_asleep, wait=_wait, await_=_await)

    def skip(self, seconds: float) -> None:
        """Let time pass for everybody."""
        with self._lock:
            self.skipped_s += seconds
            for block in self._blocks:
                block.waits.append(seconds)

    def open(self, block: Skipped) -> None:
        """Turn it on for a block."""
        with self._lock:
            if not self._blocks:
                self._skips.start()
            if Clock.now is not _now:
                self._jumps.start()
            self._blocks.append(block)

    def close(self, block: Skipped) -> None:
        """Turn it off when no block is left; the time that was skipped stays skipped."""
        with self._lock:
            self._blocks.remove(block)
            if not self._blocks:
                self._skips.stop()


def _now(_: Clock) -> float:
    return time.monotonic() + _SWITCH.skipped_s


def _sleep(_: Clock, seconds: float) -> None:
    _SWITCH.skip(seconds)


async def _asleep(_: Clock, seconds: float) -> None:
    _SWITCH.skip(seconds)
    await anyio.lowlevel.checkpoint()


def _wait(_: Clock, event: threading.Event, seconds: float) -> None:
    event.wait(min(seconds, QUEUE_S_MAX))


async def _await(_: Clock, event: anyio.Event, seconds: float) -> None:
    with anyio.move_on_after(min(seconds, QUEUE_S_MAX)):
        await event.wait()


_SWITCH = _Switch()


@contextmanager
def no_wait() -> Iterator[Skipped]:
    """Let every wait of halley inside pass at once; what was skipped is on the value.

    >>> with no_wait() as skipped:
    ...     Clock().sleep(30.0)
    >>> skipped.waits
    [30.0]
    """
    skipped = Skipped()
    _SWITCH.open(skipped)
    try:
        yield skipped
    finally:
        _SWITCH.close(skipped)
