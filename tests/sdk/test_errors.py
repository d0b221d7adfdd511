"""What reaches the user when halley gives up: the SDK's own error, with the history on it."""

from __future__ import annotations

import pickle
import socket
from importlib import import_module

import pytest

import halley
from halley.core.model import FaultKind, StopReason
from halley.core.policy import Policy
from halley.simulator import fail, serve
from halley.simulator.faults import Refuse
from halley.simulator.model import SimReply, plain_reply

from .kits import MARKS, QUICK, Kit, only, settle, simulator, status_of

pytestmark = MARKS

TWO = Policy(attempts=2, backoff="full_jitter", backoff_base_s=0.01)
BODY = b'{"error":{"message":"busy, try again (request id: 20260101000000123456789abcDEF12)"}}'
BUSY = Refuse("busy_as_it_is", lambda _scene: plain_reply(503, BODY, "application/json"))


async def test_the_error_is_the_one_the_sdk_raises_alone(kit: Kit) -> None:
    """Class, message, status and body bytes are those of the bare client."""
    with serve(simulator(fail(BUSY, times=20))) as server:
        bare, beneath = kit.client(server, **_once(kit)), halley.protect(kit.client(server), TWO)
        expected, error = await kit.failure(bare), await kit.failure(beneath)
        await kit.close(bare)
        await kit.close(beneath)
    assert type(error) is type(expected)
    assert str(error) == str(expected)
    assert status_of(error) == status_of(expected) == 503
    assert error.response.content == BODY  # type: ignore[attr-defined]
    assert error.response.request.method == "POST"  # type: ignore[attr-defined]


async def test_a_retry_without_a_permit_is_the_servers_error(kit: Kit) -> None:
    """A 429, then no permit in time: `RateLimitError` and no timeout, and the SDK leaves it."""
    home = halley if kit.family == "httpx2" else import_module("halley.httpx")
    made = (home.AsyncClient if kit.is_async else home.Client)(policy=Policy(in_flight_max=1))
    runtime = made._transport._runtime

    def shut(_scene: object) -> SimReply:
        with runtime.lock:
            for lane in runtime.engine.lanes._lanes.values():
                lane.hold(runtime.clock.now(), 1000.0)
        return plain_reply(429, BODY, "application/json")

    with serve(simulator(fail(Refuse("shut", shut), times=20))) as server:
        bare, above = kit.client(server, **_once(kit)), kit.client(server, **kit.on(made))
        expected, error = await kit.failure(bare), await kit.failure(above)
        await kit.close(bare)
        await settle(made.aclose() if kit.is_async else made.close())
    history = halley.history(error)
    assert type(error) is type(expected)
    assert type(error).__name__ in ("RateLimitError", "ClientError")
    assert status_of(error) == 429
    assert error.response.content == BODY  # type: ignore[attr-defined]
    assert history is not None
    assert [a.status for a in history.attempts] == [429, None]
    assert history.stop_reason is StopReason.DEADLINE
    assert len(server.ledger.calls) == 2


@only("openai", "cometapi", "anthropic")
async def test_the_request_id_of_the_body_is_where_the_sdk_looks(kit: Kit) -> None:
    """`err.request_id`, though no header has it."""
    with serve(simulator(fail(BUSY, times=20))) as server:
        client = halley.protect(kit.client(server), TWO)
        error = await kit.failure(client)
        await kit.close(client)
    assert error.request_id == "20260101000000123456789abcDEF12"  # type: ignore[attr-defined]


async def test_history_lists_every_attempt(kit: Kit) -> None:
    """Status, decision and request id of each, in order."""
    with serve(simulator(fail("saturated"), fail("server_error"), fail("key_invalid"))) as server:
        client = halley.protect(kit.client(server), QUICK)
        error = await kit.failure(client)
        await kit.close(client)
    history = halley.history(error)
    assert history is not None
    assert [a.status for a in history.attempts] == [429, 500, 401]
    assert [a.action for a in history.attempts] == ["retry", "retry", "rotate_key"]
    sent = [entry.request_id for entry in server.ledger.calls]
    assert [a.request_id for a in history.attempts] == sent


async def test_history_survives_a_closed_port(kit: Kit) -> None:
    """No reply at all: the history is found on the error's cause."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = halley.protect(kit.client(f"http://127.0.0.1:{port}"), TWO)
    history = halley.history(await kit.failure(client))
    await kit.close(client)
    assert history is not None
    assert [a.fault for a in history.attempts] == [FaultKind.CONNECT, FaultKind.CONNECT]


@only("openai", "cometapi")
async def test_a_raw_response_has_the_history_too(kit: Kit) -> None:
    """A success after a retry, seen through `with_raw_response`."""
    with serve(simulator(fail("reset"))) as server:
        client = halley.protect(kit.client(server), QUICK)
        raw = await settle(client.models.with_raw_response.list())
        await kit.close(client)
    history = halley.history(raw)
    assert raw.elapsed.total_seconds() > 0
    assert history is not None
    assert [a.action for a in history.attempts] == ["retry", "ok"]


async def test_an_echoed_key_is_nowhere_in_the_error(kit: Kit) -> None:
    """A server repeats the key it refuses; the error does not."""
    key = "sk-" + "halley0echo" * 3
    with serve(simulator(fail("echo_key"))) as server:
        client = halley.protect(kit.client(server, key=key), QUICK)
        error = await kit.failure(client)
        await kit.close(client)
    response = error.response  # type: ignore[attr-defined]
    body = getattr(error, "body", getattr(error, "details", None))
    shown = [str(error), repr(error), repr(error.args), repr(body), response.text]
    assert status_of(error) == 401
    assert "Invalid token: ***" in response.text
    assert [text for text in shown if key in text] == []


async def test_an_error_that_could_be_pickled_still_can(kit: Kit) -> None:
    """The history on it makes pickling no worse."""
    with serve(simulator(fail(BUSY, times=20))) as server:
        bare, beneath = kit.client(server, **_once(kit)), halley.protect(kit.client(server), TWO)
        expected, error = await kit.failure(bare), await kit.failure(beneath)
        await kit.close(bare)
        await kit.close(beneath)
    try:
        pickle.loads(pickle.dumps(expected))
    except Exception:  # noqa: BLE001 - openai's cannot, in several ways
        pytest.skip("the SDK's own error cannot be pickled")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def _once(kit: Kit) -> dict[str, int]:
    """Turn the SDK's own retries off; google-genai has none."""
    return {"max_retries": 0} if kit.stainless else {}
