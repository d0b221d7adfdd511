"""The documented recipe: a semaphore, and the sample backoff.

Source: CometAPI, "Error codes and retry strategy", read 2026-11: five attempts,
`min(30, 2**attempt) + random()` between them, attempt from 0; 429, 500, 503, 504, 524 are retried.
The size of the semaphore is the reader's; 5, 32 and 100 are what people write.
"""

from __future__ import annotations

import asyncio
import random

from ..upstreams import Work
from .desk import OK, Peer

ATTEMPTS = 5
RETRIED = frozenset({429, 500, 502, 503, 504, 524})


def backoff_s(attempt: int, chance: random.Random) -> float:
    """The sample's wait."""
    return float(min(30, 2**attempt)) + chance.random()


class Documented(Peer):
    """The recipe; a waiting call keeps its place, as in `async with semaphore: ...`."""

    async def call(self, work: Work) -> bool:
        """Send, wait, send again."""
        for attempt in range(ATTEMPTS):
            reply = await self.desk.send(work)
            if reply.status == OK:
                return True
            if reply.status not in RETRIED:
                return False
            if attempt + 1 < ATTEMPTS:
                await asyncio.sleep(backoff_s(attempt, self.desk.chance))
        return False


class Five(Documented):
    """With a semaphore of 5."""

    workers = 5


class ThirtyTwo(Documented):
    """With a semaphore of 32."""

    workers = 32


class Hundred(Documented):
    """With a semaphore of 100."""

    workers = 100
