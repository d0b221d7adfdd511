"""The wire and the transport for event loops, for either family."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

from halley.core.effects import Deliver, Read, Send
from halley.core.model import Outcome
from halley.core.model import Request as CoreRequest
from halley.drivers.session import Runtime, Session
from halley.drivers.aio import run
from halley.policy.options import effective
from halley.transport.exchange import Exchange, content_length, describe
from halley.transport.family import Family
from halley.transport.reentry import given_up, remember
from halley.transport.watch import Watch, stream_class

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2


class AsyncWire(Exchange):
    """One call on a connection of an event loop."""

    __slots__ = ("_chunks", "_forward")

    def __init__(
        self,
        family: Family,
        request: httpx2.Request,
        now: Callable[[], float],
        forward: Callable[[httpx2.Request], Awaitable[httpx2.Response]],
    ) -> None:
        super().__init__(family, request, now)
        self._forward = forward
        self._chunks: AsyncIterator[bytes] | None = None

    async def send(self, effect: Send) -> Outcome:
        """Send the request again from its start."""
        self.limit_timeouts(effect.timeout_s)
        try:
            return self.head(await self._forward(self.request))
        except self.family.request_error as error:
            return self.failed(error)

    async def read(self, effect: Read) -> Outcome:
        """Read the body of the response in hand, as far as the limit."""
        assert self.response is not None
        source = self.response.stream
        chunks = aiter(source)  # type: ignore[arg-type]
        parts: list[bytes] = []
        size = 0
        try:
            async for chunk in chunks:
                parts.append(chunk)
                size += len(chunk)
                if size > effect.body_bytes_max:
                    self._chunks = chunks
                    break
                if self.now() > effect.deadline:
                    raise self.too_late()
        except self.family.request_error as error:
            await self.drop()
            return self.failed(error)
        self.body = b"".join(parts)
        if self._chunks is None:
            await source.aclose()  # type: ignore[union-attr]
        return self.inspected(effect, held=self._chunks is None)

    async def drop(self) -> None:
        """Close the response in hand, if any."""
        response, self.response = self.response, None
        self._chunks = None
        if response is not None:
            await response.aclose()

    async def deliver(self, effect: Deliver, session: Session) -> httpx2.Response:
        """Hand over the response, and close the session with the last byte of its body."""
        assert self.response is not None
        source = self.response.stream
        response = self.edit(effect)
        if effect.watch_until is None:
            response.stream = self.family.byte_stream(self.body)
            session.close()
            return response
        chunks = self._chunks or aiter(source)  # type: ignore[arg-type]
        watch = Watch(self, session, effect.watch_until)
        response.stream = stream_class(self.family, is_async=True)(watch, chunks, source)
        return response


class AsyncTransport:
    """Sends what a client hands down, and decides about what comes back."""

    def __init__(
        self,
        runtime: Runtime,
        family: Family,
        forward: Callable[[httpx2.Request], Awaitable[httpx2.Response]],
        close: Callable[[], Awaitable[None]],
    ) -> None:
        self._runtime = runtime
        self._family = family
        self._forward = forward
        self._close = close

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Make one call of it.

        Raises:
            httpx.TransportError: the fault that halley gave up on, as it came.
        """
        if (error := given_up(request)) is not None:
            raise error
        runtime = self._runtime
        facts = await self._describe(request)
        wire = AsyncWire(self._family, request, runtime.clock.now, self._forward)
        session = Session(runtime, facts, effective(runtime.policy))
        try:
            return await run(session, wire, runtime.clock)
        except self._family.request_error as fault:
            remember(request, fault)
            raise

    async def _describe(self, request: httpx2.Request) -> CoreRequest:
        """Look at a request; a body not in memory is read into it if it is announced as small."""
        try:
            return describe(request, request.content, replayable=True)
        except self._family.not_read:
            size = content_length(request)
        if size is None or size > self._runtime.policy.body_bytes_max:
            return describe(request, None, replayable=False)
        return describe(request, await request.aread(), replayable=True)

    async def aclose(self) -> None:
        """Close the pool beneath."""
        await self._close()

    async def __aenter__(self) -> AsyncTransport:
        """Return the transport; its pool opens with the first request."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close the pool beneath."""
        await self._close()
