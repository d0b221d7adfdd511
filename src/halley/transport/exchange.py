"""The colour-free half of a wire: a request, the response in hand, and both as plain values.

The sync and the async wire add nothing but the waiting. Responses stay as the server sent them:
headers are added, and what halley has given up on loses `Location` and an echoed key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from halley.core.effects import Deliver, GiveUp, Send
from halley.core.model import Fault, Headers, History, Reply
from halley.core.stream_terms import StreamTerms
from halley.drivers.keys import Keys
from halley.drivers.session import Runtime
from halley.records.redact.known import masked
from halley.transport.decode import PACKED_BYTES, READABLE, look
from halley.transport.events import EventStream, state_of
from halley.transport.family import Family, fault_kind
from halley.transport.masking import credentials, hide, veil_texts, without_credentials
from halley.transport.request import copied, keyed
from halley.transport.timeouts import Patience, TimeLeft, time_left

if TYPE_CHECKING:
    import httpx2

    from halley.transport.first import First

E = TypeVar("E", bound=BaseException)

NO_FIELDS: Headers = MappingProxyType({})
PLAIN_BYTES_MAX = 8 * 1024 * 1024


class Fields(Mapping[str, str]):
    """Header fields by lower-case name; of repeated ones, the first. Decoded when asked for.

    Attributes:
        raw: The same in bytes, for whom decoding is too dear.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.raw = {name.lower(): value for name, value in reversed(raw)}

    def __getitem__(self, name: str) -> str:
        """Return a field; KeyError without it."""
        return self.raw[name.encode("latin-1")].decode("latin-1")

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping.get
        """Return a field, or the default."""
        value = self.raw.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        """Say whether there is a field of a name."""
        return isinstance(name, str) and name.encode("latin-1") in self.raw

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return (name.decode("latin-1") for name in self.raw)

    def __len__(self) -> int:
        """Count the names."""
        return len(self.raw)


