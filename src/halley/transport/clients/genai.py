"""Clients of google-genai: `genai.Client`, with both its colours, or its `aio` alone.

One inner object sends for all parts of a client, through an httpx2 or httpx client of each colour.
It is copied with both protected and its retries off, and the parts are made anew for the copy.
Where aiohttp is installed the async colour would go past them: the copy never uses it. The SDK
closes the pool when a client is collected: the copy keeps the old client, and closes nothing then.
"""

from __future__ import annotations

from typing import Any, TypeVar

from halley.drivers.session import Runtime
from halley.transport.clients import http
from halley.transport.family import family_of
from halley.transport.install import UnsupportedClientError
from halley.transport.masking import hide_keys, shy

C = TypeVar("C")

SENDERS = ("_httpx_client", "_async_httpx_client")
RETRIES = ("_retry", "_async_retry")
INSIDE = (*SENDERS, *RETRIES, "_http_options", "_use_aiohttp", "_use_google_auth_sync")
GENERATED = "google.genai._gaos"
"""Package of the newer resources, which a client makes when they are first used."""


def protected(client: C, shared: Runtime, *, keep: bool) -> C:
    """Return a client of the same class whose both colours send through halley.

    Raises:
        UnsupportedClientError: this release is built differently, or sends by other means.
    """
    inner: Any = getattr(client, "_api_client", None)
    _check(client, inner)
    beneath = {name: http.protected(getattr(inner, name), shared, keep=keep) for name in SENDERS}
    if all(beneath[name] is getattr(inner, name) for name in SENDERS) and _is_copy(inner):
        return client
    copy: Any = _copy_of(inner, _use_aiohttp=lambda _self: False)
    vars(copy).update(beneath, _halley_original=client)
    copy._http_options = _without_retries(inner._http_options)  # noqa: SLF001
    hide_keys(copy)
    for name in RETRIES:
        setattr(copy, name, getattr(inner, name).copy(stop=_after_the_first))
    return _with_parts_for(client, copy)


def _check(client: object, inner: Any) -> None:  # noqa: ANN401 - private to the SDK
    """Refuse a client that halley does not recognise, or that would send past it."""
    missing = [name for name in INSIDE if not hasattr(inner, name)]
    if missing:
        raise UnsupportedClientError(_unknown(client, f"{', '.join(missing)} inside, found none"))
    if getattr(inner._http_options, "aiohttp_client", None) is not None:  # noqa: SLF001
        raise UnsupportedClientError(_unknown(client, "no aiohttp_client of your own, found one"))
    other = [name for name in SENDERS if family_of(getattr(inner, name)) is None]
    if other or inner._use_google_auth_sync():  # noqa: SLF001 - it then sends with requests
        raise UnsupportedClientError(
            _unknown(client, "to send with httpx2 or httpx, found a session of google-auth")
        )


def _unknown(client: object, expected: str) -> str:
    return (
        f"google.genai {type(client).__name__}: expected {expected}; use google-genai >= 3 and its "
        "HttpOptions(httpx_client=halley.Client(), httpx_async_client=halley.AsyncClient())"
    )


def _quiet(kind: type[Any], **methods: object) -> type[Any]:
    """Return a class whose objects close nothing when they are collected, some methods replaced."""
    members = {"__del__": lambda _self: None, "__module__": kind.__module__, **methods}
    return type(kind.__name__, (kind,), members)


def _copy_of(old: C, **methods: object) -> C:
    """Return a shallow copy of a quiet class."""
    copy: Any = object.__new__(_quiet(type(old), **methods))
    vars(copy).update(vars(old))
    return copy  # type: ignore[no-any-return]


def _is_copy(inner: object) -> bool:
    return "_halley_original" in vars(inner)


def _without_retries(options: Any) -> Any:  # noqa: ANN401 - HttpOptions
    """Return options with one attempt; None would mean five to the generated client."""
    once = type(options)(retry_options={"attempts": 1}).retry_options
    headers = shy(options.headers)
    return options.model_copy(update={"retry_options": once, "headers": headers})


def _after_the_first(_state: object) -> bool:
    return True


def _with_parts_for(client: C, inner: object) -> C:
    """Return a copy of a client whose parts send through `inner`."""
    copy = _copy_of(client)
    for name, part in vars(client).items():
        if type(part).__module__.startswith(GENERATED):
            setattr(copy, name, None)
        elif hasattr(part, "_api_client"):
            setattr(copy, name, _quiet(type(part))(inner))
    vars(copy).update(_api_client=inner)
    return copy
