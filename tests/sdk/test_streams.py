"""Streams through the SDKs: retried before the first byte, whole, and closed by the user's hand."""

from __future__ import annotations

import pytest

import halley
from halley.simulator import fail, serve

from .kits import MARKS, QUICK, Kit, only, settle, simulator

pytestmark = MARKS


async def test_a_stream_arrives_whole_after_a_refusal(kit: Kit) -> None:
    """The refusal of the first attempt is never seen."""
    with serve(simulator(fail(503))) as server:
        client = halley.protect(kit.client(server), QUICK)
        text = await kit.stream(client)
        await kit.close(client)
    assert "Halley" in text
    assert [entry.status for entry in server.ledger.calls] == [503, 200]


async def test_a_stream_that_breaks_is_not_sent_again(kit: Kit) -> None:
    """What was delivered cannot be taken back: the error and its history say so."""
    with serve(simulator(fail("cut_stream"))) as server:
        client = halley.protect(kit.client(server), QUICK)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await kit.stream(client)
        await kit.close(client)
    history = halley.history(caught.value)
    assert len(server.ledger.calls) == 1
    assert history is not None
    assert history.stop_reason == "committed"


@only("openai", "cometapi", "anthropic")
async def test_a_stream_closed_early_gives_its_place_back(kit: Kit) -> None:
    """With room for one call at a time, the next one is let in at once."""
    alone = QUICK.override({"in_flight_max": 1, "deadline_s": 5.0})
    with serve(simulator()) as server:
        client = halley.protect(kit.client(server), alone)
        chunks = await settle(kit.question(client, stream=True))
        await settle(chunks.close())
        assert "Halley" in await kit.ask(client)
        await kit.close(client)
