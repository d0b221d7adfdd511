"""Bodies that are watched as they pass: nothing is changed, merged or held back.

The call's permit lives as long as the body. The end of the body, an error in it, the caller's
`close`, or the collection of a stream that nobody closed gives it back, whichever comes first. An
event stream that ends before its answer is whole ends with `StreamInterrupted`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any, Self

from halley.core.effects import StreamEnd
from halley.core.model import Fault
from halley.drivers.session import Session
from halley.transport.decode import ZIPPED, Unzip
from halley.transport.exchange import Exchange, marked
from halley.transport.family import Family, fault_kind
from halley.transport.opening import broke_off

if TYPE_CHECKING:
    import httpx2


TAIL_BYTES = 4096
"""What is kept of the end of a body: usage stands in the last event of every format."""
HEAD_BYTES = 1024
"""What is kept of its start: Anthropic's first event counts the input, its last one the output."""


class Ends:
    """The first and the last bytes of a body that passes."""

    __slots__ = ("_last", "_size", "head")

    def __init__(self) -> None:
        self.head = b""
        self._last: list[bytes] = []
        self._size = 0

    def take(self, seen: bytes) -> None:
        """Note the next bytes."""
        if not self.head:
            self.head = seen[:HEAD_BYTES]
        self._last.append(seen)
        self._size += len(seen)
        if self._size > 4 * TAIL_BYTES:
            self._last = [self.tail]
            self._size = TAIL_BYTES

    @property
    def tail(self) -> bytes:
        """The last bytes."""
        return b"".join(self._last)[-TAIL_BYTES:]

    @property
    def both(self) -> bytes:
        """The first and the last, which may overlap."""
        return self.head + self.tail


class Watch:
    """The state of one watched body, shared by both colours.

    Attributes:
        held: Chunks that were read before the decision.
        asked: The caller asks for more; it says whether there may be any.
        passes: Looks at a chunk on its way to the caller, and returns what of it may reach him.
    """

    __slots__ = (
        "_deadline",
        "_ends",
        "_now",
        "_session",
        "_unzip",
        "asked",
        "exchange",
        "held",
        "passes",
        "stream",
    )

    def __init__(self, exchange: Exchange, session: Session) -> None:
        self.exchange = exchange
        self.stream = exchange.stream
        self._session = session
        self._now = exchange.now
        self._deadline = exchange.deadline
        self._ends = Ends()
        stream = self.stream
        encoding = exchange.fields.get("content-encoding", "")
        self._unzip = Unzip(encoding) if encoding in ZIPPED else None
        self.asked = self._asked if stream is None else stream.asked
        self.passes = self._passes if stream is None else stream.look
        self.held = self._take_held()

    def _take_held(self) -> deque[bytes]:
        """Let go of what was read before the decision; chunk by chunk unless it was changed."""
        body, self.exchange.body = self.exchange.body, b""
        if self.stream is None:
            if body:
                self._note(body)
            return deque([body] if body else [])
        held, self.stream.held = self.stream.held, deque()
        return held if b"".join(held) == body else deque([body])

    def _asked(self) -> bool:
        return True

    def _passes(self, chunk: bytes) -> bytes:
        """Look at a chunk of a body of which only the ends are noted.

        Raises:
            httpx.ReadTimeout: the deadline of the call has passed.
        """
        if self._now() > self._deadline:
            raise self.exchange.too_late()
        self._note(chunk)
        return chunk

    def _note(self, chunk: bytes) -> None:
        """Note the ends of a body of which nothing else is watched."""
        for seen in (chunk,) if self._unzip is None else self._unzip.pieces(chunk):
            self._ends.take(seen)

    def ended(self, error: Exception | None = None) -> Exception | None:
        """The body is over, by itself or by an error; return what to raise."""
        end, body = self._ending(error), self._body
        history = self._session.ended(replace(end, counted=body), body)
        if history is None:
            return error
        if self.stream is None:
            return error and marked(error, history)
        if end.stream is None or end.outcome is None:  # whole: an error after it changes nothing
            return None
        interruption = broke_off(self.exchange, self.stream, end.stream, history)
        interruption.__cause__ = error
        return interruption

    @property
    def _body(self) -> bytes:
        """What the record of the call may read of the body."""
        return self._ends.both if self.stream is None else self.stream.counted

    def _ending(self, error: Exception | None) -> StreamEnd:
        fault = None if error is None else fault_kind(error)
        if self.stream is None:
            return StreamEnd(None if fault is None else Fault(fault))
        return self.stream.ending(fault)

    def closed(self) -> None:
        """The caller wants no more, or nobody holds the stream any more.

        httpx2 says so also when an iteration is collected.
        """
        end = StreamEnd() if self.stream is None else self.stream.closing()
        body = self._body
        self.exchange.unpace_reads()
        self._session.let_go(replace(end, counted=body), body)


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
        watch, chunks, held = self._watch, self._chunks, self._watch.held
        asked, passes = watch.asked, watch.passes
        error: Exception | None = None
        try:
            while held:
                yield held.popleft()
            while asked() and (chunk := next(chunks, None)) is not None:
                if passed := passes(chunk):
                    yield passed
        except watch.exchange.family.request_error as caught:
            error = caught
        if (error := watch.ended(error)) is not None:
            with suppress(watch.exchange.family.request_error):
                self._source.close()
            raise error

    def close(self) -> None:
        """Close the connection's side and end the call."""
        try:
            self._source.close()
        finally:
            self._watch.closed()

    def __del__(self) -> None:
        """Give back the permit of a body that nobody closed."""
        self._watch.closed()


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
        error: Exception | None = None
        try:
            if watch.held:
                return watch.held.popleft()
            while watch.asked():
                if passed := watch.passes(await anext(self._chunks)):
                    return passed
        except StopAsyncIteration:
            pass
        except watch.exchange.family.request_error as caught:
            error = caught
        if (error := watch.ended(error)) is None:
            raise StopAsyncIteration
        with suppress(watch.exchange.family.request_error):
            await self._shut()
        raise error

    async def _shut(self) -> None:
        await end_iteration(self._chunks)
        await self._source.aclose()

    async def aclose(self) -> None:
        """Close the connection's side and end the call."""
        try:
            await self._shut()
        finally:
            self._watch.closed()

    def __del__(self) -> None:
        """Give back the permit of a body that nobody closed."""
        self._watch.closed()


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
