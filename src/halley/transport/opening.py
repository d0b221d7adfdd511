"""The start of an event stream, read before the decision, and the error of one that broke off.

Until a part of the answer has come nothing is lost but time: whatever goes wrong is an outcome like
any other, and the call may be sent again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from halley.core.asked import choices_asked, events_asked
from halley.core.effects import Send
from halley.core.endpoints import family_of
from halley.core.interrupted import Interruption
from halley.core.model import History, Reply, StreamState
from halley.core.streams import Observer
from halley.transport.decode import PLAIN, unpacker
from halley.transport.events import EventStream
from halley.transport.exchange import Exchange
from halley.transport.family import Family
from halley.transport.masking import without_credentials

if TYPE_CHECKING:
    import httpx2


NO_EVENTS = ("application/json", "text/")
"""What comes instead of events, and an SDK that expects them skips without a word."""


def event_stream(exchange: Exchange, response: httpx2.Response, effect: Send) -> EventStream | None:
    """Return what watches the event stream in hand, or what came in its place.

    None for any other body, and for one in a compression that nobody here can read.
    """
    if not _is_stream(exchange, response):
        return None
    encoding = exchange.fields.get("content-encoding", "")
    unzip = unpacker(exchange.family, encoding)
    if unzip is None and encoding not in PLAIN:
        return None
    observer = Observer(
        family_of(exchange.request.url.path).format,
        choices_asked(body_of(exchange.asked, exchange.family)),
    )
    exchange.stream = stream = EventStream(
        exchange.head(response),
        observer,
        effect.terms,
        exchange.now,
        partial(stall, exchange.family, exchange.request),
        mask=exchange.mask(),
        sent_at=exchange.sent_at,
        deadline=exchange.deadline,
        unzip=unzip,
    )
    exchange.pace_reads(stream)
    return stream


def stall(family: Family, request: httpx2.Request, what: str) -> Exception:
    """Return the timeout of a stream that did not go on in time."""
    return family.read_timeout(f"halley: {what}", request=without_credentials(request))


def _is_stream(exchange: Exchange, response: httpx2.Response) -> bool:
    """Say whether a body is an event stream, or stands where one was asked for.

    Gemini streams JSON where nobody asks for events, and media are what they are.
    """
    if not 200 <= response.status_code < 300:  # noqa: PLR2004 - RFC 9110 §15.3
        return False
    kind = exchange.fields.get("content-type", "").lower()
    if "event-stream" in kind:
        return True
    return kind.startswith(NO_EVENTS) and events_asked(body_of(exchange.asked, exchange.family))


def body_of(request: httpx2.Request, family: Family) -> bytes:
    """Return the body of a request; nothing if it is not in memory."""
    try:
        return request.content
    except family.not_read:
        return b""


def beginning(exchange: Exchange, stream: EventStream, effect: Send, *, ended: bool) -> Reply:
    """Describe the event stream in hand with what was read of it."""
    exchange.body = b"".join(stream.held)
    shown, whole = exchange.shown(effect.inspect_bytes_max)
    reply = stream.beginning(shown, ended=ended)
    return reply if whole or reply.stream is not None else reply._replace(complete=False)


def broke_off(
    exchange: Exchange, stream: EventStream, state: StreamState, history: History
) -> Exception:
    """Return the error of a stream that ended before its answer was whole."""
    seen = stream.observer
    interruption = Interruption(state, history, seen.text, seen.tool_calls, seen.usage)
    return exchange.family.interrupted(interruption, without_credentials(exchange.request))
