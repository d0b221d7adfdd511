"""Small worlds for engine tests: outcomes in a list, calls in virtual time, traces to compare."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from halley.compose import runtime
from halley.core.model import Fault, FaultKind, Headers, Outcome, Reply, Request
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.virtual import Call, VirtualClock, VirtualTime

JSON = {"content-type": "application/json"}
ANSWER = b'{"id":"1","choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'
CHAT = Request("POST", "https://api.cometapi.com", "/v1/chat/completions", b'{"model":"m"}')
VIDEO = Request("POST", "https://api.cometapi.com", "/v1/videos", b'{"model":"sora-2"}')
POLL = Request("GET", "https://api.cometapi.com", "/v1/videos/task_1", b"")

OK = Reply(200, JSON, ANSWER)
LOST = Fault(FaultKind.READ)
REFUSED_CONNECTION = Fault(FaultKind.CONNECT)


def error(status: int, headers: Headers | None = None, **fields: object) -> Reply:
    """A JSON error reply."""
    body = json.dumps({"error": {"message": "", "type": "comet_api_error", "code": "", **fields}})
    return Reply(status, {**JSON, **(headers or {})}, body.encode())


def world(
    upstream: Iterable[Outcome] | Callable[[Request, float], tuple[Outcome, float]],
    policy: Policy | None = None,
    *,
    seed: int = 0,
    took_s: float = 0.0,
) -> VirtualTime:
    """Calls in virtual time against a function, or outcomes in order, each `took_s` long."""
    run = runtime(policy or Policy(), clock=VirtualClock(), chance=Chance(seed))
    if callable(upstream):
        return VirtualTime(run, upstream)
    outcomes = iter(upstream)
    return VirtualTime(run, lambda _request, _now: (next(outcomes), took_s))


def one(
    *outcomes: Outcome,
    policy: Policy | None = None,
    request: Request = CHAT,
    seed: int = 0,
    took_s: float = 0.0,
) -> Call:
    """One call against outcomes in order, driven to its end."""
    virtual = world(outcomes, policy, seed=seed, took_s=took_s)
    call = virtual.call(request)
    virtual.run()
    return call


def trace(call: Call) -> list[str]:
    """The attempts of a call, a short line each: what came, what was decided, what was waited."""
    assert call.history is not None
    lines = []
    for attempt in call.history.attempts:
        came = attempt.status if attempt.status is not None else attempt.fault
        kind = f" {attempt.failure.kind}" if attempt.failure else ""
        wait = f" wait {attempt.wait_s:.2f}" if attempt.wait_s else ""
        stop = f" stop {attempt.stop_reason}" if attempt.stop_reason else ""
        lines.append(f"{attempt.number}: {came}{kind} -> {attempt.action}{wait}{stop}")
    return lines
