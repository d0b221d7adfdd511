"""The simulator in virtual time: a core request in, the outcome and how long it took out.

Nothing waits. What a client would have seen after the whole attempt is computed: the reply with the
decoded start of its body, or the fault its transport would have raised.
"""

from __future__ import annotations

import zlib

from halley.core.model import Fault, FaultKind, Outcome, Reply, Request
from halley.simulator import keys
from halley.simulator.behaviour import Simulator
from halley.simulator.model import Ending, SimReply, SimRequest

BODY_BYTES_MAX = 256 << 10
"""What an inspection may see of a body."""

_FAULTS = {
    Ending.RESET_BEFORE: FaultKind.READ,
    Ending.CLOSE_BEFORE: FaultKind.PROTOCOL,
    Ending.CUT: FaultKind.PROTOCOL,
    Ending.STALL: FaultKind.READ_TIMEOUT,
}
"""What httpx makes of each ending: ReadError, RemoteProtocolError, ReadTimeout."""


def answer(
    simulator: Simulator,
    request: Request,
    now: float,
    *,
    key: str = keys.VALID,
    read_timeout_s: float = 600.0,
    body_bytes_max: int = BODY_BYTES_MAX,
) -> tuple[Outcome, float]:
    """What one attempt at `now` ends in, and the seconds it takes.

    Args:
        simulator: What answers.
        request: The request; its body, if it has one, is in memory.
        now: Seconds since `EPOCH_S`, not less than in the call before.
        key: The credential, which a core request does not hold.
        read_timeout_s: Longest silence the client bears, > 0 (600 is the default of the SDKs).
        body_bytes_max: At most this much of the decoded body is kept.
    """
    headers = {"authorization": f"Bearer {key}"} if key else {}
    if request.content_type:
        headers["content-type"] = request.content_type
    path, _, query = request.path.partition("?")
    body = request.body or b""
    reply = simulator.handle(SimRequest(request.method, path, query, headers, body), now)
    return _seen(reply, read_timeout_s, body_bytes_max)


def _seen(reply: SimReply, read_timeout_s: float, body_bytes_max: int) -> tuple[Outcome, float]:
    spent_s = 0.0
    for wait_s in (reply.latency_s, *(chunk.after_s for chunk in reply.chunks)):
        if wait_s > read_timeout_s:
            return Fault(FaultKind.READ_TIMEOUT), spent_s + read_timeout_s
        spent_s += wait_s
    if reply.ending is Ending.STALL:
        spent_s += min(reply.stall_s, read_timeout_s)
    if reply.ending in _FAULTS:
        return Fault(_FAULTS[reply.ending]), spent_s
    body, complete = _decoded(reply, body_bytes_max)
    headers = dict(reversed(reply.headers))
    return Reply(reply.status, headers, body, complete), spent_s


def _decoded(reply: SimReply, bytes_max: int) -> tuple[bytes, bool]:
    """The start of the body as the client would read it, and whether that is all of it."""
    if reply.header("content-encoding") != "gzip":
        body = reply.body
        return body[:bytes_max], len(body) <= bytes_max
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    body = unpacker.decompress(reply.body, bytes_max)
    return body, unpacker.eof
