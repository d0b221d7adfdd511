"""A worker of a live run: so many calls at a time through a client of halley's, until time is up.

Every call is in its ledger before it begins and again when it is over. A worker that is started
again makes first what it had accepted and not finished.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2

import halley
from halley.simulator import keys
from halley.simulator.ledger import CALL_HEADER

from .ledger import Ledger, facts, read_clock, unfinished

CLOCK_S = 0.01
"""How often it looks whether the run has begun."""
DEADLINE_S = 600.0
BODY = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


class Worker:
    """One process's calls."""

    def __init__(self, options: argparse.Namespace) -> None:
        known = list(facts(options.ledger))
        self._ledger = Ledger(options.ledger)
        self._clock: Path = options.clock
        self._until = 0.0
        self._again = unfinished(known)
        number = sum(fact.what == "accepted" for fact in known)
        self._names: Iterator[str] = (f"{options.name}-{n}" for n in itertools.count(number))
        self._url: str = options.url
        policy = halley.Policy().override(_changes(options.pacer))
        self._client = halley.AsyncClient(
            policy=policy,
            timeout=DEADLINE_S,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=50),
            headers={"authorization": f"Bearer {keys.VALID}"},
        )

    async def run(self, calls: int) -> None:
        """Wait for the start, keep so many calls open until time is up, then let them end."""
        self._ledger.write("", "ready")
        while (until := read_clock(self._clock)) is None:  # noqa: ASYNC110
            await asyncio.sleep(CLOCK_S)
        self._until = until
        async with self._client:
            await asyncio.gather(*(self._work() for _ in range(calls)))

    async def _work(self) -> None:
        while (call := self._next()) is not None:
            await self._make(call)

    def _next(self) -> str | None:
        if self._again:
            return self._again.pop(0)
        if time.time() >= self._until:
            return None
        call = next(self._names)
        self._ledger.write(call, "accepted")
        return call

    async def _make(self, call: str) -> None:
        try:
            response = await self._client.post(self._url, json=BODY, headers={CALL_HEADER: call})
        except httpx2.RequestError as error:
            self._ledger.write(call, "failed", f"{type(error).__name__}: {_stop(error)}")
            return
        if response.status_code == httpx2.codes.OK:
            self._ledger.write(call, "answered")
        else:
            self._ledger.write(call, "failed", f"{response.status_code}: {_stop(response)}")


def _stop(ended: httpx2.Response | httpx2.RequestError) -> str:
    history = halley.history(ended)
    return "" if history is None else str(history.stop_reason)


def _changes(pacer: str) -> dict[str, object]:
    shared = {"pacer": pacer} if pacer else {}
    return {"pace": "ramp", "deadline_s": DEADLINE_S, "attempts": 20, **shared}


def main() -> None:
    """Work until time is up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--pacer", default="")
    parser.add_argument("--calls", type=int, required=True)
    parser.add_argument("--clock", type=Path, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(Worker(options).run(options.calls))


if __name__ == "__main__":
    main()
