"""halley on an upstream: its real engine and driver of virtual time, any number of processes.

Nothing but waiting is simulated: admission, classification, decision, pacing and budget are those
of `halley.compose.runtime`. A backlog keeps `QUEUED` calls in each process's pacer, and nothing
caps what is in flight. A client learns what the upstream answers; it is told nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from halley.compose import runtime
from halley.core.model import History, Outcome, Request
from halley.core.policy import Pace, Policy
from halley.drivers.chance import Chance
from halley.drivers.virtual import Call, Upstream, VirtualClock, VirtualTime
from halley.shared.store import Store

from .backlog import Backlog
from .measure import Meter, Result, RunawayError, result
from .rows import QUEUED, Row
from .sharing import Memory, Sharing
from .upstreams import Work

TICK_S = 0.01
"""The backlog is refilled this often, so that even an unpaced client sends finitely often."""
DEADLINE_S = 7 * 86400.0
BATCH = Policy(pace=Pace.RAMP, deadline_s=DEADLINE_S)
LIBRARY = Policy()


def silent(describe: Callable[[], Request], history: History, body: bytes) -> None:
    """Write nothing down, as a sink."""


@dataclass(slots=True)
class Process:
    """One client: it keeps calls waiting in its pacer, and is the upstream of its own driver."""

    backlog: Backlog
    meter: Meter
    port: Upstream
    world: VirtualTime = field(init=False)
    unsent: set[int] = field(default_factory=set)
    refilling: bool = False

    def fill(self) -> None:
        """Let calls start until enough of them were never sent."""
        self.refilling = False
        while len(self.unsent) < QUEUED and (work := self.backlog.next()) is not None:
            self.unsent.add(work.number)
            self.world.call(work, at=self.world.now, then=self.ended)

    def arrive(self, every_s: float, end_s: float) -> None:
        """Let calls start evenly, whatever becomes of them."""
        at = 0.0
        while at < end_s and (work := self.backlog.next()) is not None:
            self.unsent.add(work.number)
            self.world.call(work, at=at, then=self.ended)
            at = self.backlog.count * every_s

    def send(self, request: Request, now: float) -> tuple[Outcome, float]:
        """Pass a request on; a first send makes room for another call."""
        assert isinstance(request, Work)
        self.unsent.discard(request.number)
        if not self.refilling and len(self.unsent) < QUEUED:
            self.refilling = True
            self.world.at(now + TICK_S, self.fill)
        return self.port(request, now)

    def ended(self, call: Call) -> None:
        """Count a call that is over."""
        self.meter.ended(call.ended, answered=call.answered)


def run(
    row: Row,
    seed: int,
    policy: Policy | None = None,
    store: Callable[[Callable[[], float]], Store] = Memory,
) -> Result:
    """Run halley on a row; the policy is that of a batch, or the default where calls arrive.

    Processes that share a pacer meet in the store, which is given virtual time.
    """
    meter = Meter(row.make(seed), row.end_s, row.processes, row.calls)
    backlog = Backlog(seed, row.calls, row.tokens)
    chosen = policy or (BATCH if row.arrivals_per_s is None else LIBRARY)
    clock = VirtualClock()
    shared = store(clock.now)
    for number in range(row.processes):
        process = Process(backlog, meter, meter.port(number))
        client = runtime(chosen, clock=clock, chance=Chance(seed * 1000 + number), sink=silent)
        process.world = VirtualTime(client, process.send)
        if row.shared:
            Sharing(f"process {number}", client.engine.lanes, shared, clock)
        if row.arrivals_per_s is None:
            process.world.at(0.0, process.fill)
        else:
            process.refilling = True
            process.arrive(1.0 / row.arrivals_per_s, row.end_s)
    with suppress(RunawayError):
        clock.run(until=row.end_s)
    shared.close()
    return result(row, meter, seed)
