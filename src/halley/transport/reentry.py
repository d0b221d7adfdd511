"""A client above that retries although halley has already given up.

The SDKs obey `x-should-retry: false` on replies, but nothing stops them after an exception; they
say so in `x-stainless-retry-count`. Such a request is answered with the same exception at once, and
nothing is sent. The memory is one exception per thread or task, for the client that made it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import httpx2

Memory: TypeAlias = tuple[object, str, str, Exception]
"""What the calls of the client share, the method and URL of the call, and how it ended."""

_given_up: ContextVar[Memory | None] = ContextVar("given_up", default=None)


def remember(owner: object, request: httpx2.Request, error: Exception) -> None:
    """Keep the exception that halley gave up with; `owner` is what the client's calls share."""
    _given_up.set((owner, request.method, str(request.url), error))


def given_up(owner: object, request: httpx2.Request) -> Exception | None:
    """Return the exception that this request was already given up with; forget it otherwise."""
    memory = _given_up.get()
    if memory is None:
        return None
    before, method, url, error = memory
    again = request.headers.get("x-stainless-retry-count", "0") != "0"
    if again and before is owner and (method, url) == (request.method, str(request.url)):
        return error.with_traceback(None)
    _given_up.set(None)
    return None
