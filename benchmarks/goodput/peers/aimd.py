"""AIMD on the number of calls in flight, as in TCP.

Source: Netflix concurrency-limits, `AIMDLimit`: 20 to 200, one more per admission while at least
half of the limit is in use, times 0.9 after a drop. Its timeout of 5 s, which takes a long answer
for a drop, is left out. Calls are retried as documented, and hold no place while they wait.
"""

from __future__ import annotations

import asyncio

from ..upstreams import Work
from .desk import OK, TOO_MANY_REQUESTS, Desk, Peer
from .documented import ATTEMPTS, backoff_s
from .gate import Gate

START, LOW, HIGH = 20.0, 20.0, 200.0
CUT = 0.9


class AIMD(Peer):
    """As many workers as the limit may ever be, and more that wait to try again."""

    workers = 300

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._gate = Gate(START)

    async def call(self, work: Work) -> bool:
        """Enter, send, learn, leave; wait and enter again."""
        gate = self._gate
        for attempt in range(ATTEMPTS):
            await gate.enter()
            status = (await self.desk.send(work)).status
            if status == TOO_MANY_REQUESTS:
                gate.limit = max(LOW, gate.limit * CUT)
            elif gate.in_use * 2 >= gate.limit:
                gate.limit = min(HIGH, gate.limit + 1)
            gate.leave()
            if status == OK:
                return True
            if attempt + 1 < ATTEMPTS:
                await asyncio.sleep(backoff_s(attempt, self.desk.chance))
        return False
