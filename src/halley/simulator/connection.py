"""One connection of the socket server: requests in by h11, replies played out on the wire.

A reply that misbehaves ends the connection in the way it says: a reset is a real RST (SO_LINGER 0),
a close a FIN, a cut body a FIN short of its framing. Waits end early when the client hangs up.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from typing import Final, TypeAlias, assert_never

import h11

from halley.simulator.model import Ending, SimReply, SimRequest

BODY_BYTES_MAX: Final = 64 << 20
"""A longer request body is refused with 413."""

_READ_BYTES = 1 << 16
_LINGER_0 = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
_TOO_LARGE = 413

Handle: TypeAlias = Callable[[SimRequest], SimReply]


class Connection:
    """Serves requests on one connection until either side ends it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._http = h11.Connection(h11.SERVER)

    async def run(self) -> None:
        """Serve to the end of the conversation; the caller then aborts the transport."""
        try:
            while (request := await self._request()) is not None:
                if not await self._play(self._handle(request)):
                    break
                self._http.start_next_cycle()
            self._writer.close()
            await self._writer.wait_closed()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint)
        except ConnectionError:
            pass  # the client hung up, or we did on purpose

    async def _request(self) -> SimRequest | None:
        """The next request, or None when the client is done."""
        head = await self._event()
        if not isinstance(head, h11.Request):
            return None
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        body = bytearray()
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
            if len(body) > BODY_BYTES_MAX:
                raise h11.RemoteProtocolError("body too large", error_status_hint=_TOO_LARGE)
        return _sim_request(head, bytes(body))

    async def _event(self) -> h11.Event | type[h11.NEED_DATA | h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            self._http.receive_data(await self._reader.read(_READ_BYTES))
        return event

    async def _play(self, reply: SimReply) -> bool:
        """Send the reply; whether the connection may serve another request."""
        await self._pause(reply.latency_s)
        if reply.status:
            await self._send(h11.Response(status_code=reply.status, headers=list(reply.headers)))
            for chunk in reply.chunks:
                await self._pause(chunk.after_s)
                await self._send(h11.Data(data=chunk.data))
        match reply.ending:
            case Ending.COMPLETE | Ending.CUT_CLEAN:
                await self._send(h11.EndOfMessage())
                return self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
            case Ending.CLOSE_BEFORE | Ending.CUT:
                return False
            case Ending.STALL:
                await self._pause(reply.stall_s)
                self._reset()
                return False
            case Ending.RESET_BEFORE:
                self._reset()
                return False
            case _:
                assert_never(reply.ending)

    async def _pause(self, wait_s: float) -> None:
        """Wait, unless the client hangs up first; what it sends meanwhile is kept."""
        if wait_s <= 0:
            return
        try:
            async with asyncio.timeout(wait_s):
                while data := await self._reader.read(_READ_BYTES):
                    self._http.receive_data(data)
        except TimeoutError:
            return
        raise ConnectionResetError("the client hung up")

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def _refuse(self, status: int) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = [("content-length", "0"), ("connection", "close")]
            await self._send(h11.Response(status_code=status, headers=head))
            await self._send(h11.EndOfMessage())
            self._writer.close()
            await self._writer.wait_closed()

    def _reset(self) -> None:
        peer: socket.socket = self._writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
        self._writer.transport.abort()


def _sim_request(head: h11.Request, body: bytes) -> SimRequest:
    target = head.target.decode("latin-1")
    path, _, query = target.partition("?")
    headers: dict[str, str] = {}
    for name, value in head.headers:
        headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    return SimRequest(head.method.decode("latin-1"), path, query, headers, body)
