"""What goes into the simulator and what comes out of it, as values.

A reply is a script of its own delivery: wait, send the head, then each chunk after its pause, then
the ending. Nothing here sleeps or sends; a face (server, ASGI, virtual time) plays the script.
Header names are lower case, times are in seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

EPOCH_S = 1_767_225_600.0
"""What `now == 0` means: 2026-01-01T00:00:00Z in Unix time."""

STALL_S_MAX = 120.0
"""How long a face keeps a stalled reply open: Cloudflare ends one after 100 to 120 s (524)."""


class Ending(StrEnum):
    """How a reply ends."""

    COMPLETE = "complete"
    RESET_BEFORE = "reset_before"
    """TCP reset before any byte of the answer."""
    CLOSE_BEFORE = "close_before"
    """Clean close before any byte of the answer."""
    CUT = "cut"
    """Closed in the middle of the body, the framing visibly unfinished."""
    CUT_CLEAN = "cut_clean"
    """The framing is finished, what it carries is not."""
    STALL = "stall"
    """Nothing more comes and nothing is closed, for `stall_s`."""

    @property
    def silent(self) -> bool:
        """No byte of an answer is sent."""
        return self is Ending.RESET_BEFORE or self is Ending.CLOSE_BEFORE


@dataclass(frozen=True, slots=True)
class SimRequest:
    """One request as the server sees it; `query` has no question mark."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes sent at once, `after_s` seconds after what came before them."""

    data: bytes
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SimReply:
    """One answer: its head after `latency_s`, its chunks, its ending.

    A `content-length` header is sent as it stands, so it may promise more than the chunks hold;
    without one a face uses chunked framing. With status 0 there is no head, hence no answer.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[Chunk, ...] = ()
    latency_s: float = 0.0
    ending: Ending = Ending.COMPLETE
    stall_s: float = STALL_S_MAX

    @property
    def body(self) -> bytes:
        """All the bytes that are sent."""
        return b"".join(chunk.data for chunk in self.chunks)

    @property
    def duration_s(self) -> float:
        """From the request to the end of the reply; a stall counts `stall_s`."""
        stall_s = self.stall_s if self.ending is Ending.STALL else 0.0
        return self.latency_s + sum(chunk.after_s for chunk in self.chunks) + stall_s

    def header(self, name: str) -> str | None:
        """The first value of a header, or None."""
        return next((value for key, value in self.headers if key == name), None)

    def with_headers(self, *extra: tuple[str, str]) -> SimReply:
        """The same reply with these headers in the place of older ones of their names."""
        names = {name for name, _ in extra}
        kept = tuple(pair for pair in self.headers if pair[0] not in names)
        return replace(self, headers=kept + extra)

    def faster(self, speed: float) -> SimReply:
        """The same reply with every wait divided by `speed` (> 0)."""
        if speed == 1.0:
            return self
        chunks = tuple(Chunk(chunk.data, chunk.after_s / speed) for chunk in self.chunks)
        latency_s, stall_s = self.latency_s / speed, self.stall_s / speed
        return replace(self, chunks=chunks, latency_s=latency_s, stall_s=stall_s)


def plain_reply(status: int, body: bytes, content_type: str, *headers: tuple[str, str]) -> SimReply:
    """A complete reply with a known length."""
    head = (("content-type", content_type),) if content_type else ()
    length = (("content-length", str(len(body))),)
    return SimReply(status, head + headers + length, (Chunk(body),) if body else ())
