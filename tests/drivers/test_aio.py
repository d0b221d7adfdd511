"""Event loops: whatever cancels a call, nothing of it stays behind (rule 3)."""

from __future__ import annotations

import asyncio
import contextlib

import anyio
import httpx
import httpx2
import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.drivers.aio import TaskTicket
from halley.drivers.clock import Clock
from halley.transport.aio import AsyncTransport
from halley.transport.family import family

from .interruptions import SCRIPTS, World

URL = "https://a.test/v1/chat/completions"
PLACES = st.integers(0, 50)
FAMILIES = st.sampled_from([httpx2, httpx])


def client_of(world: World):
    """A client of the world's family above it."""

    async def forward(request):
        await world.atick()
        return world.response()

    async def close() -> None:
        pass

    module = world.module
    transport = AsyncTransport(world.runtime, family(module.__name__), forward, close)
    return module.AsyncClient(transport=transport)


async def call(world: World, client, chunks: int) -> None:
    """One call, of whose answer some chunks are read."""
    with contextlib.suppress(world.module.RequestError):
        async with client.stream("POST", URL, json={}) as response:
            raw = response.aiter_raw()
            async with contextlib.aclosing(raw):
                for _ in range(chunks):
                    await anext(raw, None)


async def settled(world: World, client) -> None:
    """Nothing stays behind, and the next call gets its permit."""
    world.check()
    world._at, world.script = -1, ["ok"]
    assert (await client.post(URL, json={})).status_code == 200
    world.check()


@settings(max_examples=200, deadline=None)
@given(FAMILIES, SCRIPTS, PLACES, st.integers(0, 4))
def test_cancelling_a_task_anywhere_leaves_nothing(module, script, at: int, chunks: int):
    """asyncio, with a task's own `cancel`; no other task is left either."""

    async def main() -> None:
        tasks: list[asyncio.Task[None]] = []
        world = World(module, script, at, lambda: tasks[0].cancel())  # noqa: PLW0108 - not yet there
        client = client_of(world)
        tasks.append(asyncio.create_task(call(world, client, chunks)))
        await asyncio.wait(tasks)
        await settled(world, client)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


@settings(max_examples=200, deadline=None)
@given(FAMILIES, SCRIPTS, PLACES, st.integers(0, 4), st.sampled_from(["asyncio", "trio"]))
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_cancelling_a_scope_anywhere_leaves_nothing(module, script, at, chunks, backend: str):
    """Trio and anyio, where a cancelled scope goes on cancelling: closing is shielded."""

    async def main() -> None:
        scope = anyio.CancelScope()
        world = World(module, script, at, scope.cancel)
        client = client_of(world)
        with scope:
            await call(world, client, chunks)
        await settled(world, client)

    anyio.run(main, backend=backend)


def test_every_place_is_reached():
    """The places above are real."""

    async def main() -> int:
        world = World(httpx2, ["503", "429", "cut", "stream"], -1, lambda: None)
        await call(world, client_of(world), 9)
        return world.ticks

    assert 12 < anyio.run(main) < 50


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_ticket_that_is_woken_early_is_not_lost(backend: str):
    """Woken between the question and the wait: the wait ends at once, and only once."""

    async def main() -> None:
        ticket, clock = TaskTicket(), Clock()
        ticket.wake()
        with anyio.fail_after(5):
            await ticket.wait(clock, clock.now() + 60)
        started = clock.now()
        await ticket.wait(clock, started + 0.02)
        assert clock.now() - started >= 0.01

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_waking_a_loop_that_has_ended_does_nothing(backend: str):
    """Its tickets may outlive it in a queue."""

    async def main() -> TaskTicket:
        return TaskTicket()

    anyio.run(main, backend=backend).wake()


def test_it_waits_through_anyio():
    """Under trio a wait is trio's: its own clock sees it."""

    async def main() -> float:
        started = trio.current_time()
        await Clock().asleep(50.0)
        await Clock().await_(anyio.Event(), 50.0)
        return trio.current_time() - started

    clock = trio.testing.MockClock(autojump_threshold=0)
    assert trio.run(main, clock=clock) == pytest.approx(100.0)
