"""Clients of the SDKs that Stainless generates: openai, anthropic, and what is built on openai.

They are rebuilt by their own `with_options`, which puts the HTTP client wherever this release wants
it. That calls the constructor, and subclasses (cometapi's among them) have narrower ones: so a
subclass is rebuilt as the class the SDK ships, and then given its class and its attributes back.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import cached_property
from typing import Any, TypeVar

from halley.drivers.session import Runtime
from halley.transport.clients import http
from halley.transport.family import family_of
from halley.transport.install import UnsupportedClientError
from halley.transport.masking import hide_keys

C = TypeVar("C")

PACKAGES = ("openai", "anthropic")


def shipped_class(client: object) -> type | None:
    """Return the nearest class that the SDK itself ships; None if there is none."""
    for base in type(client).__mro__:
        if base.__module__.partition(".")[0] in PACKAGES:
            return base
    return None


def protected(client: C, shared: Runtime, *, keep: bool) -> C:
    """Return a client of the same class on a protected HTTP client, its own retries off.

    Raises:
        UnsupportedClientError: this release keeps its HTTP client elsewhere, or cannot be rebuilt.
    """
    shipped = shipped_class(client)
    inner = getattr(client, "_client", None)
    if shipped is None or family_of(inner) is None or not hasattr(client, "max_retries"):
        raise UnsupportedClientError(_elsewhere(client, f"found {type(inner).__name__}"))
    package = shipped.__module__.partition(".")[0]
    beneath = http.protected(inner, shared, keep=keep, sdk=package)
    if beneath is inner and client.max_retries == 0:
        return client
    try:
        fresh = _seen_as(shipped, client).with_options(http_client=beneath, max_retries=0)
    except (AttributeError, TypeError) as error:
        raise UnsupportedClientError(_elsewhere(client, f"with_options fails: {error}")) from error
    if type(client) is not shipped:
        fresh.__dict__.update(dict(_own_attributes(client, fresh)))
        fresh.__class__ = type(client)
    hide_keys(fresh)
    return fresh  # type: ignore[no-any-return]


def _elsewhere(client: object, found: str) -> str:
    return (
        f"{type(client).__name__}: expected an httpx2 or httpx client in _client that with_options "
        f"exchanges, {found}; use openai >= 2.45 or anthropic >= 1, or pass "
        "http_client=halley.Client() and max_retries=0 when you make the client"
    )


def _seen_as(shipped: type, client: object) -> Any:  # noqa: ANN401 - a class of the SDK
    """Return a client as the SDK knows it, without what a subclass overrides."""
    if type(client) is shipped:
        return client
    seen: Any = object.__new__(shipped)
    seen.__dict__ = vars(client)
    return seen


def _own_attributes(client: object, fresh: object) -> Iterator[tuple[str, object]]:
    """Yield what a subclass has set; resources it made for the old client, for the new one.

    Cached properties are left out: they would still lead to the old client.
    """
    for name, value in vars(client).items():
        cached = isinstance(inspect.getattr_static(type(client), name, None), cached_property)
        if name in vars(fresh) or cached:
            continue
        resource = getattr(value, "_client", None) is client
        yield name, type(value)(fresh) if resource else value
