"""What can go wrong with an event stream, as functions from a stream to a stream.

A stream is a tuple of events that know which part of the protocol they are, so one fault fits every
dialect. The functions compose: `play(stream, slow_first(2), cut_at(3))`. A fault that finds nothing
to spoil gives the stream back unchanged, and the ledger then does not claim it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias

from halley.simulator.model import STALL_S_MAX, Chunk, Ending

PING = b": PING\n\n"
"""The keep-alive comment of new-api."""

PING_EVERY_S = 10.0

_PINGS_MIN = 3


class Part(StrEnum):
    """What an event is to its protocol."""

    HEAD = "head"
    CONTENT = "content"
    FINISH = "finish"
    """Says that the answer is whole: finish_reason, response.completed, finishReason, or
    Anthropic's stop_reason and message_stop, which prove it together."""
    TAIL = "tail"
    """Neither text nor an end: usage, closing brackets."""
    DONE = "done"
    """Says that the stream is over and proves nothing: `[DONE]`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Bytes of one server-sent event, `after_s` seconds after the one before."""

    data: bytes
    part: Part = Part.CONTENT
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Stream:
    """The events of one answer.

    Attributes:
        error: The error frame of its dialect.
        failure: The dialect's finish of an answer that failed, b"" where it has none.
        keepalive: What the server says when it has nothing to say.
    """

    events: tuple[Event, ...]
    error: bytes = b""
    ending: Ending = Ending.COMPLETE
    failure: bytes = b""
    keepalive: bytes = PING

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """One chunk an event."""
        return tuple(Chunk(event.data, event.after_s) for event in self.events)


StreamFault: TypeAlias = Callable[[Stream], Stream]
Place: TypeAlias = Literal["first", "middle", "last"]


def sse(data: object, event: str = "") -> bytes:
    r"""One server-sent event with a JSON value, named if `event` is given.

    >>> sse({"a": 1}, "x")
    b'event: x\ndata: {"a":1}\n\n'
    """
    name = f"event: {event}\n" if event else ""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{name}data: {text}\n\n".encode()


def play(stream: Stream, *faults: StreamFault) -> Stream:
    """The stream after each fault in turn."""
    for fault in faults:
        stream = fault(stream)
    return stream


def cut_at(event: int | None = None, *, clean: bool = False) -> StreamFault:
    """End before event number `event` (from 0; None: the middle), unfinished framing or clean."""

    def fault(stream: Stream) -> Stream:
        at = _middle(stream) if event is None else event
        if at >= len(stream.events):
            return stream
        ending = Ending.CUT_CLEAN if clean else Ending.CUT
        return replace(stream, events=stream.events[:at], ending=ending)

    return fault


def cut_at_byte(byte: int | None = None, *, clean: bool = False) -> StreamFault:
    """End after so many bytes (None: half way through the middle event), as `cut_at` does."""

    def fault(stream: Stream) -> Stream:
        at = _inside(stream) if byte is None else byte
        if at >= sum(len(event.data) for event in stream.events):
            return stream
        ending = Ending.CUT_CLEAN if clean else Ending.CUT
        return replace(stream, events=_first_bytes(stream.events, at), ending=ending)

    return fault


def stall_at(event: int | None = None, *, keepalive: bool = False) -> StreamFault:
    """Say nothing more from event number `event` on, or nothing but keep-alives."""

    def fault(stream: Stream) -> Stream:
        at = _middle(stream) if event is None else event
        if at >= len(stream.events):
            return stream
        pings = _pings(stream, STALL_S_MAX) if keepalive else ()
        return replace(stream, events=stream.events[:at] + pings, ending=Ending.STALL)

    return fault


def left_open(stream: Stream) -> Stream:
    """Send everything, then neither end the body nor close the connection."""
    return replace(stream, ending=Ending.STALL)


def error_frame(place: Place = "middle") -> StreamFault:
    """Replace the rest of the stream by an error frame, then end as if all were well."""

    def fault(stream: Stream) -> Stream:
        at = {"first": 0, "middle": _middle(stream), "last": _finish(stream)}[place]
        return replace(stream, events=(*stream.events[:at], Event(stream.error)))

    return fault


def failed_finish(stream: Stream) -> Stream:
    """Put the dialect's finish of a failed answer where the good one would begin."""
    if not stream.failure:
        return stream
    rest = (event for event in stream.events[_finish(stream) :] if event.part is not Part.FINISH)
    failure = Event(stream.failure, Part.FINISH)
    return replace(stream, events=(*stream.events[: _finish(stream)], failure, *rest))


