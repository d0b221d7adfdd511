"""Any client on any row: halley in its driver of virtual time, a peer in such a loop."""

from __future__ import annotations

import asyncio
import copy
import random
from contextlib import suppress

from . import eventloop, world
from .backlog import Backlog
from .limits import STEADY, Both, Bucket, InFlight, Limit
from .measure import Meter, Result, RunawayError, result
from .peers import PEERS, Desk, Peer
from .rows import Row
from .upstreams import Upstream

HALLEY = "halley"
CLIENTS = (HALLEY, *PEERS)
SEEDS = 1000
"""More than there are processes: each has a seed of its own."""


def run(client: str, row: Row, seed: int) -> Result | None:
    """Run a client on a row; None where the two do not fit."""
    if client == HALLEY:
        return world.run(row, seed)
    peer = PEERS[client]
    if row.shared or (row.arrivals_per_s is not None and not peer.arrivals):
        return None
    meter = Meter(row.make(seed), row.end_s, row.processes, row.calls)
    random.seed(seed * SEEDS)  # tenacity and the openai SDK draw from it
    eventloop.run(_contest(peer, row, meter, seed))
    return result(row, meter, seed)


async def _contest(peer: type[Peer], row: Row, meter: Meter, seed: int) -> None:
    """Let the processes work until the row ends, or all is done."""
    backlog, known = Backlog(seed, row.calls, row.tokens), _known(meter)
    work = []
    for number in range(row.processes):
        chance = random.Random(seed * SEEDS + number)
        client = peer(Desk(meter, meter.port(number), backlog, chance, known))
        work.append(client.run() if row.arrivals_per_s is None else _arrivals(client, row))
    with suppress(TimeoutError, RunawayError):
        async with asyncio.timeout(row.end_s):
            await asyncio.gather(*work)


async def _arrivals(client: Peer, row: Row) -> None:
    """Let calls come evenly."""
    assert row.arrivals_per_s is not None
    while (work := client.desk.backlog.next()) is not None:
        client.desk.start(client, work)
        await asyncio.sleep(1.0 / row.arrivals_per_s)


def _known(meter: Meter) -> Limit:
    """A limit that says what the upstream's will say: a copy, and of a cap the thing itself."""
    if isinstance(meter.upstream, Upstream):
        return _copied(meter.upstream.limit)
    rate_per_s = meter.upstream.limit.capacity(0.0, 1.0)
    return Bucket(rate_per_s, 1.0, getattr(meter.upstream, "share", STEADY))


def _copied(limit: Limit) -> Limit:
    match limit:
        case InFlight():
            return limit
        case Both(first, second):
            return Both(_copied(first), _copied(second))
        case _:
            return copy.deepcopy(limit)
