"""Bodies that are watched as they pass: nothing is changed, merged or held back.

The call's permit lives as long as the body. The end of the body, an error in it, the caller's
`close`, or the collection of a stream that nobody closed gives it back, whichever comes first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from halley.core.effects import StreamEnd
from halley.core.model import Fault
from halley.drivers.session import Session
from halley.transport.exchange import Exchange, marked
from halley.transport.family import Family, fault_kind

if TYPE_CHECKING:
    import httpx2

TAIL_BYTES = 4096
"""What is kept of the end of a body: usage stands in the last event of every format."""


class Watch:
    """The state of one watched body, shared by both colours."""

    __slots__ = ("_deadline", "_now", "_session", "exchange", "tail")

    def __init__(self, exchange: Exchange, session: Session) -> None:
        self.exchange = exchange
        self.tail = b""
        self._session = session
        self._now = exchange.now
        self._deadline = exchange.deadline

    def passes(self, chunk: bytes) -> bytes:
        """Look at a chunk on its way to the caller.

        Raises:
            httpx.ReadTimeout: the deadline of the call has passed.
        """
        if self._now() > self._deadline:
            raise self.exchange.too_late()
        size = len(chunk)
        self.tail = chunk[-TAIL_BYTES:] if size >= TAIL_BYTES else (self.tail + chunk)[-TAIL_BYTES:]
        return chunk

    def ended(self, error: Exception | None = None) -> None:
        """The body is over: complete, closed early, or broken by an error."""
        fault = None if error is None else Fault(fault_kind(error))
        history = self._session.ended(StreamEnd(fault), self.tail)
        if error is not None and history is not None:
            marked(error, history)

    def forgotten(self) -> None:
        """Nobody holds the stream any more."""
        self._session.close()


class SyncWatched:
    """A body for threads; mixed with the family's stream class, which clients insist on."""

    def __init__(self, watch: Watch, chunks: Iterator[bytes], source: httpx2.SyncByteStream) -> None:
        self._watch = watch
        self._chunks = chunks
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        watch = self._watch
        try:
            if watch.exchange.body:
                yield watch.passes(watch.exchange.body)
            for chunk in self._chunks:
                yield watch.passes(chunk)
        except watch.exchange.family.request_error as error:
            watch.ended(error)
            raise
        watch.ended()

    def close(self) -> None:
        """Close the connection's side and end the call."""
        try:
            self._source.close()
        finally:
            self._watch.ended()

    def __del__(self) -> None:
        self._watch.forgotten()


class AsyncWatched:
    """A body for event loops."""

    def __init__(
        self, watch: Watch, chunks: AsyncIterator[bytes], source: httpx2.AsyncByteStream
    ) -> None:
        self._watch = watch
        self._chunks = chunks
        self._source = source

    async def __aiter__(self) -> AsyncIterator[bytes]:
        watch = self._watch
        try:
            if watch.exchange.body:
                yield watch.passes(watch.exchange.body)
            async for chunk in self._chunks:
                yield watch.passes(chunk)
        except watch.exchange.family.request_error as error:
            watch.ended(error)
            raise
        watch.ended()

    async def aclose(self) -> None:
        """Close the connection's side and end the call."""
        try:
            await self._source.aclose()
        finally:
            self._watch.ended()

    def __del__(self) -> None:
        self._watch.forgotten()


@cache
def stream_class(family: Family, *, is_async: bool) -> Any:  # noqa: ANN401 - a class made here
    """Return the watched stream as a subclass of the family's."""
    if is_async:
        return type("AsyncWatchedStream", (AsyncWatched, family.module.AsyncByteStream), {})
    return type("SyncWatchedStream", (SyncWatched, family.module.SyncByteStream), {})
