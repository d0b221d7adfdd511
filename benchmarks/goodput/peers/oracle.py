"""An oracle: it knows the limit as the upstream does, and sends exactly when it will be admitted.

What no client can do better. It does not foresee what is not the limit's: random 5xx and stray 429s
cost it their share, because it has counted what the upstream did not.
"""

from __future__ import annotations

import asyncio

from ..upstreams import Work
from .desk import OK, Desk, Peer


class Oracle(Peer):
    """One loop that waits for the limit, and calls that are sent until they are answered."""

    arrivals = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._limit = desk.known

    async def call(self, work: Work) -> bool:
        """Send until it is answered."""
        while (await self.desk.send(work)).status != OK:
            await self._admitted(work)
        return True

    async def run(self) -> None:
        """Start a call whenever one will be admitted."""
        while (work := self.desk.backlog.next()) is not None:
            await self._admitted(work)
            self.desk.start(self, work)
            await asyncio.sleep(0)
        await asyncio.gather(*self.desk.tasks)

    async def _admitted(self, work: Work) -> None:
        while (wait_s := self._limit.admit(self.desk.now(), work.tokens)) is not None:  # noqa: ASYNC110
            await asyncio.sleep(max(wait_s, 1e-6))
