"""Closing, and who keeps whom alive: the protected client and the old one share one pool."""

from __future__ import annotations

import gc

import halley
from halley.simulator import serve

from .kits import MARKS, QUICK, Kit, simulator

pytestmark = MARKS


async def test_closing_either_closes_both(kit: Kit) -> None:
    """Nothing is left open behind the user's back."""
    with serve(simulator()) as server:
        old = kit.client(server)
        client = halley.protect(old, QUICK)
        await kit.ask(client)
        await kit.close(client)
    assert kit.own_http(old).is_closed
    assert kit.own_http(client).is_closed


async def test_closing_the_old_client_closes_the_new_one(kit: Kit) -> None:
    """A client that was closed says so."""
    with serve(simulator()) as server:
        old = kit.client(server)
        client = halley.protect(old, QUICK)
        await kit.ask(client)
        await kit.close(old)
        assert kit.own_http(client).is_closed
        await kit.failure(client)
    assert len(server.ledger.calls) == 1


async def test_the_old_client_may_be_forgotten(kit: Kit) -> None:
    """SDKs close the pool of a client that is collected; not of one that is in use."""
    with serve(simulator()) as server:
        client = halley.protect(kit.client(server), QUICK)
        gc.collect()
        assert "Halley" in await kit.ask(client)
        await kit.close(client)


async def test_the_new_client_may_be_forgotten(kit: Kit) -> None:
    """The old one goes on working."""
    with serve(simulator()) as server:
        old = kit.client(server)
        client = halley.protect(old, QUICK)
        await kit.ask(client)
        del client
        gc.collect()
        assert "Halley" in await kit.ask(old)
        await kit.close(old)
