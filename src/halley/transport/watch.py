"""Bodies that are watched as they pass: nothing is changed, merged or held back.

The call's permit lives as long as the body. The end of the body, an error in it, the caller's
`close`, or the collection of a stream that nobody closed gives it back, whichever comes first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any, Self

from halley.core.effects import StreamEnd
from halley.core.model import Fault
from halley.drivers.session import Session
from halley.transport.decode import READABLE, Unzip
from halley.transport.exchange import Exchange, marked
from halley.transport.family import Family, fault_kind

if TYPE_CHECKING:
    import httpx2

TAIL_BYTES = 4096
"""What is kept of the end of a body: usage stands in the last event of every format."""
HEAD_BYTES = 1024
"""What is kept of its start: Anthropic's first event counts the input, its last one the output."""


class Watch:
    """The state of one watched body, shared by both colours."""

    __slots__ = ("_deadline", "_now", "_session", "_unzip", "exchange", "head", "tail")

    def __init__(self, exchange: Exchange, session: Session) -> None:
        self.exchange = exchange
        self.head = b""
        self.tail = b""
        encoding = exchange.fields.get("content-encoding", "")
        self._unzip = Unzip() if encoding in READABLE else None
        self._session = session
        self._now = exchange.now
        self._deadline = exchange.deadline

    def begun(self) -> bytes:
        """Let go of what was read before the decision."""
        body, self.exchange.body = self.exchange.body, b""
        return body

    def passes(self, chunk: bytes) -> bytes:
        """Look at a chunk on its way to the caller.

        Raises:
            httpx.ReadTimeout: the deadline of the call has passed.
        """
        if self._now() > self._deadline:
            raise self.exchange.too_late()
        seen = chunk if self._unzip is None else self._unzip.end_of(chunk, TAIL_BYTES)
        if not self.head:
            self.head = seen[:HEAD_BYTES]
        full = len(seen) >= TAIL_BYTES
        self.tail = seen[-TAIL_BYTES:] if full else (self.tail + seen)[-TAIL_BYTES:]
        return chunk

    def ended(self, error: Exception | None = None) -> None:
        """The body is over: complete, or broken by an error."""
        fault = None if error is None else Fault(fault_kind(error))
        history = self._session.ended(StreamEnd(fault), self.head + self.tail)
        if error is not None and history is not None:
            marked(error, history)

    def closed(self) -> None:
        """The caller wants no more; httpx2 says so also when an iteration is collected."""
        self._session.let_go(self.head + self.tail)

    def forgotten(self) -> None:
        """Nobody holds the stream any more."""
        self._session.let_go()


class SyncWatched:
    """A body for threads; mixed with the family's stream class, which clients insist on."""

    def __init__(
        self, watch: Watch, chunks: Iterator[bytes], source: httpx2.SyncByteStream
    ) -> None:
        self._watch = watch
        self._chunks = chunks
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        """Yield what was read before the decision, then chunk after chunk.

        A generator, and not the stream itself: ``yield from`` closes what it delegates to.
        """
        watch = self._watch
        try:
            if chunk := watch.begun():
                yield watch.passes(chunk)
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
            self._watch.closed()

    def __del__(self) -> None:
        """Give back the permit of a body that nobody closed."""
        self._watch.forgotten()


class AsyncWatched:
    """A body for event loops."""

    def __init__(
        self, watch: Watch, chunks: AsyncIterator[bytes], source: httpx2.AsyncByteStream
    ) -> None:
        self._watch = watch
        self._chunks = chunks
        self._source = source

    def __aiter__(self) -> Self:
        """Return the stream: it passes once, and unlike a generator may be left at any chunk."""
        return self

    async def __anext__(self) -> bytes:
        """Return what was read before the decision, then chunk after chunk."""
        watch = self._watch
        try:
            return watch.passes(watch.begun() or await anext(self._chunks))
        except StopAsyncIteration:
            watch.ended()
            raise
        except watch.exchange.family.request_error as error:
            watch.ended(error)
            raise

    async def aclose(self) -> None:
        """Close the connection's side and end the call."""
        try:
            await end_iteration(self._chunks)
            await self._source.aclose()
        finally:
            self._watch.closed()

    def __del__(self) -> None:
        """Give back the permit of a body that nobody closed."""
        self._watch.forgotten()


async def end_iteration(chunks: AsyncIterator[bytes]) -> None:
    """End an iteration that was left, as trio wants generators to be; not one that is running."""
    if isinstance(chunks, AsyncGeneratorType) and not chunks.ag_running:
        await chunks.aclose()


@cache
def stream_class(family: Family, *, is_async: bool) -> Any:  # noqa: ANN401 - a class made here
    """Return the watched stream as a subclass of the family's."""
    if is_async:
        return type("AsyncWatchedStream", (AsyncWatched, family.module.AsyncByteStream), {})
    return type("SyncWatchedStream", (SyncWatched, family.module.SyncByteStream), {})
