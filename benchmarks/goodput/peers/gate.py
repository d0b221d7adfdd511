"""A semaphore whose limit can be changed while it is in use."""

from __future__ import annotations

import asyncio
from collections import deque


class Gate:
    """Lets so many pass at once, in the order of asking."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.in_use = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Wait for a place."""
        if self.in_use < int(self.limit) and not self._waiting:
            self.in_use += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        await place

    def leave(self) -> None:
        """Give a place back."""
        self.in_use -= 1
        self.admit()

    def admit(self) -> None:
        """Let in who may come in, after the limit was raised or a place became free."""
        while self._waiting and self.in_use < int(self.limit):
            self.in_use += 1
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