def ping_then_json(error: bytes) -> StreamFault:
    """A keep-alive comment, then a bare JSON error without `data:` (new-api)."""
    return instead(PING, error)


def instead(*chunks: bytes) -> StreamFault:
    """Send these bytes in the place of the stream, and end as if all were well."""
    return lambda stream: replace(stream, events=tuple(map(Event, chunks)))


def without(part: Part) -> StreamFault:
    """Leave out every event of one part: no `[DONE]`, or `[DONE]` without a finish."""
    return lambda stream: replace(
        stream, events=tuple(event for event in stream.events if event.part is not part)
    )


def split_utf8(stream: Stream) -> Stream:
    """Break every event that has one in the middle of its first multi-byte character."""
    return replace(
        stream, events=tuple(piece for event in stream.events for piece in _split(event))
    )


def corrupt(event: int | None = None) -> StreamFault:
    """Cut one event short inside its JSON, leaving the blank line that ends it."""

    def spoil(stream: Stream, at: int) -> tuple[Event, ...]:
        whole = stream.events[at]
        return (replace(whole, data=whole.data[: len(whole.data) // 2] + b"\n\n"),)

    return _at(event, spoil)


def duplicate(event: int | None = None) -> StreamFault:
    """Send one event twice."""
    return _at(event, lambda stream, at: (stream.events[at],) * 2)


def slow_first(wait_s: float) -> StreamFault:
    """Send the head at once and the first event `wait_s` seconds later."""

    def spoil(stream: Stream, at: int) -> tuple[Event, ...]:
        first = stream.events[at]
        return (replace(first, after_s=first.after_s + wait_s),)

    return _at(0, spoil)


def slow_token(wait_s: float, *, keepalive: bool = False) -> StreamFault:
    """Send what comes before the text at once, the text `wait_s` later, keep-alives meanwhile."""

    def fault(stream: Stream) -> Stream:
        at = next((at for at, e in enumerate(stream.events) if e.part is Part.CONTENT), None)
        if at is None:
            return stream
        pings = _pings(stream, wait_s) if keepalive else ()
        rest_s = wait_s - sum(ping.after_s for ping in pings)
        first = replace(stream.events[at], after_s=stream.events[at].after_s + rest_s)
        events = (*stream.events[:at], *pings, first, *stream.events[at + 1 :])
        return replace(stream, events=events)

    return fault


def _pings(stream: Stream, lasting_s: float) -> tuple[Event, ...]:
    """Keep-alives for a while, no fewer than three however short it is."""
    count = max(int(lasting_s / PING_EVERY_S), _PINGS_MIN)
    every_s = min(PING_EVERY_S, lasting_s / (_PINGS_MIN + 1))
    return (Event(stream.keepalive, Part.HEAD, every_s),) * count


def _first_bytes(events: tuple[Event, ...], count: int) -> tuple[Event, ...]:
    kept: list[Event] = []
    for event in events:
        if count <= 0:
            break
        kept.append(replace(event, data=event.data[:count]))
        count -= len(event.data)
    return tuple(kept)


def _at(event: int | None, spoil: Callable[[Stream, int], tuple[Event, ...]]) -> StreamFault:
    def fault(stream: Stream) -> Stream:
        at = _middle(stream) if event is None else event
        if at >= len(stream.events):
            return stream
        events = stream.events
        return replace(stream, events=events[:at] + spoil(stream, at) + events[at + 1 :])

    return fault


def _middle(stream: Stream) -> int:
    content = [at for at, event in enumerate(stream.events) if event.part is Part.CONTENT]
    return content[len(content) // 2] if content else 0


def _inside(stream: Stream) -> int:
    at = _middle(stream)
    before = sum(len(event.data) for event in stream.events[:at])
    return before + sum(len(event.data) for event in stream.events[at : at + 1]) // 2


def _finish(stream: Stream) -> int:
    places = (at for at, event in enumerate(stream.events) if event.part is Part.FINISH)
    return next(places, len(stream.events))


def _split(event: Event) -> tuple[Event, ...]:
    at = next((at for at, byte in enumerate(event.data) if byte >= 0xC0), None)  # noqa: PLR2004 a lead byte
    if at is None:
        return (event,)
    head, tail = event.data[: at + 1], event.data[at + 1 :]
    return (replace(event, data=head), Event(tail, event.part))
