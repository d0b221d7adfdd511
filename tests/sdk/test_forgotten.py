"""Streams that an SDK forgets in a cycle of references when it raises, as google-genai does."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import Any

import halley
from halley.simulator import fail, serve

from .kits import MARKS, QUICK, Kit, simulator

pytestmark = MARKS


async def test_what_is_forgotten_is_closed_from_the_outside_in(kit: Kit) -> None:
    """Collected all at once, the generators beneath would be closed while others run them."""
    complaints: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, said: complaints.append(said))
    with serve(simulator(fail("error_middle", times=99))) as server:
        base = kit.client(server)
        client = halley.protect(base, QUICK)
        for _ in range(5):
            with suppress(Exception):  # each SDK has its own
                await kit.stream(client)
            gc.collect()
            for _ in range(20):  # turns for the tasks that close what was forgotten
                await asyncio.sleep(0.001)
        gc.collect()
        await kit.close(base)
    loop.set_exception_handler(before)
    assert complaints == []
