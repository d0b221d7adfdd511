"""Inspect's adaptive connections.

Source: inspect_ai 0.3.285, `util/_concurrency.py` and `model/_retry.py`: 20 connections, 10 to 100;
twice as many after each clean round until the first 429, 5 % more after that, 20 % fewer at most
once in 15 s; no growth unless 80 % were in use. Retries without end, from 3 s doubling to half an
hour plus up to 3 s, keeping their connection. What the SDK below retries by itself is left out.
"""

from __future__ import annotations

import asyncio
import math

from ..upstreams import Work
from .desk import OK, TOO_MANY_REQUESTS, Desk, Peer
from .gate import Gate

START, LOW, HIGH = 20, 10, 100
ROUND_MIN = 4
SATURATED = 0.8
COOLDOWN_S = 15.0
CUT, GROWTH = 0.8, 0.05
RETRY_S, RETRY_S_MAX, JITTER_S = 3.0, 1800.0, 3.0


class Inspect(Peer):
    """As many workers as there may be connections."""

    workers = HIGH

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._gate = Gate(START)
        self._successes = 0
        self._peak = 0
        self._refused = False
        self._cool_at = 0.0

    async def call(self, work: Work) -> bool:
        """Take a connection and keep it until there is an answer."""
        await self._gate.enter()
        if self.desk.now() >= self._cool_at:
            self._peak = max(self._peak, self._gate.in_use)
        attempt = 0
        try:
            while (status := (await self.desk.send(work)).status) != OK:
                if status == TOO_MANY_REQUESTS:
                    self._cut()
                jitter_s = self.desk.chance.uniform(0.0, JITTER_S)
                await asyncio.sleep(min(RETRY_S_MAX, RETRY_S * 2.0**attempt + jitter_s))
                attempt += 1
            if attempt == 0:
                self._grow()
        finally:
            self._gate.leave()
        return True

    def _grow(self) -> None:
        limit = int(self._gate.limit)
        if self.desk.now() < self._cool_at:
            return
        self._successes += 1
        if self._successes < max(limit, ROUND_MIN):
            return
        peak, self._peak, self._successes = self._peak, 0, 0
        if peak < SATURATED * limit:
            return
        more = limit + max(1, round(limit * GROWTH)) if self._refused else limit * 2
        self._gate.limit = min(HIGH, math.ceil(more / 5) * 5 if self._refused else more)
        self._gate.admit()

    def _cut(self) -> None:
        self._successes, self._peak, self._refused = 0, 0, True
        if self.desk.now() < self._cool_at:
            return
        self._cool_at = self.desk.now() + COOLDOWN_S
        self._gate.limit = max(LOW, int(self._gate.limit * CUT) // 5 * 5)
