"""The wire and the transport for threads, for either family."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING, Self

from halley.core.effects import Deliver, Send
from halley.core.model import Outcome, Reply
from halley.core.policy import Policy, Validate
from halley.core.replies import to_be_read
from halley.drivers.session import Runtime, Session
from halley.drivers.sync import run
from halley.policy.options import effective
from halley.transport.events import EventStream
from halley.transport.exchange import Exchange, Fields, too_late
from halley.transport.family import Family
from halley.transport.first import (
    Describe,
    First,
    begun,
    delivered,
    in_memory,
    interrupted,
    is_plain,
    is_small,
    refused,
)
from halley.transport.opening import beginning, event_stream
from halley.transport.reentry import given_up, remember
from halley.transport.request import answered
from halley.transport.timeouts import unhurried
from halley.transport.traced import traced
from halley.transport.watch import Watch, stream_class

if TYPE_CHECKING:
    from types import TracebackType

    import httpx2


class SyncWire(Exchange):
    """One call on a blocking connection."""

    __slots__ = ("_chunks", "_forward")

    def __init__(
        self,
        family: Family,
        request: httpx2.Request,
        runtime: Runtime,
        forward: Callable[[httpx2.Request], httpx2.Response],
    ) -> None:
        super().__init__(family, request, runtime)
        self._forward = forward
        self._chunks: Iterator[bytes] | None = None

    def send(self, effect: Send) -> Outcome:
        """Send the request from its start, and read the reply where `to_be_read` says so."""
        self.prepare(effect)
        first, self.first = self.first, None
        if first is not None and first.error is not None:
            self.response = first.response
            return self.failed(first.error)
        try:
            response = first.response if first is not None else None
            if effect.answer is not None:
                response = answered(self.family, effect.answer, self.request)
            elif response is None:
                response = self._forward(self.request)
            self.response = response
            self.fields = fields = Fields(response.headers.raw)
            if first is not None and first.body is not None:
                self.body = first.body
                return self.inspected(response, effect.inspect_bytes_max, held=True)
            stream = None if response.is_closed else event_stream(self, response, effect)
            if stream is not None:
                return self._open(response, stream, effect)
            if response.is_closed or to_be_read(response.status_code, fields):
                return self._read(response, effect)
            self.body = b""
            return self.head(response)
        except self.family.request_error as error:
            return self.failed(error)

    def _read(self, response: httpx2.Response, effect: Send) -> Reply:
        """Read the body of the response in hand, as far as the limit."""
        source = response.stream
        self._chunks = chunks = iter(source)  # type: ignore[arg-type]
        parts: list[bytes] = []
        size = 0
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size > effect.body_bytes_max:
                break
            if self.now() > effect.deadline:
                raise self.too_late()
        else:
            self._chunks = None
            source.close()  # type: ignore[union-attr]
        self.body = parts[0] if len(parts) == 1 else b"".join(parts)
        return self.inspected(response, effect.inspect_bytes_max, held=self._chunks is None)

    def _open(self, response: httpx2.Response, stream: EventStream, effect: Send) -> Reply:
        """Read the event stream in hand as far as the decision needs it."""
        self._chunks = chunks = iter(response.stream)  # type: ignore[arg-type]
        for chunk in chunks:
            if stream.hold(chunk, effect.body_bytes_max):
                return beginning(self, stream, effect, ended=False)
        return beginning(self, stream, effect, ended=True)

    def drop(self) -> None:
        """Close the response in hand, unless it is held."""
        response = self.let_go()
        self._chunks = None
        if response is not None:
            with suppress(self.family.request_error):
                response.close()

    def deliver(self, effect: Deliver, session: Session) -> httpx2.Response:
        """Hand over the response, and close the session with the last byte of its body."""
        assert self.response is not None
        source = self.response.stream
        response = self.edit(effect)
        if not effect.watch:
            response.stream = self.family.byte_stream(self.body)
            session.close()
            session.record(effect.history, self.readable)
            return response
        chunks = self._chunks or iter(source)  # type: ignore[arg-type]
        session.watch(response.extensions, self.told, self.request.extensions)
        watch = Watch(self, session)
        response.stream = stream_class(self.family, is_async=False)(watch, chunks, source)
        self.response = self._chunks = None  # no cycle: what is forgotten ends at once
        return response


class Transport:
    """Sends what a client hands down, and decides about what comes back."""

    def __init__(
        self,
        runtime: Runtime,
        family: Family,
        forward: Callable[[httpx2.Request], httpx2.Response],
        close: Callable[[], None],
        context: AbstractContextManager[object] | None = None,
    ) -> None:
        self._runtime = runtime
        self._family = family
        self._forward = forward
        self._close = close
        self._context = context

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Make one call of it.

        Raises:
            httpx.TransportError: the fault that halley gave up on, as it came.
        """
        if (error := given_up(self._runtime, request)) is not None:
            raise error
        runtime, extensions = self._runtime, request.extensions
        policy = effective(runtime.policy)
        replayable = in_memory(request, self._family)
        if not replayable and is_small(request, policy.body_bytes_max):
            request.read()
            replayable = True
        describe, policy, started, free = begun(runtime, request, policy, replayable=replayable)
        forward, first = self._forward, None
        if runtime.tracing is not None:
            runtime, forward = traced(runtime, runtime.tracing, self._family, describe, forward)
        if policy.validate is not Validate.OFF:
            first = refused(self._family, request, describe, policy.validate)
        if first is not None:
            free = True  # what is not sent needs nobody's leave
        elif free and unhurried(request, policy):
            sent = self._first(
                runtime, forward, request, describe=describe, policy=policy, started=started
            )
            if not isinstance(sent, First):
                return sent
            first = sent
        wire = SyncWire(self._family, request, runtime, forward)
        wire.first, wire.sent_at = first, started
        session = Session(runtime, describe, policy, started=started, free=free)
        try:
            return run(session, wire, runtime.clock)
        except self._family.request_error as fault:
            remember(self._runtime, request, fault)
            raise
        finally:
            request.extensions = extensions

    def _first(
        self,
        runtime: Runtime,
        forward: Callable[[httpx2.Request], httpx2.Response],
        request: httpx2.Request,
        *,
        describe: Describe,
        policy: Policy,
        started: float,
    ) -> httpx2.Response | First:
        """Send once, and deliver at once what is a plain success: the way of most calls."""
        response, now = None, runtime.clock.now
        try:
            response = forward(request)
            fields = Fields(response.headers.raw)
            if not is_plain(request, response, fields, self._family):
                return First(response)
            parts = []
            for part in response.stream:  # type: ignore[union-attr]
                parts.append(part)
                if now() - started > policy.deadline_s:
                    raise too_late(self._family, request)  # noqa: TRY301 - a fault like the others
            response.stream.close()  # type: ignore[union-attr]
        except self._family.request_error as error:
            return First(response, error)
        except BaseException as interruption:
            session = Session(runtime, describe, policy, started=started, free=True)
            interrupted(session, interruption)
            if response is not None:
                response.close()
            raise
        return delivered(
            runtime,
            self._family,
            describe,
            response,
            fields=fields,
            body=b"".join(parts),
            elapsed_s=now() - started,
        )

    def close(self) -> None:
        """Close the pool beneath."""
        self._close()

    def __enter__(self) -> Self:
        """Enter the transport beneath."""
        if self._context is not None:
            self._context.__enter__()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Leave the transport beneath, which closes it."""
        if self._context is None:
            self._close()
        else:
            self._context.__exit__(exc_type, exc_value, traceback)
