"""Calls that are traced: a sink of their own, and every send with the trace in its headers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from halley.core.model import Request as CallRequest
from halley.drivers.session import Runtime
from halley.transport.family import Family
from halley.transport.request import copied

if TYPE_CHECKING:
    import httpx2

    from halley.drivers.tracing import Tracing


def traced(
    runtime: Runtime,
    tracing: Tracing,
    family: Family,
    describe: Callable[[], CallRequest],
    forward: Callable[[httpx2.Request], httpx2.Response],
) -> tuple[Runtime, Callable[[httpx2.Request], httpx2.Response]]:
    """Return runtime and forward of a traced call that begins here and now."""
    trace = tracing.begin(describe, runtime.sink)

    def send(request: httpx2.Request) -> httpx2.Response:
        with trace.sending() as fields:
            return forward(with_fields(family, request, fields))

    return replace(runtime, sink=trace), send


def traced_async(
    runtime: Runtime,
    tracing: Tracing,
    family: Family,
    describe: Callable[[], CallRequest],
    forward: Callable[[httpx2.Request], Awaitable[httpx2.Response]],
) -> tuple[Runtime, Callable[[httpx2.Request], Awaitable[httpx2.Response]]]:
    """`traced` for event loops."""
    trace = tracing.begin(describe, runtime.sink)

    async def send(request: httpx2.Request) -> httpx2.Response:
        with trace.sending() as fields:
            return await forward(with_fields(family, request, fields))

    return replace(runtime, sink=trace), send


def with_fields(
    family: Family, request: httpx2.Request, fields: Mapping[str, str]
) -> httpx2.Request:
    """Return a request with more header fields; the caller's own stays as it was."""
    if not fields:
        return request
    new = copied(family, request)
    new.headers.update(fields)
    return new
