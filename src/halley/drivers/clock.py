"""The clock of the drivers: monotonic time, and the waits that it measures.

Tests replace its methods (`halley.testing.no_wait`); nothing else in halley reads the time or
sleeps, except the wall clock stamped on records.
"""

from __future__ import annotations

import threading
import time

import anyio


class Clock:
    """Seconds of `time.monotonic`, in threads and in event loops."""

    __slots__ = ()

    def now(self) -> float:
        """Return monotonic seconds; their zero means nothing."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Block this thread until the event is set, `seconds` at most."""
        event.wait(min(seconds, threading.TIMEOUT_MAX))

    async def asleep(self, seconds: float) -> None:
        """Suspend this task."""
        await anyio.sleep(seconds)

    async def await_(self, event: anyio.Event, seconds: float) -> None:
        """Suspend this task until the event is set, `seconds` at most."""
        with anyio.move_on_after(seconds):
            await event.wait()
