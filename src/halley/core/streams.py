"""Watch an event stream pass: has the answer begun, is it whole, did it fail?

The bytes are only looked at. Where chunks are cut makes no difference; an event of more than 8 MiB
is skipped, and the stream is then no longer judged. `[DONE]` proves nothing, for gateways append it
after they lost their upstream; a finish reason for every choice does. Most events are like the one
before but for their text, and recognised by that; they are kept for a reading that few streams
need, and packed when they are many. Only the others are parsed.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from halley.core.endpoints import Format
from halley.core.envelopes import is_object
from halley.core.stream_deltas import Deltas
from halley.core.stream_formats import (
    LIMITED,
    READINGS,
    TOOLS,
    Draft,
    Gathered,
    Reading,
    Seen,
    names_error,
    reading_of,
)
from halley.core.usage import counts, went_in

EVENT_BYTES_MAX: Final = 8 * 1024 * 1024
KEPT_BYTES_MAX: Final = 256 * 1024
"""Of events that were not parsed yet; then they are packed, which costs a tenth of parsing them."""
PACKED_BYTES_MAX: Final = 256 * 1024
"""Of packed events; what is more is parsed, and only its text is kept."""
CHARS_MAX: Final = 4 * 1024 * 1024
"""Of text and tool arguments together."""

_DECODER: Final = json.JSONDecoder(strict=False)
_DONE: Final = b"[DONE]"
_BOM: Final = b"\xef\xbb\xbf"
_BRACES: Final = (b"{", b"[")
_RETURN: Final = ord("\r")


class ToolCall(NamedTuple):
    """A tool call as far as it came; `complete` says that its arguments can be read."""

    id: str
    name: str
    arguments: str
    complete: bool


class Observer:
    """What is known of one stream so far.

    Attributes:
        content: Events so far that carried a part of the answer.
        finished: The answer is whole: every choice has its finish reason, tool calls can be read.
        done: The stream said ``[DONE]``, whatever that is worth.
        error: The body of the error that came inside the stream; None: none did.
        damaged: That error is an event that is no JSON object, which no SDK can read.
        usage: LLM tokens by the provider's names: of an answer under way only what went in, if it
            says so; None as long as nothing is known.
        judged: Its end can be told: the format is known, and nothing was skipped.
    """

    __slots__ = (
        "_choices",
        "_choices_min",
        "_closed",
        "_deltas",
        "_ended",
        "_first",
        "_gathered",
        "_kept",
        "_kept_bytes",
        "_packed",
        "_packed_bytes",
        "_reading",
        "_rest",
        "_return",
        "_skipping",
        "_sniffed",
        "_tools",
        "content",
        "damaged",
        "done",
        "error",
        "finished",
        "judged",
        "usage",
    )

    def __init__(self, expected: Format, choices: int = 1) -> None:
        """Watch a stream that is expected to have a format, which may turn out to be another.

        Of fewer `choices` than were asked for the end is believed with ``[DONE]`` alone: some
        gateways do not know `n`.
        """
        self._reading: Reading | None = None
        self._deltas: Deltas | None = None
        self._read_as(READINGS.get(expected))
        self._sniffed = False
        self._rest = bytearray()
        self._return = False
        self._first = True
        self._skipping = False
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._packed: deque[bytes] = deque()
        self._packed_bytes = 0
        self._gathered = Gathered(CHARS_MAX)
        self._choices: set[int] = set()
        self._choices_min = choices
        self._ended: dict[int, str] = {}
        self._closed = False
        self._tools = False
        self.content = 0
        self.done = False
        self.finished = False
        self.error: bytes | None = None
        self.damaged = False
        self.usage: Mapping[str, int] | None = None
        self.judged = self._reading is not None

    @property
    def committed(self) -> bool:
        """A part of the answer has come."""
        return self.content > 0

    @property
    def text(self) -> str:
        """The text of the first choice so far."""
        self._gather()
        return "".join(self._gathered.texts)

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls so far, of all choices."""
        self._gather()
        return tuple(
            ToolCall(call.id, call.name, call.arguments, _readable(call))
            for call in self._gathered.calls.values()
        )

    def _read_as(self, reading: Reading | None) -> None:
        self._reading = reading
        self._deltas = None if reading is None else Deltas(reading)

    def feed(self, data: bytes) -> None:
        """Look at the next bytes."""
        if self._return or _RETURN in data:
            data = self._without_returns(data)
        rest = self._rest
        if not rest and data.endswith(b"\n\n"):
            block = data[:-2]
            if self.error is None and self._deltas is not None and self._deltas.repeats(block):
                self.content += 1
                self._keep(block)
                return
            for one in block.split(b"\n\n"):
                self._block(one)
            return
        start = max(len(rest) - 1, 0)
        rest += data
        while (at := rest.find(b"\n\n", start)) >= 0:
            block = bytes(rest[:at])
            del rest[: at + 2]
            start = 0
            self._block(block)
        if len(rest) > EVENT_BYTES_MAX:
            del rest[:-1]
            self._skipping = True

    def end(self) -> None:
        """Nothing follows. An event without its blank line never came; bare JSON needs none."""
        if self._return:
            self.feed(b"\n")
        block = bytes(self._rest).strip()
        self._rest.clear()
        if block.startswith(_BRACES) and not self._skipping:
            self._bare(block)

    def _without_returns(self, data: bytes) -> bytes:
        """Make line feeds of all line ends; a return at the end waits for what follows it."""
        if self._return:
            data = b"\r" + data
        self._return = data.endswith(b"\r")
        if self._return:
            data = data[:-1]
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _block(self, block: bytes) -> None:
        """Look at the lines between two blank ones; after an error nothing counts any more."""
        if self.error is not None:
            return
        if self._skipping:
            self._skip()
        elif self.content and self._is_plain(block):
            self.content += 1
            self._keep(block)
        else:
            self._read(block)

    def _skip(self) -> None:
        """Forget an event that was too large to keep: it was content, and may have been the end."""
        self._skipping = False
        self.judged = False
        self.content += 1

    def _is_plain(self, block: bytes) -> bool:
        """Recognise a delta of the answer that is under way by its bytes."""
        deltas = self._deltas
        if deltas is None:
            return False
        if deltas.repeats(block):
            return True
        if not deltas.learns(block):
            return False
        self._choices.add(0)  # a later choice is not plain
        self._tools |= deltas.tools
        return True

    def _read(self, block: bytes) -> None:
        """Read an event line by line, as the standard has it."""
        if self._first:
            self._first = False
            block = block.removeprefix(_BOM)
        bare = block.lstrip()
        if bare.startswith(_BRACES):
            self._bare(bare)
            return
        said = block.split(b"\n")
        named = any(line[6:].strip() == b"error" for line in said if line.startswith(b"event:"))
        lines = [line[5:].strip() for line in said if line.startswith(b"data:")]
        payload = b"\n".join(lines)
        if _DONE in lines or payload.startswith(_DONE):
            self.done = True
            payload = payload.partition(_DONE)[0].strip()
        if payload and named:
            self.error = self.error or payload
        elif payload:
            self._payload(payload, block)
        self.finished = self.finished or self._is_whole()

    def _bare(self, block: bytes) -> None:
        """Look at JSON that stands in the stream without ``data:``: an error, or no event."""
        documents, _ = _parsed(block)
        if any(names_error(document) for document in documents):
            self.error = self.error or block

    def _payload(self, payload: bytes, block: bytes) -> None:
        documents, whole = _parsed(payload)
        for document in documents:
            if names_error(document):
                self.damaged = self.damaged or (self.error is None and not is_object(document))
                self.error = self.error or payload
            elif is_object(document):
                self._take(self._seen(document))
        if self._reading is None:
            self.content += self.error is None
        elif not whole and payload.startswith(_BRACES):
            self.damaged = self.error is None
            self.error = self.error or payload
        self._tools = self._tools or TOOLS.search(payload) is not None
        self._keep(block)

    def _seen(self, document: Mapping[str, object]) -> Seen:
        """Read an event in its format, which the first one that has a format settles."""
        if not self._sniffed and (found := reading_of(document)) is not None:
            self._sniffed = self.judged = True
            if found is not self._reading:
                self._read_as(found)
        if self._reading is None:
            return Seen(usage=counts(document.get("usage")))
        return self._reading.seen(document)

    def _take(self, seen: Seen) -> None:
        self.content += seen.content
        self._choices.update(seen.choices)
        self._ended.update(seen.ended)
        self._closed |= seen.closed
        under_way = seen.content or (seen.choices and not self._ended)
        usage = went_in(seen.usage) if under_way and not seen.ended else seen.usage
        if usage is not None:
            self.usage = {**(self.usage or {}), **usage}

    def _is_whole(self) -> bool:
        """Say whether the answer has every end that its format asks for."""
        ended = self._ended
        if not ended or not self._choices <= ended.keys():
            return False
        if len(ended) < self._choices_min and not self.done:
            return False
        if self._reading is not None and self._reading.closes and not self._closed:
            return False
        if not LIMITED.isdisjoint(ended.values()) or not self._tools:
            return True
        return all(call.complete for call in self.tool_calls)

    def _keep(self, block: bytes) -> None:
        self._kept.append(block)
        self._kept_bytes += len(block)
        if self._kept_bytes > KEPT_BYTES_MAX:
            self._pack()

    def _pack(self) -> None:
        """Make little of what is kept, for the events of a stream are alike."""
        packed = zlib.compress(b"\n\n".join(self._kept), 1)
        self._kept, self._kept_bytes = [], 0
        self._packed.append(packed)
        self._packed_bytes += len(packed)
        while self._packed_bytes > PACKED_BYTES_MAX:
            self._gather_packed()

    def _gather_packed(self) -> None:
        """Read the oldest of the packed events."""
        packed = self._packed.popleft()
        self._packed_bytes -= len(packed)
        self._gather_from(zlib.decompress(packed).split(b"\n\n"))

    def _gather(self) -> None:
        """Read text and tool calls from all events that were kept."""
        while self._packed:
            self._gather_packed()
        kept, self._kept, self._kept_bytes = self._kept, [], 0
        self._gather_from(kept)

    def _gather_from(self, blocks: list[bytes]) -> None:
        if self._reading is not None:
            for document in _documents(blocks):
                self._reading.gather(document, self._gathered)


def _documents(blocks: list[bytes]) -> Iterator[Mapping[str, object]]:
    for block in blocks:
        lines = block.split(b"\n")
        payload = b"\n".join(line[5:] for line in lines if line.startswith(b"data:"))
        yield from filter(is_object, _parsed(payload)[0])


def _parsed(payload: bytes) -> tuple[list[object], bool]:
    """The JSON documents of a payload, one after the other, and whether that is all of it."""
    text = payload.decode("utf-8", "replace").strip()
    documents: list[object] = []
    at = 0
    while at < len(text):
        try:
            document, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return documents, False
        documents.append(document)
        while at < len(text) and text[at].isspace():
            at += 1
    return documents, True


def _readable(call: Draft) -> bool:
    """Say whether arguments can be read; none at all are those of a tool that takes none."""
    if call.free_form or not call.arguments:
        return True
    documents, whole = _parsed(call.arguments.encode("utf-8", "replace"))
    return whole and len(documents) == 1
