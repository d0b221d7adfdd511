"""How often the SDKs send: until it works, not after a final answer, and never more than halley."""

from __future__ import annotations

from importlib import import_module

import pytest

import halley
from halley.core.model import StopReason
from halley.core.policy import Policy
from halley.simulator import fail, ok, serve

from .kits import MARKS, QUICK, Kit, simulator

pytestmark = MARKS

THREE = Policy(attempts=3, backoff="full_jitter", backoff_base_s=0.01)


async def test_a_call_comes_right_after_a_refusal_and_a_lost_connection(kit: Kit) -> None:
    """503, then a reset, then an answer: the user sees the answer alone."""
    with serve(simulator(fail(503), fail("reset"), ok())) as server:
        client = halley.protect(kit.client(server), QUICK)
        answer = await kit.ask(client)
        await kit.close(client)
    assert "Halley" in answer
    assert [entry.status for entry in server.ledger.calls] == [503, None, 200]


@pytest.mark.parametrize("fault", [503, "saturated", "reset", "close", "cut", "nginx_504"])
async def test_a_protected_client_sends_what_the_policy_allows(kit: Kit, fault: str | int) -> None:
    """Replies and lost connections: the SDK adds no attempt of its own."""
    with serve(simulator(fail(fault, times=20))) as server:
        client = halley.protect(kit.client(server), THREE)
        error = await kit.failure(client)
        await kit.close(client)
    history = halley.history(error)
    assert history is not None
    assert history.stop_reason is StopReason.ATTEMPTS
    assert len(history.attempts) == len(server.ledger.calls) == 3


@pytest.mark.parametrize(
    ("fault", "status"),
    [("invalid_request", 500), ("model_not_found", 503), ("key_invalid", 401), ("balance", 403)],
)
async def test_what_cannot_succeed_is_sent_once(kit: Kit, fault: str, status: int) -> None:
    """Permanent failures, whatever their status."""
    with serve(simulator(fail(fault, times=20))) as server:
        client = halley.protect(kit.client(server), QUICK)
        error = await kit.failure(client)
        await kit.close(client)
    history = halley.history(error)
    assert [entry.status for entry in server.ledger.calls] == [status]
    assert history is not None
    assert history.stop_reason is StopReason.FINAL


@pytest.mark.parametrize("fault", [503, "reset"])
async def test_a_client_made_by_hand_does_not_multiply(kit: Kit, fault: str | int) -> None:
    """`halley.Client()` as http_client, the SDK's retries left as they are."""
    home = halley if kit.family == "httpx2" else import_module("halley.httpx")
    made = (home.AsyncClient if kit.is_async else home.Client)(policy=THREE)
    with serve(simulator(fail(fault, times=20))) as server:
        client = kit.client(server, **kit.on(made))
        error = await kit.failure(client)
        if kit.is_async:
            await made.aclose()
        else:
            made.close()
    history = halley.history(error)
    assert history is not None
    assert len(history.attempts) == len(server.ledger.calls) == 3


async def test_a_redirect_is_not_followed(kit: Kit) -> None:
    """301 on a POST: the SDK's own error, one request, and no GET elsewhere."""
    with serve(simulator(fail(301, times=3))) as server:
        client = halley.protect(kit.client(server), QUICK)
        error = await kit.failure(client)
        await kit.close(client)
    assert type(error).__module__.startswith(("openai", "anthropic", "google.genai"))
    assert [entry.method for entry in server.ledger.calls] == ["POST"]
