"""The start of an event stream, read before the decision, and the error of one that broke off.

Until a part of the answer has come nothing is lost but time: whatever goes wrong is an outcome like
any other, and the call may be sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from halley.core.effects import Send
from halley.core.endpoints import family_of
from halley.core.interrupted import Interruption
from halley.core.model import History, Reply, StreamState
from halley.core.stream_formats import choices_asked
from halley.core.streams import Observer
from halley.transport.decode import READABLE, Unzip
from halley.transport.events import EventStream, StalledError
from halley.transport.exchange import Exchange

if TYPE_CHECKING:
    import httpx2


def event_stream(exchange: Exchange, response: httpx2.Response, effect: Send) -> EventStream | None:
    """Return what watches the event stream in hand; None for any other body.

    One in a compression that the standard library cannot read passes unwatched.
    """
    encoding = exchange.fields.get("content-encoding", "")
    if "event-stream" not in exchange.fields.get("content-type", "").lower():
        return None
    if encoding and encoding not in READABLE:
        return None
    observer = Observer(family_of(exchange.request.url.path).format, choices_of(exchange))
    exchange.stream = stream = EventStream(
        exchange.head(response),
        observer,
        effect.terms,
        exchange.now,
        sent_at=exchange.sent_at,
        deadline=exchange.deadline,
        unzip=Unzip(encoding) if encoding and encoding != "identity" else None,
    )
    exchange.pace_reads(stream)
    return stream


def choices_of(exchange: Exchange) -> int:
    """Return how many choices the request asks for; 1 if its body is not in memory."""
    try:
        return choices_asked(exchange.asked.content)
    except exchange.family.not_read:
        return 1


def holds(exchange: Exchange, stream: EventStream, chunk: bytes, bytes_max: int) -> bool:
    """Hold a chunk back; say whether that is enough for the decision.

    Raises:
        httpx.ReadTimeout: it came too late.
    """
    try:
        return stream.hold(chunk, bytes_max)
    except StalledError as stall:
        raise stalled(exchange, stall) from None


def beginning(exchange: Exchange, stream: EventStream, effect: Send, *, ended: bool) -> Reply:
    """Describe the event stream in hand with what was read of it."""
    exchange.body = b"".join(stream.held)
    shown, whole = exchange.shown(effect.inspect_bytes_max)
    reply = stream.beginning(shown, ended=ended)
    return reply if whole or reply.stream is not None else reply._replace(complete=False)


def stalled(exchange: Exchange, stall: StalledError) -> Exception:
    """Return the timeout of a stream that did not go on in time."""
    return exchange.family.read_timeout(f"halley: {stall}", request=exchange.request)


def broke_off(
    exchange: Exchange, stream: EventStream, state: StreamState, history: History
) -> Exception:
    """Return the error of a stream that ended before its answer was whole."""
    seen = stream.observer
    interruption = Interruption(state, history, seen.text, seen.tool_calls, seen.usage)
    return exchange.family.interrupted(interruption, exchange.request)
