"""What must not be shown of a request, and a request that does not show it.

Any header whose name speaks of a credential holds one, and so does Gemini's `?key=`. Headers and
parameters that are known to be harmless may be shown; all others are private.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, ClassVar, Final

from halley.core.ids import HEADERS as ID_HEADERS
from halley.core.secret import MASK, Secret, ShyText
from halley.records.redact.known import KEY_CHARS_MIN
from halley.records.redact.urls import ALLOWED
from halley.transport.family import family_of

if TYPE_CHECKING:
    import httpx2

_CREDENTIAL: Final = re.compile(rb"(?i)auth(?!ority)|key|token|secret|passw|cookie|credential")
PUBLIC: Final = frozenset(
    {
        *("accept", "accept-encoding", "accept-language", "anthropic-beta", "anthropic-version"),
        *("baggage", "connection", "content-encoding", "content-length", "content-type", "host"),
        *("idempotency-key", "openai-beta", "openai-organization", "openai-project", "traceparent"),
        *("tracestate", "transfer-encoding", "user-agent", "x-goog-api-client", *ID_HEADERS),
    }
)
"""Request headers that hold nothing private."""
PUBLIC_PREFIX: Final = "x-stainless-"


def credentials(request: httpx2.Request) -> tuple[Secret, ...]:
    """Return the keys that a request carries, as they could be echoed."""
    found = [request.url.params.get("key", ""), request.url.password]
    for name, value in request.headers.raw:
        if is_credential(name):
            found += _credentials_in(value.decode("latin-1"))
    return tuple(Secret(text) for text in found if len(text) >= KEY_CHARS_MIN)


def is_credential(name: bytes) -> bool:
    """Say whether a header holds a credential.

    >>> is_credential(b"X-Api-Key"), is_credential(b"idempotency-key")
    (True, False)
    """
    return _CREDENTIAL.search(name) is not None and name.lower().decode("latin-1") not in PUBLIC


def _credentials_in(value: str) -> Iterator[str]:
    """Yield what of a header's value is secret: not the scheme, nor the name of a cookie.

    A key that was read with the line break behind it is one, though no library sends it.
    """
    for line in value.splitlines():
        scheme, _, text = line.strip().rpartition(" ")
        if scheme.lower() == "basic":
            with suppress(binascii.Error, UnicodeDecodeError):
                yield base64.b64decode(text).decode().partition(":")[2]
        if "=" in line and ";" in line:
            for pair in line.split(";"):
                yield pair.partition("=")[2].strip()
        yield text


def private(request: httpx2.Request) -> tuple[Secret, ...]:
    """Return what else of a request's head is nobody's affair."""
    found = [value for name, value in request.url.params.multi_items() if name not in ALLOWED]
    for name, value in request.headers.items():
        if name not in PUBLIC and not name.startswith(PUBLIC_PREFIX):
            found += [value, *(pair.partition("=")[2].strip() for pair in value.split(";"))]
    return tuple(Secret(text) for text in found if len(text) >= KEY_CHARS_MIN)


def without_credentials(request: Any) -> Any:  # noqa: ANN401 - a request of either family
    """Return a request to hang on what a failed call hands back; one without keys is itself."""
    raw, url = request.headers.raw, _shown(request.url)
    if url is request.url and not any(is_credential(name) for name, _ in raw):
        return request
    family = family_of(request)
    assert family is not None
    copy: Any = family.module.Request(request.method, url, headers=masked_headers(raw))
    copy.extensions = request.extensions  # itself: a history is put in there when a stream ends
    copy.stream = getattr(request, "stream", None)
    if hasattr(request, "_content"):
        copy._content = request._content  # noqa: SLF001 - what `read` would leave there
    return copy


def _shown(url: httpx2.URL) -> httpx2.URL:
    """Return a URL without its password and Gemini's key."""
    if url.password:
        url = url.copy_with(username=url.username, password=MASK)
    return url.copy_set_param("key", MASK) if "key" in url.params else url


def given_up(response: Any) -> bool:  # noqa: ANN401 - a response of either family
    """Say whether a response is what a call that failed ended with."""
    history = response.extensions.get("halley")
    return history is not None and history.stop_reason is not None


def veil(response: Any) -> Any:  # noqa: ANN401 - a response of either family
    """Return a response without keys in its requests."""
    for one in (response, *response.history):
        one.request = without_credentials(one.request)
    return response


def veil_fault(error: Any, request: Any) -> None:  # noqa: ANN401 - of either family
    """Take the keys out of the request that hangs on a fault."""
    family = family_of(request)
    if family is not None and isinstance(error, family.request_error):
        error.request = without_credentials(request)
        veil_built(request)


def veil_texts(error: BaseException, mask: Callable[[bytes], bytes]) -> None:
    """Take the keys out of what a fault and its causes say, and of the frames that sent them.

    h11 quotes the header that it will not send: of a key with a line break at its end, all of it.
    All frames that led to such a text have it.
    """
    chain = list(_chain(error))
    for one in chain:
        _clear_senders(one)
    changed = [_veil_text(one, mask) for one in chain]
    if any(changed):
        for one in chain:
            one.__traceback__ = None


SENDERS: Final = frozenset({"httpcore", "httpcore2", "h11", "h2", "hpack"})
"""Libraries whose frames hold headers as they are sent, and those for a proxy."""


