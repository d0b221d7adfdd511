"""Where a peer works: it takes requests from the backlog, sends them, and says how each ended.

A peer is a class whose instances are the processes' clients. `call` makes one request with all its
retries; `run` works the backlog off, by default with so many workers, each on one call at a time.
"""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from halley.core.model import Reply
from halley.drivers.virtual import Upstream

from ..backlog import Backlog
from ..limits import Limit, Unit
from ..measure import Meter
from ..upstreams import Work

OK = 200
TOO_MANY_REQUESTS = 429


@dataclass(slots=True)
class Desk:
    """One process's place in virtual time.

    Attributes:
        known: A limit that says what the upstream's says, for who may know it.
    """

    meter: Meter
    port: Upstream
    backlog: Backlog
    chance: random.Random
    known: Limit
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    async def send(self, work: Work) -> Reply:
        """Send a request; the reply comes when its time has passed."""
        outcome, seconds = self.port(work, self.now())
        await asyncio.sleep(seconds)
        assert isinstance(outcome, Reply)
        return outcome

    def ended(self, *, answered: bool) -> None:
        """Say how a call ended."""
        self.meter.ended(self.now(), answered=answered)

    def told_per_s(self) -> float:
        """The limit in requests a second, this process's part of it, as a person would be told."""
        limit = self.meter.upstream.limit
        rate = limit.capacity(0.0, 60.0) / 60.0 / self.meter.processes
        if limit.unit is Unit.SECONDS:
            return rate / self.meter.upstream.latency.mean_s
        return rate

    def start(self, peer: Peer, work: Work) -> None:
        """Let a call go its way."""
        task = asyncio.create_task(peer.make(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


class Peer(ABC):
    """A client that halley is compared with; its docstring names its source."""

    workers = 50
    arrivals = True
    """Whether it can make calls that come by themselves, rather than from a backlog."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @abstractmethod
    async def call(self, work: Work) -> bool:
        """Make one call; return whether it was answered."""

    async def make(self, work: Work) -> None:
        """Make one call, and say how it ended."""
        self.desk.ended(answered=await self.call(work))

    async def run(self) -> None:
        """Work the backlog off."""
        await asyncio.gather(*(self._work() for _ in range(self.workers)))

    async def _work(self) -> None:
        while (work := self.desk.backlog.next()) is not None:
            await self.make(work)
