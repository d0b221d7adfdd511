"""Everything that can go wrong, by name.

Four kinds: the request is refused before any work; the work is done and billed but another reply
comes back (lost); the good reply is spoiled on its way; or its stream is. The rows of the error and
page tables are faults of the first kind under their own names.
"""

from __future__ import annotations

import gzip as gz
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeAlias

from halley.simulator import streams
from halley.simulator.errors import COMET, ERRORS, ErrorRow, Layer
from halley.simulator.model import Chunk, Ending, SimReply, plain_reply
from halley.simulator.pages import PAGES, SPA, page_reply, redirect
from halley.simulator.scene import Scene
from halley.simulator.shapes import JSON, dumps, error_reply, gateway_headers
from halley.simulator.streams import Part, StreamFault

_MIB = 1 << 20
_CLIENT_ERRORS = range(400, 500)
_TRANSIENT = frozenset({408, 409, 425, 429})
_STATUSES = range(400, 600)


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer this instead of doing anything; `final` says that a repeat fails again."""

    name: str
    reply: Callable[[Scene], SimReply]
    final: bool = False


@dataclass(frozen=True, slots=True)
class Lose:
    """Do the work and bill it, then answer this: an ambiguous success."""

    name: str
    reply: Callable[[Scene], SimReply]


@dataclass(frozen=True, slots=True)
class Spoil:
    """Alter the good reply; `harmless` says that a careful client can still read it.

    Only those that leave the body alone may alter the reply that carries a stream.
    """

    name: str
    alter: Callable[[Scene, SimReply], SimReply]
    harmless: bool = False
    streams: bool = False


@dataclass(frozen=True, slots=True)
class SpoilStream:
    """Alter the good stream."""

    name: str
    alter: Callable[[Scene], StreamFault]
    harmless: bool = False


Fault: TypeAlias = Refuse | Lose | Spoil | SpoilStream


def error_fault(name: str) -> Refuse:
    """A row of the error table as a fault."""
    return Refuse(name, lambda scene: scene.error(name), final=ERRORS[name].permanent)


def page_fault(name: str) -> Refuse:
    """A page of the edge or the web server as a fault; a gateway timeout takes its time."""
    page = PAGES[name]

    def reply(scene: Scene) -> SimReply:
        wait_s = scene.latency.timeout_s if page.status in (504, 524) else 0.0
        return replace(page_reply(page, scene.rng), latency_s=wait_s)

    return Refuse(name, reply, final=page.permanent)


def status_fault(status: int) -> Refuse:
    """An upstream error of any status whose body the gateway could not read."""
    final = status in _CLIENT_ERRORS and status not in _TRANSIENT
    row = ErrorRow(
        status,
        Layer.RELAY,
        f"bad response status code {status}",
        "Calcium-Ion/new-api@ef8ae4d service/error.go RelayErrorHandler",
        code="bad_response_status_code",
        type="bad_response_status_code",
        permanent=final,
    )

    def reply(scene: Scene) -> SimReply:
        return error_reply(row, wire=scene.wire, request_id=scene.request_id, words={})

    return Refuse(f"status_{status}", reply, final=final)


def silence(name: str, ending: Ending, *, late: bool = False) -> Refuse:
    """No answer at all, `late` after the time of a gateway timeout."""

    def reply(scene: Scene) -> SimReply:
        return SimReply(0, latency_s=scene.latency.timeout_s if late else 0.0, ending=ending)

    return Refuse(name, reply)


def lost(refusal: Refuse) -> Lose:
    """The same reply, but after the request was accepted and billed."""
    return Lose(f"lost_{refusal.name}", refusal.reply)


def slow(wait_s: float | None = None) -> Spoil:
    """The good answer, `wait_s` seconds later (None: the time of a gateway timeout)."""

    def alter(scene: Scene, reply: SimReply) -> SimReply:
        extra_s = scene.latency.timeout_s if wait_s is None else wait_s
        return replace(reply, latency_s=reply.latency_s + extra_s)

    return Spoil("slow", alter, harmless=True, streams=True)


def cut(share: float = 0.5) -> Spoil:
    """Close the connection after this share of the body, short of its content-length."""

    def alter(_scene: Scene, reply: SimReply) -> SimReply:
        kept = reply.body[: int(len(reply.body) * share)]
        return replace(reply, chunks=(Chunk(kept),) if kept else (), ending=Ending.CUT)

    return Spoil("cut", alter)


def truncated_json(share: float = 0.5) -> Spoil:
    """A whole reply whose JSON stops after this share."""
    return _rewritten("truncated_json", lambda body: body[: int(len(body) * share)])


def huge_error(mebibytes: int = 8) -> Refuse:
    """A 500 whose message is this long; one chunk object is sent again and again."""

    def reply(scene: Scene) -> SimReply:
        head, tail = b'{"error":{"message":"', b'","type":"%s","code":""}}' % COMET.encode()
        chunks = (Chunk(head), *(Chunk(b"x" * _MIB),) * mebibytes, Chunk(tail))
        length = len(head) + mebibytes * _MIB + len(tail)
        kind = (("content-type", JSON), ("content-length", str(length)))
        return SimReply(500, kind + gateway_headers(scene.request_id), chunks)

    return Refuse("huge_error", reply)


def gzip_bomb(mebibytes: int = 64) -> Refuse:
    """A 500 of about a thousandth of the size it unpacks to."""

    def reply(_scene: Scene) -> SimReply:
        packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        packed = [packer.compress(bytes(_MIB)) for _ in range(mebibytes)]
        body = b"".join((*packed, packer.flush()))
        return plain_reply(500, body, JSON, ("content-encoding", "gzip"))

    return Refuse("gzip_bomb", reply)


def stream_fault(name: str, fault: StreamFault, *, harmless: bool = False) -> SpoilStream:
    """A function over streams as a fault."""
    return SpoilStream(name, lambda _scene: fault, harmless=harmless)


def cut_stream(event: int | None = None, *, clean: bool = False) -> SpoilStream:
    """End the stream before this event (from 0; None: the middle)."""
    name = "cut_clean" if clean else "cut_stream"
    return stream_fault(name, streams.cut_at(event, clean=clean))


def cut_byte(byte: int | None = None, *, clean: bool = False) -> SpoilStream:
    """End the stream after so many bytes (None: half way through the middle event)."""
    name = "cut_byte_clean" if clean else "cut_byte"
    return stream_fault(name, streams.cut_at_byte(byte, clean=clean))


def stall(event: int | None = None, *, keepalive: bool = False) -> SpoilStream:
    """Say nothing from this event on (None: the middle), or only keep-alive comments."""
    name = "stall_keepalive" if keepalive else "stall"
    return stream_fault(name, streams.stall_at(event, keepalive=keepalive))


def error_frame(place: streams.Place = "middle") -> SpoilStream:
    """An error frame in the place of the rest of the stream."""
    return stream_fault(f"error_{place}", streams.error_frame(place))


def slow_first(wait_s: float | None = None) -> SpoilStream:
    """The first event `wait_s` seconds after the head (None: the time of a gateway timeout)."""

    def alter(scene: Scene) -> StreamFault:
        return streams.slow_first(scene.latency.timeout_s if wait_s is None else wait_s)

    return SpoilStream("slow_first", alter, harmless=True)


def slow_token(wait_s: float | None = None, *, keepalive: bool = False) -> SpoilStream:
    """The text `wait_s` seconds after what precedes it (None: the time of a gateway timeout)."""

    def alter(scene: Scene) -> StreamFault:
        late_s = scene.latency.timeout_s if wait_s is None else wait_s
        return streams.slow_token(late_s, keepalive=keepalive)

    name = "slow_token_keepalive" if keepalive else "slow_token"
    return SpoilStream(name, alter, harmless=True)


def _rewritten(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    def alter(_scene: Scene, reply: SimReply) -> SimReply:
        body = change(reply.body)
        sized = reply.with_headers(("content-length", str(len(body))))
        return replace(sized, chunks=(Chunk(body),))

    return Spoil(name, alter)


def _gzip(_scene: Scene, reply: SimReply) -> SimReply:
    body = gz.compress(reply.body, mtime=0)
    packed = reply.with_headers(("content-length", str(len(body))), ("content-encoding", "gzip"))
    return replace(packed, chunks=(Chunk(body),))


def _null_answer(body: bytes) -> bytes:
    try:
        value = json.loads(body)
    except ValueError:
        return body
    for name in ("choices", "output", "content", "candidates", "data"):
        if name in value:
            return dumps({**value, name: None})
    return body


def _error_200(scene: Scene) -> SimReply:
    return replace(scene.error("server_error"), status=200)


def _mislabelled(scene: Scene) -> SimReply:
    # new-api sets the header of the stream first, and gin does not write Content-Type twice.
    return scene.error("saturated").with_headers(("content-type", "text/event-stream"))


def _two_documents(scene: Scene) -> SimReply:
    body = scene.error("request_limit_zh").body + scene.error("request_limit_zh").body
    return plain_reply(429, body, JSON, *gateway_headers(scene.request_id))


def _should_retry(verdict: str) -> Callable[[Scene], SimReply]:
    return lambda scene: scene.error("busy").with_headers(("x-should-retry", verdict))


def _ping_then_json(scene: Scene) -> StreamFault:
    return streams.ping_then_json(scene.error("saturated").body)


_SPECIAL: tuple[Fault, ...] = (
    Refuse("redirect", lambda scene: redirect(scene.request.path), final=True),
    Refuse("error_200", _error_200),
    Refuse("sse_labelled_error", _mislabelled),
    Refuse("two_documents", _two_documents),
    Refuse("should_retry_false", _should_retry("false"), final=True),
    Refuse("should_retry_true", _should_retry("true")),
    huge_error(),
    gzip_bomb(),
    silence("reset", Ending.RESET_BEFORE),
    silence("close", Ending.CLOSE_BEFORE),
    silence("hang", Ending.STALL),
    lost(silence("reset", Ending.RESET_BEFORE, late=True)),
    lost(silence("hang", Ending.STALL)),
    replace(lost(page_fault("bad_gateway")), name="lost_502"),
    replace(lost(page_fault("nginx_504")), name="lost_504"),
    replace(lost(page_fault("cloudflare_524")), name="lost_524"),
    lost(error_fault("do_request_failed")),
    lost(error_fault("insert_task_failed")),
    slow(),
    cut(),
    truncated_json(),
    Spoil("gzip", _gzip, harmless=True),
    _rewritten("choices_null", _null_answer),
    cut_stream(),
    cut_stream(clean=True),
    cut_byte(),
    cut_byte(clean=True),
    stall(),
    stall(keepalive=True),
    error_frame("first"),
    error_frame("middle"),
    error_frame("last"),
    stream_fault("finish_error", streams.failed_finish),
    SpoilStream("ping_then_json", _ping_then_json),
    SpoilStream("json_for_stream", lambda scene: streams.instead(scene.error("saturated").body)),
    stream_fault("html_for_stream", streams.instead(SPA)),
    stream_fault("no_done", streams.without(Part.DONE), harmless=True),
    stream_fault("no_finish", streams.without(Part.FINISH)),
    stream_fault("split_utf8", streams.split_utf8, harmless=True),
    stream_fault("corrupt", streams.corrupt()),
    stream_fault("duplicate", streams.duplicate()),
    stream_fault("left_open", streams.left_open, harmless=True),
    slow_first(),
    slow_token(),
    slow_token(keepalive=True),
)

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {name: error_fault(name) for name in ERRORS}
    | {name: page_fault(name) for name in PAGES}
    | {fault.name: fault for fault in _SPECIAL}
)
"""Every fault by its name."""

_BY_STATUS: Mapping[int, str] = MappingProxyType(
    {
        301: "redirect",
        401: "key_invalid",
        403: "model_forbidden",
        404: "invalid_url",
        413: "body_too_large",
        429: "saturated",
        500: "server_error",
        501: "not_implemented",
        502: "bad_gateway",
        503: "busy",
        504: "nginx_504",
        520: "cloudflare_520",
        522: "cloudflare_522_problem",
        524: "cloudflare_524",
        529: "overloaded",
    }
)


def outage_fault(name: str) -> Refuse:
    """A fault that refuses every request.

    Raises:
        ValueError: The fault needs an answer to spoil.
    """
    fault = fault_named(name)
    if isinstance(fault, Refuse):
        return fault
    raise ValueError(f"outage fault: expected one that refuses, got {name!r}")


def is_final(name: str) -> bool:
    """Whether a fault is a refusal that a repeat meets again.

    Raises:
        ValueError: There is no fault of this name.
    """
    fault = fault_named(name)
    return isinstance(fault, Refuse) and fault.final


def fault_named(what: int | str | Fault) -> Fault:
    """The fault of a status or a name, or the fault itself.

    Raises:
        ValueError: Nothing of this name, or a status that is no failure; the message says what is.
    """
    if isinstance(what, int):
        if what in _BY_STATUS:
            return FAULTS[_BY_STATUS[what]]
        if what not in _STATUSES:
            raise ValueError(f"fault status: expected 301 or 400 to 599, got {what}")
        return status_fault(what)
    if isinstance(what, str):
        if what not in FAULTS:
            raise ValueError(f"unknown fault {what!r}: expected one of {', '.join(sorted(FAULTS))}")
        return FAULTS[what]
    return what