def _clear_senders(error: BaseException) -> None:
    """Forget what such frames hold; where they stand in the traceback stays."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__", "").partition(".")[0] in SENDERS:
            with suppress(RuntimeError):  # one that still runs
                frame.clear()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _veil_text(error: BaseException, mask: Callable[[bytes], bytes]) -> bool:
    """Mask the texts of one exception; say whether that changed any."""

    def masked(value: object) -> object:
        if not isinstance(value, str):
            return value
        hidden = mask(raw := value.encode(errors="surrogatepass"))
        return value if hidden == raw else hidden.decode(errors="replace")

    before = (error.args, getattr(error, "__notes__", None))
    error.args = tuple(masked(value) for value in error.args)
    if before[1]:
        error.__notes__ = [str(masked(note)) for note in before[1]]
    return before != (error.args, getattr(error, "__notes__", None))


def veil_built(request: Any) -> None:  # noqa: ANN401 - a request of either family
    """Take the keys out of what an SDK has built, for its frames and its exception show it.

    SDKs that Stainless generates build another request for every send; others may be the caller's.
    """
    if "x-stainless-lang" in request.headers:
        hide(request)


def hide(request: Any) -> None:  # noqa: ANN401 - a request of either family
    """Take the keys out of a request that is not sent again."""
    hidden = without_credentials(request)
    request.url, request.headers = hidden.url, hidden.headers


KEY_ATTRIBUTES: Final = ("api_key", "admin_api_key", "auth_token", "webhook_secret")
"""Where SDK clients keep keys."""
FIELD_ATTRIBUTES: Final = ("_custom_headers", "_custom_query")
"""Where they keep what the user adds to every request."""


def hide_keys(holder: Any) -> None:  # noqa: ANN401 - an object of an SDK
    """Let the keys that an SDK's object keeps show nothing in `vars` and tracebacks with locals."""
    for name in KEY_ATTRIBUTES:
        if type(value := vars(holder).get(name)) is str:
            setattr(holder, name, ShyText(value))
    for name in FIELD_ATTRIBUTES:
        if isinstance(fields := vars(holder).get(name), Mapping):
            setattr(holder, name, shy(fields))


def shy(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return headers or parameters whose credentials show nothing."""
    if fields is None:
        return None
    return {name: _shy(name, value) for name, value in fields.items()}


def _shy(name: str, value: object) -> object:
    return ShyText(value) if type(value) is str and is_credential(name.encode()) else value


class _Shy:
    """What a client adds to every request: sent as it is, but its `repr` shows no credential."""

    __slots__ = ()

    plain: ClassVar[type]

    def __repr__(self: Any) -> str:
        return f"{self.plain.__name__}({shy(dict(self))})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.plain, vars(self))


class _ShyParams(_Shy):
    """Query parameters; those of the library compare with instances of their own class alone."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return bool(self.plain(self) == other)

    def __hash__(self) -> int:
        return hash(self.plain(self))


class _ShyCookies(_Shy):
    """Cookies: every one may be a session."""

    __slots__ = ()

    def __repr__(self: Any) -> str:
        return f"{self.plain.__name__}({dict.fromkeys(self, MASK)})"


def hide_fields(client: Any, module: Any) -> None:  # noqa: ANN401 - of either family and colour
    """Let headers, parameters and cookies of an HTTP client show no credential in `vars`."""
    kinds = {module.Headers: _Shy, module.QueryParams: _ShyParams, module.Cookies: _ShyCookies}
    for name, value in vars(client).items():
        plain: Any = type(value)
        if (kind := kinds.get(plain)) is not None:
            vars(client)[name] = _made(_shy_class(kind, plain), vars(value))


@cache
def _shy_class(kind: Any, plain: Any) -> type:  # noqa: ANN401 - classes
    return type("Shy", (kind, plain), {"__slots__": (), "plain": plain})


def _made(kind: type, attributes: dict[str, Any]) -> object:
    made: Any = object.__new__(kind)
    made.__dict__ = attributes
    return made


class Veiled:
    """A client for threads whose failures show no key; mixed in before the client's class.

    A stream may yet fail: its error will be the SDK's own, made of the response.
    """

    __slots__ = ()

    def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:  # noqa: ANN401
        """Send as the client does."""
        try:
            response = super().send(request, stream=stream, **options)  # type: ignore[misc]
        except Exception as error:
            veil_fault(error, request)
            raise
        if over := given_up(response):
            veil_built(request)
        return veil(response) if stream or over else response


class AsyncVeiled:
    """`Veiled` for event loops."""

    __slots__ = ()

    async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:  # noqa: ANN401
        """Send as the client does."""
        try:
            response = await super().send(request, stream=stream, **options)  # type: ignore[misc]
        except Exception as error:
            veil_fault(error, request)
            raise
        if over := given_up(response):
            veil_built(request)
        return veil(response) if stream or over else response


def masked_headers(raw: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return header fields with a mask in the place of credentials; schemes stay."""
    return [(n, _masked(v) if is_credential(n) else v) for n, v in raw]


def _masked(value: bytes) -> bytes:
    scheme, space, _ = value.rpartition(b" ")
    return (scheme + space if scheme.isalpha() else b"") + MASK.encode()
