"""The ASGI face, under the transport of httpx2 and by hand."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from halley.simulator import Simulator, asgi_app, fail, keys, script

CHAT = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
HEADERS = {"authorization": f"Bearer {keys.VALID}"}


def post(simulator, *, speed=1000.0, **more):
    async def run():
        transport = httpx2.ASGITransport(app=asgi_app(simulator, speed=speed))
        async with httpx2.AsyncClient(transport=transport, base_url="http://sim") as client:
            return await client.post("/v1/chat/completions", json={**CHAT, **more}, headers=HEADERS)

    return asyncio.run(run())


def test_a_completion_in_process():
    """No socket, no server: a client with this transport gets its answer."""
    simulator = Simulator()
    reply = post(simulator)
    assert reply.json()["choices"][0]["finish_reason"] == "stop"
    assert simulator.ledger.calls[0].status == 200


def test_a_stream_in_process():
    """All events arrive, in order, to the end."""
    assert post(Simulator(), stream=True).text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("reset", ConnectionResetError),
        ("close", ConnectionResetError),
        ("cut", ConnectionResetError),
        ("hang", TimeoutError),
    ],
)
def test_a_lost_connection_is_an_exception(what, error):
    """ASGI cannot reset a connection, so the application raises."""
    with pytest.raises(error, match="simulated"):
        post(Simulator(script=script(fail(what))))


def test_the_part_before_a_cut_is_sent():
    """The head and half of the body are out before the exception."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/models",
        "query_string": b"",
        "headers": [(b"Authorization", HEADERS["authorization"].encode())],
    }
    app = asgi_app(Simulator(script=script(fail("cut"))), speed=1000.0)
    with pytest.raises(ConnectionResetError):
        asyncio.run(app(scope, receive, send))
    head, body = sent
    length = int(dict(head["headers"])[b"content-length"])
    assert 0 < len(body["body"]) < length


def test_lifespan_and_other_protocols():
    """A server may start and stop the application; a websocket is an error that says so."""
    coming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive():
        return coming.pop(0)

    async def send(message):
        sent.append(message["type"])

    app = asgi_app(Simulator())
    asyncio.run(app({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    with pytest.raises(ValueError, match="speaks http, got an ASGI scope 'websocket'"):
        asyncio.run(app({"type": "websocket"}, receive, send))
