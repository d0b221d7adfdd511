"""What is particular to google-genai: aiohttp, its own retries, and clients it makes inside."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

import halley
from halley.simulator import fail, serve
from halley.transport.install import UnsupportedClientError

from .kits import MARKS, QUICK, Kit, only, settle, simulator

pytestmark = MARKS


@only("genai")
async def test_its_own_retries_are_off(kit: Kit) -> None:
    """Retries asked of the SDK would multiply those of halley."""
    own = {"retry_options": {"attempts": 3, "initial_delay": 0.01, "max_delay": 0.02}}
    with serve(simulator(fail(503, times=30))) as server:
        client = kit.client(server, **own)
        beneath = halley.protect(client, QUICK.override({"attempts": 2}))
        await kit.failure(beneath)
        assert len(server.ledger.calls) == 2
        await kit.failure(client)
        await kit.close(beneath)
    assert len(server.ledger.calls) == 2 + 3, "the old client is as it was"


@only("genai")
@pytest.mark.parametrize("used_before", [False, True])
async def test_the_clients_it_makes_inside_are_protected(kit: Kit, *, used_before: bool) -> None:
    """`interactions` has a generated client and a retry loop of its own."""
    with serve(simulator(fail(503, times=30))) as server:
        old = kit.client(server)
        if used_before:
            assert (old.aio if kit.is_async else old).interactions
        client = halley.protect(old, QUICK.override({"attempts": 2}))
        interactions = (client.aio if kit.is_async else client).interactions
        with pytest.raises(Exception) as caught:  # noqa: PT011 - private to the SDK
            await settle(interactions.create(model="gemini-2.5-flash", input="hello"))
        await kit.close(client)
    history = halley.history(caught.value)
    assert history is not None
    assert len(history.attempts) == len(server.ledger.calls) == 2


@only("genai")
async def test_chats_go_through_halley(kit: Kit) -> None:
    """A part that is made when it is asked for."""
    with serve(simulator(fail(503))) as server:
        client = halley.protect(kit.client(server), QUICK)
        chat = (client.aio if kit.is_async else client).chats.create(model="gemini-2.5-flash")
        answer = await settle(chat.send_message("hello"))
        await kit.close(client)
    assert "Halley" in answer.text
    assert len(server.ledger.calls) == 2


async def test_the_aio_half_can_be_protected_alone() -> None:
    """`protect(client.aio)` gives an async client back."""
    genai = pytest.importorskip("google.genai")
    with serve(simulator(fail(503))) as server:
        options = {"base_url": server.url, "api_version": "v1beta"}
        whole = genai.Client(api_key="sk-" + "a" * 32, http_options=options)
        client = halley.protect(whole.aio, QUICK)
        assert isinstance(client, type(whole.aio))
        answer = await client.models.generate_content(model="gemini-2.5-flash", contents="hello")
        await client.aclose()
        whole.close()
    assert "Halley" in answer.text


@only("genai")
async def test_aiohttp_is_not_used_in_secret(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where aiohttp is installed, the SDK's async half would pass halley by."""
    aiohttp = pytest.importorskip("aiohttp")

    def refuse(*_args: Any, **_options: Any) -> None:
        raise AssertionError("sent through aiohttp")

    monkeypatch.setattr(aiohttp.ClientSession, "_request", refuse)
    with serve(simulator(fail(503))) as server:
        client = halley.protect(kit.client(server), QUICK)
        assert "Halley" in await kit.ask(client)
        await kit.close(client)
    assert len(server.ledger.calls) == 2


@only("genai")
@pytest.mark.skipif(not find_spec("aiohttp"), reason="aiohttp is not installed here")
async def test_a_session_of_the_users_own_is_refused(kit: Kit) -> None:
    """There is no standing beneath it, and its proxies would be lost."""
    import aiohttp  # noqa: PLC0415 - not in every environment

    async with aiohttp.ClientSession() as session:
        client = kit.client("http://127.0.0.1:9", aiohttp_client=session)
        with pytest.raises(UnsupportedClientError, match="aiohttp_client"):
            halley.protect(client)
        await kit.close(client)
