"""The colour-free half of a wire: one request, the response in hand, and what both look like as values.

The sync and the async wire add nothing but the waiting. Responses stay as the server sent them: only
headers are added, and `Location` and an echoed key are taken out of what halley has given up on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from halley.core.effects import Deliver, GiveUp
from halley.core.model import Fault, Headers, History, Reply, Request
from halley.transport.decode import READABLE, look
from halley.transport.family import Family, fault_kind

if TYPE_CHECKING:
    import httpx2

E = TypeVar("E", bound=BaseException)

NO_FIELDS: Headers = MappingProxyType({})
KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")
SLACK_S = 1.0
"""Timeouts this little above the time left are kept as they are."""
PIECE_BYTES = 1024
PLAIN_BYTES_MAX = 16 * 1024 * 1024


class Fields(Mapping[str, str]):
    """Header fields by lower-case name; of repeated ones, the first. Decoded when asked for."""

    __slots__ = ("_raw",)

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = {name.lower(): value for name, value in reversed(raw)}

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1")].decode("latin-1")

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as Mapping.get
        """Return a field, or the default."""
        value = self._raw.get(name.encode("latin-1"))
        return default if value is None else value.decode("latin-1")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.encode("latin-1") in self._raw

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class Exchange:
    """What both colours know of one call on the wire."""

    __slots__ = ("body", "deadline", "error", "family", "fields", "now", "request", "response", "shown", "timeouts")

    def __init__(
        self, family: Family, request: httpx2.Request, now: Callable[[], float]
    ) -> None:
        self.family = family
        self.now = now
        self.deadline = math.inf
        self.request = request
        self.timeouts = request.extensions.get("timeout") or {}
        self.response: httpx2.Response | None = None
        self.fields: Headers = NO_FIELDS
        self.error: Exception | None = None
        self.body = b""
        self.shown = b""

    def limit_timeouts(self, timeout_s: float) -> None:
        """Let no phase of the next attempt outlast the deadline."""
        timeouts = self.timeouts
        try:
            longest_s = max(timeouts["connect"], timeouts["read"], timeouts["write"], timeouts["pool"])
        except (KeyError, TypeError):  # not given, or None: no limit
            longest_s = math.inf
        if longest_s > timeout_s + SLACK_S:
            limited = {
                phase: timeout_s if (limit := timeouts.get(phase)) is None else min(limit, timeout_s)
                for phase in ("connect", "read", "write", "pool")
            }
            self.request.extensions = {**self.request.extensions, "timeout": limited}

    def failed(self, error: Exception) -> Fault:
        """Keep an exception of the HTTP library as the fault in hand."""
        self.error = error
        return Fault(fault_kind(error))

    def head(self, response: httpx2.Response) -> Reply:
        """Describe a reply of which nothing is read."""
        return Reply(response.status_code, self.fields, b"", complete=False, held=False)

    def inspected(self, response: httpx2.Response, bytes_max: int, *, held: bool) -> Reply:
        """Describe the reply in hand with what was read of its body."""
        encoding = self.fields.get("content-encoding", "")
        if not encoding:
            self.shown, complete = self.body[:bytes_max], len(self.body) <= bytes_max
        elif encoding in READABLE:
            self.shown, complete = look(self.body, encoding, bytes_max)
        else:
            self.shown, complete = self._look_with_library(encoding, bytes_max)
        return Reply(response.status_code, self.fields, self.shown, complete and held, held)

    def _look_with_library(self, encoding: str, bytes_max: int) -> tuple[bytes, bool]:
        """Decode brotli and zstd the way the HTTP library does, a piece at a time."""
        raw = self.body
        pieces = self.family.response(
            200,
            headers={"content-encoding": encoding},
            content=(raw[at : at + PIECE_BYTES] for at in range(0, len(raw), PIECE_BYTES)),
        )
        start = b""
        try:
            for piece in pieces.iter_bytes():
                start += piece
                if len(start) > bytes_max:
                    return start[:bytes_max], False
        except self.family.request_error:
            return start[:bytes_max], False
        return start, True

    def edit(self, effect: Deliver) -> httpx2.Response:
        """Give the response in hand its history and headers; return it."""
        response = self.response
        assert response is not None
        for name, value in effect.headers:
            response.headers[name] = value
        response.extensions["halley"] = effect.history
        return self._finalise(response) if effect.final else response

    def _finalise(self, response: httpx2.Response) -> httpx2.Response:
        """Take out what would lead a client astray, or a key into a log."""
        if 300 <= response.status_code < 400:  # noqa: PLR2004 - RFC 9110 §15.4
            response.headers.pop("location", None)
        keys = tuple(credentials(self.request))
        for name, value in response.headers.items():
            if any(key in value.encode("latin-1") for key in keys):
                response.headers[name] = masked(value.encode("latin-1"), keys).decode("latin-1")
        return self._without_keys(response, keys)

    def _without_keys(
        self, response: httpx2.Response, keys: tuple[bytes, ...]
    ) -> httpx2.Response:
        """Mask echoed keys in the body; one that was compressed is delivered as it reads."""
        encoding = response.headers.get("content-encoding", "").strip().lower()
        plain, complete = look(self.body, encoding, PLAIN_BYTES_MAX)
        if not complete or not any(key in plain for key in keys):
            return response
        self.body = masked(plain, keys)
        headers = response.headers.copy()
        if encoding:
            del headers["content-encoding"]
        if "content-length" in headers:
            headers["content-length"] = str(len(self.body))
        return self.family.response(
            response.status_code,
            headers=headers,
            stream=self.family.byte_stream(self.body),
            extensions=response.extensions,
        )

    def fault(self, effect: GiveUp) -> Exception:
        """Return the exception in hand, or a pool timeout where nothing was sent at all."""
        error = self.error or self.family.pool_timeout(
            f"halley: no permit to send: {effect.why}", request=self.request
        )
        return marked(error, effect.history)

    def interrupted(self, error: BaseException, history: History | None) -> None:
        """Put the history so far on an exception that interrupts the call."""
        if history is not None:
            marked(error, history)

    def too_late(self) -> Exception:
        """Return the timeout of a body that is still arriving at the deadline."""
        return self.family.read_timeout(
            "halley: the deadline passed while the body was arriving", request=self.request
        )


def marked(error: E, history: History) -> E:
    """Put a history on an exception, where `halley.history` finds it."""
    error.halley = history  # type: ignore[attr-defined]
    return error


def masked(text: bytes, keys: Iterable[bytes]) -> bytes:
    """Replace each key by as many asterisks.

    >>> masked(b"no such key: abcdefgh", [b"abcdefgh"])
    b'no such key: ********'
    """
    for key in keys:
        text = text.replace(key, b"*" * len(key))
    return text


def described(request: httpx2.Request, *, replayable: bool) -> Request:
    """Return what a decision may know of a request; its body only if that is in memory."""
    url, headers = request.url, request.headers
    path, _, query = url.raw_path.partition(b"?")
    key = next((value for name in KEY_HEADERS if (value := headers.get(name))), None)
    if key is None and b"key=" in query:
        key = query.decode("latin-1")
    return Request(
        method=request.method,
        origin=f"{url.scheme}://{url.netloc.decode('latin-1')}",
        path=path.decode("latin-1"),
        body=request.content if replayable else None,
        content_type=headers.get("content-type", ""),
        key=0 if key is None else hash(key),
        replayable=replayable,
    )


def credentials(request: httpx2.Request) -> Iterator[bytes]:
    """Yield the keys that a request carries, as they could be echoed."""
    for name in KEY_HEADERS:
        value = request.headers.get(name, "")
        key = value.rpartition(" ")[2].strip()
        if len(key) >= 8:  # noqa: PLR2004 - shorter is no key, and could be any word of a body
            yield key.encode("latin-1")
    key = request.url.params.get("key", "")
    if len(key) >= 8:  # noqa: PLR2004 - as above
        yield key.encode()


def content_length(request: httpx2.Request) -> int | None:
    """Return the announced size of a request body in bytes."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None
