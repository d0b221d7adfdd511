"""The simulator as an ASGI 3 application, for in-process transports and any ASGI server.

A cut reply is an exception after the part of the body that was sent: ASGI has no other word for it.
Replies without an answer are the same exception before the head.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from halley.simulator.behaviour import Simulator
from halley.simulator.clock import Clock
from halley.simulator.model import Ending, SimReply, SimRequest

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi_app(simulator: Simulator, *, speed: float = 1.0) -> App:
    """The application; `speed` (> 0) divides all simulated waits.

    The application raises `ConnectionResetError` for a reset, a close or a cut, and `TimeoutError`
    at the end of a stall.
    """
    lock, clock = threading.Lock(), Clock()

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"the simulator speaks http, got an ASGI scope {scope['type']!r}")
        request = await _request(scope, receive)
        with lock:
            reply = simulator.handle(request, clock.now(), speed=speed)
        await _play(reply, send)

    return app


async def _request(scope: Message, receive: Receive) -> SimRequest:
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    query = scope.get("query_string", b"").decode("latin-1")
    return SimRequest(scope["method"], scope["path"], query, headers, bytes(body))


async def _play(reply: SimReply, send: Send) -> None:
    await asyncio.sleep(reply.latency_s)
    if reply.status:
        headers = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in reply.headers]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        for chunk in reply.chunks:
            await asyncio.sleep(chunk.after_s)
            await send({"type": "http.response.body", "body": chunk.data, "more_body": True})
    if reply.ending is Ending.STALL:
        await asyncio.sleep(reply.stall_s)
        raise TimeoutError("simulated: the reply stalled")
    if reply.ending in (Ending.RESET_BEFORE, Ending.CLOSE_BEFORE, Ending.CUT):
        raise ConnectionResetError("simulated: the connection was lost")
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return
