"""An httpx2 or httpx client with halley beneath its `send`.

The protected client is the old one seen through another class. Both share their attributes, so base
URL, headers, query, cookies, timeouts, proxies, mounts, limits, hooks and the pool are the same
objects, and closing either closes both. Only `send` differs: it makes a call of the request, and
every attempt of the call is one `send` of the old client, with its auth flow and its hooks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from halley.core.replies import may_redirect
from halley.drivers.session import Runtime
from halley.transport.aio import AsyncTransport
from halley.transport.family import Family, family_of
from halley.transport.family import family as family_named
from halley.transport.install import UnsupportedClientError
from halley.transport.masking import AsyncVeiled, Veiled, hide_fields
from halley.transport.sync import Transport

C = TypeVar("C")


class Protected:
    """What both colours have beside the attributes they share with the old client."""

    __slots__ = ("_family", "_original", "_runtime")

    _family: Family
    _original: Any
    _runtime: Runtime

    def __del__(self) -> None:
        """Leave the pool alone: SDK clients close it here, and the old client may be in use."""


class SyncProtected(Protected):
    """The `send` for threads."""

    __slots__ = ()

    def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:  # noqa: ANN401
        """Send a request as the old client would, as often as it takes.

        Raises:
            httpx.RequestError: the fault that halley gave up on, as it came.
        """
        family, original = self._family, self._original
        if not may_redirect(request.method, request.url.path):
            options["follow_redirects"] = False

        def forward(again: Any) -> Any:  # noqa: ANN401 - a request of either family
            return unread(family, original.send(again, stream=True, **options))

        started = self._runtime.clock.now()
        transport = Transport(self._runtime, family, forward, original.close)
        response = transport.handle_request(timed(request, original))
        response.elapsed = timedelta(seconds=self._runtime.clock.now() - started)
        try:
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


class AsyncProtected(Protected):
    """The `send` for event loops."""

    __slots__ = ()

    async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:  # noqa: ANN401
        """Send a request as the old client would, as often as it takes.

        Raises:
            httpx.RequestError: the fault that halley gave up on, as it came.
        """
        family, original = self._family, self._original
        if not may_redirect(request.method, request.url.path):
            options["follow_redirects"] = False

        async def forward(again: Any) -> Any:  # noqa: ANN401 - a request of either family
            return unread(family, await original.send(again, stream=True, **options))

        started = self._runtime.clock.now()
        transport = AsyncTransport(self._runtime, family, forward, original.aclose)
        response = await transport.handle_async_request(timed(request, original))
        response.elapsed = timedelta(seconds=self._runtime.clock.now() - started)
        try:
            if not stream:
                await response.aread()
        except BaseException:
            await response.aclose()
            raise
        return response


def protected(client: C, shared: Runtime, *, keep: bool, sdk: str | None = None) -> C:
    """Return an HTTP client with halley beneath it.

    Args:
        client: A client of httpx2 or httpx.
        shared: What its calls share with those of the SDK's other client.
        sdk: Package of the SDK above, whose connection error an interrupted stream is then too.
        keep: Leave a client that has halley beneath it as it is, instead of changing its policy.

    Raises:
        UnsupportedClientError: it is no such client, or was made by halley with another policy.
    """
    if stands_on_halley(client) and keep:
        return client
    original = client._original if isinstance(client, Protected) else client  # noqa: SLF001
    if stands_on_halley(original):
        raise UnsupportedClientError(
            f"{type(client).__name__}: has halley beneath it already; "
            "give the policy where it is made, as in halley.Client(policy=...)"
        )
    family = family_of(original)
    kinds = () if family is None else (family.module.Client, family.module.AsyncClient)
    if family is None or not isinstance(original, kinds):
        raise UnsupportedClientError(
            f"{type(client).__name__}: expected a Client or AsyncClient of httpx2 or httpx; "
            "pass one to the SDK as http_client, or leave it out"
        )
    hide_fields(original, family.module)
    is_async = isinstance(original, family.module.AsyncClient)
    send = (AsyncVeiled, AsyncProtected) if is_async else (Veiled, SyncProtected)
    name = f"Protected{type(original).__name__}"
    view: Any = object.__new__(type(name, (*send, type(original)), {"__slots__": ()}))
    view.__dict__ = vars(original)
    view._family = family_named(family.name, sdk)  # noqa: SLF001
    view._original, view._runtime = original, shared  # noqa: SLF001
    return view  # type: ignore[no-any-return]


def stands_on_halley(client: object) -> bool:
    """Say whether a client was protected, or made by halley."""
    made = isinstance(getattr(client, "_transport", None), (Transport, AsyncTransport))
    return made or isinstance(client, Protected)


def timed(request: Any, original: Any) -> Any:  # noqa: ANN401 - a request and client of either family
    """Give a request built by hand the client's timeouts, as its own `send` would."""
    if "timeout" not in request.extensions:
        timeouts = original.timeout.as_dict()
        request.extensions = {**request.extensions, "timeout": timeouts}
    return request


def unread(family: Family, response: Any) -> Any:  # noqa: ANN401 - a response of either family
    """Put back a body that a hook or an auth flow has read; it is decoded by now."""
    if response.is_stream_consumed:
        response.headers.pop("content-encoding", None)
        response.stream = family.byte_stream(response.content)
    return response
