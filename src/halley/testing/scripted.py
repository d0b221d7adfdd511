"""Scripted upstreams without a socket: a mock transport that answers from the simulator.

It stands where the network would, under `halley.Client(transport=...)` or under a plain client that
is then protected, in either family and either colour.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from halley.simulator import Ending, Ledger, SimReply, SimRequest, Simulator, Step
from halley.transport.family import Family, family

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    import httpx2


class Upstream:
    """A transport of httpx2 or httpx, and the truth about what reached it."""

    def __init__(self, simulator: Simulator, found: Family) -> None:
        self.ledger: Ledger = simulator.ledger
        self._simulator = simulator
        self._family = found
        self._started = time.monotonic()
        self.transport: httpx2.MockTransport = found.module.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = SimRequest(
            method=request.method,
            path=request.url.path,
            query=request.url.query.decode("latin-1"),
            headers=headers,
            body=request.read() if hasattr(request.stream, "__iter__") else request.content,
        )
        reply = self._simulator.handle(seen, time.monotonic() - self._started)
        return self._played(reply, request)

    def _played(self, reply: SimReply, request: httpx2.Request) -> httpx2.Response:
        """Turn a reply into a response, or into the exception its ending looks like."""
        errors = self._family.module
        if reply.ending is Ending.RESET_BEFORE:
            raise errors.ReadError("connection reset by peer", request=request)
        if reply.ending is Ending.CLOSE_BEFORE:
            raise errors.RemoteProtocolError("server disconnected", request=request)
        if reply.ending is Ending.STALL and not reply.status:
            raise errors.ReadTimeout("timed out", request=request)
        return self._family.response(
            reply.status, headers=list(reply.headers), stream=_body(self._family, reply)
        )


def upstream(
    *steps: Step, profile: str = "calm", seed: int = 0, family_name: str = "httpx2"
) -> Upstream:
    """Return a scripted upstream: the steps in order, then the profile.

    >>> from halley.testing import fail
    >>> upstream(fail(503), fail(429, retry_after=2)).ledger.calls
    ()

    Args:
        steps: As for `script`.
        profile: What happens when the steps are used up.
        seed: Of everything the simulator draws.
        family_name: "httpx2" or "httpx".
    """
    simulator = Simulator(profile=profile, seed=seed, script=steps)
    return Upstream(simulator, family(family_name))


def _body(found: Family, reply: SimReply) -> httpx2.ByteStream:
    """Return the chunks as a stream of both colours, broken where the reply is."""
    module = found.module

    class Body(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc, name-defined]
        def __iter__(self) -> Iterator[bytes]:
            for chunk in reply.chunks:
                yield chunk.data
            self._end()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for chunk in reply.chunks:
                yield chunk.data
            self._end()

        def _end(self) -> None:
            if reply.ending is Ending.CUT:
                raise module.RemoteProtocolError("peer closed connection without sending all of it")
            if reply.ending is Ending.STALL:
                raise module.ReadTimeout("timed out")

    return Body()
