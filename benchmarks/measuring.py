"""Blocks of calls that take turns: CPU time per call, one figure a round, in one process."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable

Block = Callable[[int], None]


def pinned() -> None:
    """Stay on one core, where the system allows it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def sync_block(call: Callable[[], object]) -> Block:
    """A number of calls, one after the other."""

    def block(calls: int) -> None:
        for _ in range(calls):
            call()

    return block


def async_block(loop: asyncio.AbstractEventLoop, call: Callable[[], Awaitable[object]]) -> Block:
    """The same in an event loop."""

    async def calls_in_a_row(calls: int) -> None:
        for _ in range(calls):
            await call()

    return lambda calls: loop.run_until_complete(calls_in_a_row(calls))


def measured(
    variants: dict[str, tuple[Block, str]], *, rounds: int, calls: int
) -> dict[str, list[float]]:
    """CPU microseconds per call of every variant, one figure a round."""
    figures: dict[str, list[float]] = {name: [] for name in variants}
    order = list(variants)
    for name in order:
        variants[name][0](calls)
    for number in range(rounds):
        random.shuffle(order)
        for name in order:
            started = time.process_time()
            variants[name][0](calls)
            figures[name].append((time.process_time() - started) / calls * 1e6)
        progress(number + 1, rounds)
    return figures


def progress(done: int, rounds: int) -> None:
    """Say how far it is, to a person at a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == rounds else ""
        print(f"\rround {done} of {rounds}", end=end, file=sys.stderr, flush=True)
