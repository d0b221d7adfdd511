"""`protect`: the client you have, with halley beneath it.

A client is recognised by the modules of its classes, so no SDK is imported here. The modules in
`clients` know how each kind is put together; what they do not recognise is an error, never a client
that is half protected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from halley.compose import is_off, runtime
from halley.policy import PolicyLike
from halley.records.events import Hook
from halley.transport.clients import genai, http, stainless
from halley.transport.install import UnsupportedClientError

C = TypeVar("C")

KINDS: dict[str, Callable[..., Any]] = {
    "openai": stainless.protected,
    "anthropic": stainless.protected,
    "google.genai": genai.protected,
    "httpx2": http.protected,
    "httpx": http.protected,
}
"""Package of a class -> how its clients are rebuilt."""


def protect(client: C, policy: PolicyLike = None, *, hooks: Iterable[Hook] = ()) -> C:
    """Return the same kind of client with halley beneath it, the SDK's own retries off.

    Everything else is kept: base URL, key, headers, query, timeouts, cookies, proxies, mounts,
    limits, auth, and hooks, which run once per attempt. Both clients share one connection pool:
    closing either closes both. A client that has halley beneath it keeps it, and changes to
    `policy` and `hooks` if they are named; halley is never put beneath halley. With ``HALLEY=off``
    the client comes back as it is.

    Args:
        client: `cometapi.CometAPI`, `openai.OpenAI`, `anthropic.Anthropic`, `google.genai.Client`,
            their async twins and subclasses, or a client of httpx2 or httpx.
        policy: A `Policy`, the path of a policy file, or None for the defaults.
        hooks: Functions that are called with every `Event`; see `halley.records.events`.

    Raises:
        UnsupportedClientError: halley does not know this kind of client, or not this release of it.
        PolicyError: the policy file cannot be read, or a value in it is not allowed.
    """
    if is_off():
        return client
    rebuild = _kind(client)
    keep = policy is None and not hooks
    return rebuild(client, runtime(policy, hooks=hooks), keep=keep)  # type: ignore[no-any-return]


def _kind(client: object) -> Callable[..., Any]:
    for base in type(client).__mro__:
        for package, rebuild in KINDS.items():
            if f"{base.__module__}.".startswith(f"{package}."):
                return rebuild
    raise UnsupportedClientError(
        f"{type(client).__module__}.{type(client).__qualname__}: not a client that halley knows; "
        "protect() takes clients of cometapi, openai, anthropic, google-genai, httpx2 and httpx"
    )
