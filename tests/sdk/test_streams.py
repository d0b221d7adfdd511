"""Streams through the SDKs: sent for again before the first content, never passed off after it."""

from __future__ import annotations

import importlib
import pickle

import pytest

import halley
from halley.simulator import fail, serve
from halley.simulator.faults import cut_stream, error_frame, stall

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


@pytest.mark.parametrize(
    "fault",
    [cut_stream(0), cut_stream(0, clean=True), error_frame("first"), "ping_then_json"],
    ids=["broken off", "ended", "error event", "bare error"],
)
async def test_before_the_first_content_it_is_sent_for_again(kit: Kit, fault) -> None:
    """The user sees one whole answer, whatever the first stream was."""
    with serve(simulator(fail(fault))) as server:
        client = halley.protect(kit.client(server), QUICK)
        text = await kit.stream(client)
        await kit.close(client)
    assert "Halley" in text
    assert [entry.status for entry in server.ledger.calls] == [200, 200]


async def test_keepalives_do_not_hide_a_stall(kit: Kit) -> None:
    """Before the first content: after the limit the stream is sent for again."""
    policy = QUICK.override({"first_content_timeout_s": 0.5})
    with serve(simulator(fail(stall(0, keepalive=True)))) as server:
        client = halley.protect(kit.client(server), policy)
        text = await kit.stream(client)
        await kit.close(client)
    assert "Halley" in text
    assert len(server.ledger.calls) == 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(error_frame("middle"), id="error_middle"),
        "cut_stream",
        "cut_clean",
        "no_finish",
    ],
)
async def test_after_it_the_user_is_told(kit: Kit, fault) -> None:
    """By an exception that has the history; nothing is sent again.

    google-genai reads an error inside a stream by itself, and its error has room for nothing.
    """
    with serve(simulator(fail(fault))) as server:
        client = halley.protect(kit.client(server), QUICK)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await kit.stream(client)
        await kit.close(client)
    assert len(server.ledger.calls) == 1
    history = halley.history(caught.value)
    if history is None:
        assert (kit.name, caught.value.code) == ("genai", 503)
        return
    assert history.stop_reason == "committed"
    assert history.attempts[-1].stream in ("interrupted", "failed")


WENT_IN = {"anthropic": {"input_tokens": 30}, "genai": {"promptTokenCount": 20}}
"""What a provider says of the question when its answer begins; the others say nothing."""


async def test_a_stream_that_broke_off_says_how_far_it_came(kit: Kit) -> None:
    """Itself, or as the cause of the SDK's own error; as one of the SDK's where that has a base."""
    with serve(simulator(fail("cut_clean"))) as server:
        client = halley.protect(kit.client(server), QUICK)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await kit.stream(client)
        await kit.close(client)
    raised = caught.value
    error = raised if isinstance(raised, halley.StreamInterrupted) else raised.__cause__
    assert isinstance(error, halley.StreamInterrupted)
    assert error.text
    assert (error.attempt, error.safe_to_restart) == (1, True)
    assert error.usage == WENT_IN.get(kit.name)  # what came out, nobody knows
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.text) == (type(error), error.text)
    if kit.stainless:
        package = "anthropic" if kit.name == "anthropic" else "openai"
        sdk = importlib.import_module(package)
        assert isinstance(raised, sdk.APIConnectionError)
        assert isinstance(raised, sdk.APIError)
        assert raised.message
        assert raised.body is None


@pytest.mark.parametrize("fault", ["no_done", "split_utf8"])
async def test_what_is_whole_is_whole(kit: Kit, fault: str) -> None:
    """Without `[DONE]`, and with bytes that are split inside a character."""
    if (kit.name, fault) == ("anthropic", "no_done"):
        return  # has no [DONE]
    with serve(simulator(fail(fault))) as server:
        client = halley.protect(kit.client(server), QUICK)
        assert "Halley" in await kit.stream(client)
        await kit.close(client)
    assert len(server.ledger.calls) == 1


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