class Exchange:
    """What both colours know of one call on the wire.

    Attributes:
        held: All of the body in hand was read: the reply is off the wire, and is kept until the
            next send, for the call may have to end with it.
    """

    __slots__ = (
        "_keys",
        "asked",
        "body",
        "deadline",
        "error",
        "family",
        "fields",
        "first",
        "held",
        "now",
        "paced",
        "readable",
        "request",
        "response",
        "sent_at",
        "stream",
        "timeouts",
        "told",
    )

    def __init__(self, family: Family, request: httpx2.Request, runtime: Runtime) -> None:
        self.family = family
        self.now = runtime.clock.now
        self._keys = runtime.keys
        self.deadline = math.inf
        self.request = request
        self.timeouts = dict(request.extensions.get("timeout") or {})
        self.asked = request
        self.told = request.extensions
        self.sent_at = 0.0
        self.stream: EventStream | None = None
        self.paced: dict[str, Any] | None = None
        self.response: httpx2.Response | None = None
        self.fields: Headers = NO_FIELDS
        self.error: Exception | None = None
        self.first: First | None = None
        self.held = False
        self.body = b""
        self.readable = b""

    def prepare(self, effect: Send) -> None:
        """Make the request of the next attempt; the caller's own stays as it was."""
        self.deadline = effect.deadline
        self.response = self.error = None
        self.held = False
        self.body = self.readable = b""
        if effect.body is not None:
            self.request = copied(self.family, self.request, effect.body)
        if effect.key is not None and self._keys is not None:
            self.request = keyed(self.family, self.request, self._keys.secret(effect.key))
        self.stream = None
        if self.first is None:
            self.sent_at = self.now()
            self.limit_timeouts(effect.terms)

    def limit_timeouts(self, terms: StreamTerms) -> None:
        """Let no phase of the attempt that begins now outlast its limit or the deadline."""
        limited = time_left(self.timeouts, terms, self.deadline, self.now)
        if limited is not None:
            self.request.extensions = {**self.request.extensions, "timeout": limited}

    def pace_reads(self, stream: EventStream) -> None:
        """Put a stream's limits where the HTTP library looks for its read timeout."""
        timeouts, own_s = self.request.extensions.get("timeout"), self.timeouts.get("read")
        patience = Patience(lambda: stream.read_s(own_s))
        if isinstance(timeouts, TimeLeft):
            timeouts.reads = patience
        elif isinstance(timeouts, dict):
            timeouts["read"] = patience
            self.paced = timeouts

    def unpace_reads(self) -> None:
        """Give the caller's timeouts back as they were."""
        if self.paced is not None:
            self.paced["read"] = self.timeouts.get("read")
            self.paced = None

    def failed(self, error: Exception) -> Fault:
        """Keep an exception of the HTTP library as the fault in hand."""
        self.error = error
        kind = fault_kind(error)
        return Fault(kind, None if self.stream is None else state_of(kind))

    def head(self, response: httpx2.Response) -> Reply:
        """Describe a reply of which nothing is read."""
        return Reply(response.status_code, self.fields, b"", complete=False, held=False)

    def shown(self, bytes_max: int) -> tuple[bytes, bool]:
        """Return the decoded start of the body in hand, and whether that is all of it."""
        encoding = self.fields.get("content-encoding", "")
        if not encoding:
            self.readable = self.body
            return self.body[:bytes_max], len(self.body) <= bytes_max
        shown, complete = self._decoded(encoding, bytes_max)
        self.readable = shown
        return shown, complete

    def inspected(self, response: httpx2.Response, bytes_max: int, *, held: bool) -> Reply:
        """Describe the reply in hand with what was read of its body."""
        self.held = held
        shown, complete = self.shown(bytes_max)
        return Reply(response.status_code, self.fields, shown, complete and held, held)

    def _decoded(self, encoding: str, bytes_max: int) -> tuple[bytes, bool]:
        """Return the decoded start of the body in hand, and whether that is all of it."""
        if not encoding or encoding in READABLE:
            return look(self.body, encoding, bytes_max)
        return self._look_with_library(encoding, bytes_max)

    def _look_with_library(self, encoding: str, bytes_max: int) -> tuple[bytes, bool]:
        """Decode brotli and zstd the way the HTTP library does, a piece at a time."""
        raw = self.body[:bytes_max]
        pieces = self.family.response(
            200,
            headers={"content-encoding": encoding},
            content=(raw[at : at + PACKED_BYTES] for at in range(0, len(raw), PACKED_BYTES)),
        )
        start = b""
        try:
            for piece in pieces.iter_bytes():
                start += piece
                if len(start) > bytes_max:
                    return start[:bytes_max], False
        except self.family.request_error:
            return start[:bytes_max], False
        if start and raw.startswith(start):
            return b"", False  # the library cannot read it either, and gave it back as it was
        return start, len(raw) == len(self.body)

    def let_go(self) -> httpx2.Response | None:
        """Return the response that is to be closed: the one in hand, unless it is held."""
        self.unpace_reads()
        self.readable = b""
        if self.held:
            return None
        response, self.response, self.body = self.response, None, b""
        return response

    def edit(self, effect: Deliver) -> httpx2.Response:
        """Give the response in hand its history and headers; return it."""
        response = self.response
        assert response is not None
        for name, value in effect.headers:
            response.headers[name] = value
        response.extensions["halley"] = effect.history
        return self._finalise(response, whole=not effect.watch) if effect.final else response

    def _finalise(self, response: httpx2.Response, *, whole: bool) -> httpx2.Response:
        """Take out what would lead a client astray, or a key into a log."""
        if 300 <= response.status_code < 400:  # noqa: PLR2004 - RFC 9110 §15.4
            response.headers.pop("location", None)
            response.next_request = None
        mask = self.mask()
        raw = response.headers.raw
        values = b" ".join(value for _, value in raw)
        if mask(values) != values:
            response.headers = self.family.headers([(n, mask(v)) for n, v in raw])
        return self._without_keys(response, mask, whole=whole)

    def mask(self) -> Callable[[bytes], bytes]:
        """Return what masks echoed keys; it does not hold the exchange, which may hold it."""
        return partial(_masked, self._keys, (self.asked, self.request))

    def _without_keys(
        self, response: httpx2.Response, mask: Callable[[bytes], bytes], *, whole: bool
    ) -> httpx2.Response:
        """Mask echoed keys in what is in hand of the body; one that was compressed is unpacked."""
        encoding = self.fields.get("content-encoding", "")
        plain, complete = self.body, True
        if encoding:
            plain, complete = self._decoded(encoding, PLAIN_BYTES_MAX) if whole else (b"", False)
        hidden = mask(plain)
        if not complete or hidden == plain:
            return response
        self.body = hidden
        headers = response.headers.copy()
        if encoding:
            del headers["content-encoding"]
            if "content-length" in headers:
                headers["content-length"] = str(len(self.body))
        return self.family.response(
            response.status_code,
            headers=headers,
            stream=self.family.byte_stream(self.body),
            request=self.request,
            extensions=response.extensions,
            history=response.history,
            default_encoding=response.default_encoding,
        )

    def fault(self, effect: GiveUp) -> Exception:
        """Return the exception in hand."""
        assert self.error is not None
        veil_texts(self.error, self.mask())
        self._hide_copy()
        return marked(self.error, effect.history)

    def interrupted(self, error: BaseException, history: History | None) -> None:
        """Put the history so far on an exception that interrupts the call."""
        self._hide_copy()
        if history is not None:
            marked(error, history)

    def _hide_copy(self) -> None:
        """Take the key of the ring out of the request that was sent: frames of a fault show it."""
        if self.request is not self.asked:
            hide(self.request)

    def too_late(self) -> Exception:
        """Return the timeout of a body that is still arriving at the deadline."""
        return too_late(self.family, without_credentials(self.request))


def _masked(ring: Keys | None, requests: Iterable[httpx2.Request], text: bytes) -> bytes:
    """Mask every key that a server could echo: an earlier attempt may have had another one."""
    keys = {key for request in requests for key in credentials(request)}
    return masked(text, keys if ring is None else keys.union(ring.secrets()))


def marked(error: E, history: History) -> E:
    """Put a history on an exception, where `halley.history` finds it."""
    error.halley = history  # type: ignore[attr-defined]
    return error


def too_late(family: Family, request: httpx2.Request) -> Exception:
    """Return the timeout of a body that is still arriving at the deadline."""
    return family.read_timeout(
        "halley: the deadline passed while the body was arriving", request=request
    )
