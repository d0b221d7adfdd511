"""The OpenAI cookbook's `api_request_parallel_processor.py`, told 75 % of the limit.

Source: openai/openai-cookbook@04a3090, read 2026-11. Its budget of a minute is full at the start
and refills evenly; it looks every millisecond; after a 429 it pauses for 15 s; five attempts. The
script as it stands misses every 429 whose body says no `"code": "429"`; here it sees them all.
"""

from __future__ import annotations

import asyncio
from collections import deque

from ..limits import Unit
from ..upstreams import Work
from .desk import OK, TOO_MANY_REQUESTS, Desk, Peer

TOLD = 0.75
ATTEMPTS = 5
PAUSE_S = 15.0
LOOP_S = 0.001
RPM_IF_TOKENS = 30_000.0
"""Requests a minute where LLM tokens are the limit: OpenAI's for a small model."""


class Cookbook(Peer):
    """One loop that dispatches; it caps nothing in flight."""

    arrivals = False

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        per_minute = TOLD * desk.told_per_s() * 60.0
        tokens = desk.meter.upstream.limit.unit is Unit.TOKENS
        self._told = (RPM_IF_TOKENS, per_minute) if tokens else (per_minute, float("inf"))
        self._available = self._told
        self._filled_at = 0.0
        self._refused_at = -PAUSE_S
        self._again: deque[tuple[Work, int]] = deque()
        self._open = 0

    async def call(self, work: Work) -> bool:
        """It makes no call by itself."""
        raise NotImplementedError

    async def run(self) -> None:
        """Dispatch until nothing is left."""
        waiting: tuple[Work, int] | None = None
        while True:
            waiting = waiting or self._next()
            self._fill()
            sleep_s = LOOP_S
            if waiting is not None:
                sleep_s = self._missing_s(waiting[0])
                if sleep_s == 0.0:
                    self._dispatch(*waiting)
                    waiting = None
            elif self._open == 0:
                return
            await asyncio.sleep(max(LOOP_S, sleep_s))
            since_s = self.desk.now() - self._refused_at
            if since_s < PAUSE_S:
                await asyncio.sleep(PAUSE_S - since_s)

    def _next(self) -> tuple[Work, int] | None:
        if self._again:
            return self._again.popleft()
        work = self.desk.backlog.next()
        if work is None:
            return None
        self._open += 1
        return work, ATTEMPTS

    def _fill(self) -> None:
        now = self.desk.now()
        passed = (now - self._filled_at) / 60.0
        requests, tokens = self._available
        rpm, tpm = self._told
        self._available = (min(rpm, requests + rpm * passed), min(tpm, tokens + tpm * passed))
        self._filled_at = now

    def _missing_s(self, work: Work) -> float:
        """Seconds until there is capacity for it: the script finds out by looking every time."""
        requests, tokens = self._available
        rpm, tpm = self._told
        return max(0.0, (1 - requests) / rpm * 60.0, (work.tokens - tokens) / tpm * 60.0)

    def _dispatch(self, work: Work, attempts: int) -> None:
        requests, tokens = self._available
        self._available = requests - 1, tokens - work.tokens
        task = asyncio.create_task(self._attempt(work, attempts - 1))
        self.desk.tasks.add(task)
        task.add_done_callback(self.desk.tasks.discard)

    async def _attempt(self, work: Work, left: int) -> None:
        status = (await self.desk.send(work)).status
        if status == TOO_MANY_REQUESTS:
            self._refused_at = self.desk.now()
        if status != OK and left:
            self._again.append((work, left))
            return
        self._open -= 1
        self.desk.ended(answered=status == OK)
