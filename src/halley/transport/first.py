"""How a call begins, up to its first send and what that brought; the same in both colours.

A first send that needs nobody's leave takes no step of the engine. A plain success ends the call at
once, and most calls are that. Anything else is a `First`: the wire then shows it to the engine as
if it had been sent when the engine asked. So is the answer to a request that may not be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from halley.core.engine import HTTP_OK
from halley.core.model import Request
from halley.core.policy import Policy, Validate
from halley.drivers.session import Runtime, Session, record
from halley.policy.options import effective
from halley.transport.exchange import Fields, marked
from halley.transport.family import Family
from halley.transport.request import answered, content_length, described

if TYPE_CHECKING:
    import httpx2

LENGTH_DIGITS_MAX = 5
STREAM = b'"stream"'
"""In the body of a request that asks for an event stream."""

Describe: TypeAlias = Callable[[], Request]


class First(NamedTuple):
    """What a first send brought that was no plain success, for the engine to decide about.

    `body` is what was read of the response, all of it, or None where nothing was read.
    """

    response: httpx2.Response | None = None
    error: Exception | None = None
    body: bytes | None = None


def in_memory(request: httpx2.Request, family: Family) -> bool:
    """Say whether the body of a request is in memory, so that it can be sent again."""
    try:
        request.content  # noqa: B018 - asks whether it is
    except family.not_read:
        return False
    return True


def is_small(request: httpx2.Request, bytes_max: int) -> bool:
    """Say whether the body of a request is announced as one that can be had in memory."""
    size = content_length(request)
    return size is not None and size <= bytes_max


def begun(
    runtime: Runtime, request: httpx2.Request, policy: Policy, *, replayable: bool
) -> tuple[Describe, Policy, float, bool]:
    """Begin a call: return its description and policy, when, and whether it needs no leave."""
    started = runtime.clock.now()
    with runtime.lock:
        free = runtime.engine.begin(started)
    if runtime.left:
        runtime.settle()
    describe = partial(described, request, replayable=replayable)
    if policy.models:
        policy = effective(runtime.policy, describe)
    return describe, policy, started, free


def refused(
    family: Family, request: httpx2.Request, describe: Describe, mode: Validate
) -> First | None:
    """Return the answer to a request that may not be sent; None: send it."""
    from halley.checks.refusal import refusal  # noqa: PLC0415 - for those who ask for it alone

    said = refusal(describe(), mode)
    return None if said is None else First(answered(family, said, request))


def is_plain(
    request: httpx2.Request, response: httpx2.Response, fields: Fields, family: Family
) -> bool:
    """Say whether a response is JSON as it stands, of less than 100,000 bytes, as it was asked."""
    try:
        asked = request.content
    except family.not_read:
        asked = b""
    raw = fields.raw
    return (
        response.status_code == HTTP_OK
        and b"content-encoding" not in raw
        and 0 < len(raw.get(b"content-length", b"")) <= LENGTH_DIGITS_MAX
        and raw.get(b"content-type", b"").startswith(b"application/json")
        and STREAM not in asked
    )


def delivered(
    runtime: Runtime,
    family: Family,
    describe: Describe,
    response: httpx2.Response,
    *,
    fields: Fields,
    body: bytes,
    elapsed_s: float,
) -> httpx2.Response | First:
    """Hand over a plain success with its history, and its body back; return all else to decide."""
    delivery = runtime.engine.healthy(fields, body, elapsed_s)
    if delivery is None:
        return First(response, body=body)
    record(runtime, describe, delivery.history, body)
    for name, value in delivery.headers:
        response.headers[name] = value
    response.extensions["halley"] = delivery.history
    response.stream = family.byte_stream(body)
    return response


def interrupted(session: Session, error: BaseException) -> None:
    """End a call whose first send was interrupted; the history so far goes on the exception."""
    if (history := session.cancel()) is not None:
        marked(error, history)
