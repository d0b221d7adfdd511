"""A world that can be interrupted at every place where a call waits, is on the wire, or writes.

`World.tick` is called there; at the tick that a test chose it interrupts. What must hold afterwards
is in `World.check`, whatever was interrupted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
from hypothesis import strategies as st

from halley.compose import runtime
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.clock import Clock
from halley.drivers.session import Runtime
from tests.lines import EVENTS

OUTCOMES = ("ok", "503", "429", "fault", "cut", "huge", "stream", "stream_cut")
SCRIPTS = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4)
POLICY = Policy(in_flight_max=1, attempts=4, body_bytes_max=1024, inspect_bytes_max=1024)
CHUNKS = {"ok": [b'{"choices":[{}]}'], "huge": [b"x" * 600] * 4, "stream": EVENTS}
STATUS = {"503": 503, "429": 429, "huge": 500, "cut": 503}


class World:
    """An upstream, a clock and a log for one client, all of which tick."""

    def __init__(self, module: Any, script: list[str], at: int, strike: Callable[[], None]) -> None:
        self.module = module
        self.script = [*script, "ok"]
        self.open = 0
        self.ticks = 0
        self._at = at
        self._strike = strike
        self.runtime: Runtime = runtime(
            POLICY, clock=Ticking(self), chance=Chance(0), sink=lambda *_: self.tick()
        )

    def tick(self) -> None:
        """Interrupt if it is time."""
        self.ticks += 1
        if self.ticks - 1 == self._at:
            self._strike()

    async def atick(self) -> None:
        """Interrupt if it is time, and let the interruption arrive."""
        self.tick()
        await anyio.lowlevel.checkpoint()

    def response(self) -> Any:
        """Play the next outcome."""
        outcome = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if outcome == "fault":
            raise self.module.ConnectError("played")
        kind = "text/event-stream" if "stream" in outcome else "application/json"
        self.open += 1
        return self.module.Response(
            STATUS.get(outcome, 200), headers={"content-type": kind}, stream=self._body(outcome)
        )

    def _body(self, outcome: str) -> Any:
        world, module = self, self.module
        chunks = CHUNKS.get(outcome.removesuffix("_cut"), [b"{}"])
        chunks = chunks[:1] if outcome == "stream_cut" else chunks

        class Body(module.SyncByteStream, module.AsyncByteStream):
            closed = False

            def __iter__(self):
                for chunk in chunks:
                    world.tick()
                    yield chunk
                if "cut" in outcome:
                    raise module.ReadError("played")

            async def __aiter__(self):
                for chunk in chunks:
                    await world.atick()
                    yield chunk
                if "cut" in outcome:
                    raise module.ReadError("played")

            def close(self) -> None:
                world.open -= not self.closed
                self.closed = True
                world.tick()

            async def aclose(self) -> None:
                world.open -= not self.closed
                self.closed = True
                await world.atick()

        return Body()

    def check(self) -> None:
        """No permit is out, nobody waits, no body is open, the lock is free."""
        (lane,) = self.runtime.engine.lanes._lanes.values()
        assert (lane.in_flight, lane.queued, self.open) == (0, 0, 0)
        assert not self.runtime.lock.locked()
        assert not self.runtime.left


class Ticking(Clock):
    """A clock whose waits tick, and pass at once."""

    __slots__ = ("_passed", "_world")

    def __init__(self, world: World) -> None:
        self._world = world
        self._passed = 0.0

    def now(self) -> float:
        return super().now() + self._passed

    def sleep(self, seconds: float) -> None:
        self._world.tick()
        self._passed += seconds

    async def asleep(self, seconds: float) -> None:
        await self._world.atick()
        self._passed += seconds
