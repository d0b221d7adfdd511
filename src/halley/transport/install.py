"""Put halley beneath every transport of a client.

Minor layering violation: httpx keeps the transports it made from `proxy`, `mounts` and the
environment in two attributes without a public name. They have had these names since httpx 0.18, are
the same in httpx2, and are checked here: without them the client is refused, not half protected.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from halley.compose import is_off, runtime
from halley.drivers.session import Runtime
from halley.policy import PolicyLike
from halley.records.events import Hook
from halley.transport.aio import AsyncTransport
from halley.transport.family import Family, family_of
from halley.transport.masking import hide_fields
from halley.transport.sync import Transport


class UnsupportedClientError(TypeError):
    """The client is of no kind that halley knows how to stand beneath."""


class Ready:
    """A client with halley beneath it from the start; mixed in before the library's class."""

    __slots__ = ()

    def __init__(
        self,
        *,
        policy: PolicyLike = None,
        hooks: Iterable[Hook] = (),
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(**options)
        options.clear()  # what follows may fail, and its traceback would show them
        install(self, policy, hooks)


def install(
    client: Any,  # noqa: ANN401 - a client of either family and colour
    policy: PolicyLike,
    hooks: Iterable[Hook] = (),
) -> None:
    """Wrap the transports of a client made by halley.

    Raises:
        UnsupportedClientError: this release of the HTTP library keeps them elsewhere.
    """
    found = family_of(client)
    if found is None or not hasattr(client, "_transport") or not hasattr(client, "_mounts"):
        raise UnsupportedClientError(
            f"{type(client).__name__}: expected the transports in _transport and _mounts, "
            "found neither; use a supported release of httpx2 or httpx"
        )
    if is_off():
        return
    shared = runtime(policy, hooks=hooks)
    is_async = isinstance(client, found.module.AsyncClient)
    hide_fields(client, found.module)
    client._transport = _wrapped(client._transport, shared, found, is_async=is_async)  # noqa: SLF001
    for pattern, transport in client._mounts.items():  # noqa: SLF001
        if transport is not None:
            wrapped = _wrapped(transport, shared, found, is_async=is_async)
            client._mounts[pattern] = wrapped  # noqa: SLF001


def _wrapped(
    inner: Any,  # noqa: ANN401 - a transport of either family and colour
    shared: Runtime,
    found: Family,
    *,
    is_async: bool,
) -> Transport | AsyncTransport:
    if is_async:
        return AsyncTransport(shared, found, inner.handle_async_request, inner.aclose, inner)
    return Transport(shared, found, inner.handle_request, inner.close, inner)
