"""The same script gives the same decisions through every driver and binding."""

from __future__ import annotations

import functools

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core.model import Fault, Reply
from halley.core.policy import Policy

from .bindings import EXCEPTIONS, aio, sync, trace, virtual

JSON = {"content-type": "application/json"}
ID = "(request id: 2026062409153045678901AbCdEfGh)"

REPLIES = [
    Reply(200, JSON, b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}]}'),
    Reply(200, JSON, b'{"error":{"message":"busy","type":"server_error","code":null}}'),
    Reply(200, JSON, b'{"choices":null}'),
    Reply(200, {"content-type": "text/html"}, b"<!doctype html><title>CometAPI</title>"),
    Reply(301, {"location": "https://www.cometapi.com/"}, b""),
    Reply(400, JSON, b'{"error":{"message":"model name is required","type":"comet_api_error"}}'),
    Reply(401, JSON, b'{"error":{"message":"invalid token","type":"cometapi_error"}}'),
    Reply(403, JSON, b'{"code":null,"message":"user quota is not enough"}'),
    Reply(429, {**JSON, "retry-after": "3"}, b'{"error":{"message":"slow down"}}'),
    Reply(429, {"retry-after-ms": "644"}, b""),
    Reply(429, {"retry-after": "9999"}, b""),
    Reply(500, JSON, b'{"error":{"message":"x","code":"invalid_request"}}'),
    Reply(503, JSON, b'{"error":{"message":"busy ' + ID.encode() + b'","code":""}}'),
    Reply(503, {**JSON, "x-should-retry": "false"}, b"{}"),
    Reply(503, JSON, b'{"error":{"code":"model_not_found","message":"no available channel"}}'),
    Reply(524, {"server": "cloudflare"}, b"<html>524</html>"),
]
FAULTS = [Fault(kind) for kind in EXCEPTIONS]
OUTCOMES = st.sampled_from(REPLIES + FAULTS)
BINDINGS = ["sync httpx2", "sync httpx", "asyncio httpx2", "asyncio httpx", "trio httpx2"]


def drive(binding: str, script, policy: Policy, seed: int):
    """One script through one binding."""
    colour, name = binding.split()
    if colour == "sync":
        return sync(name, script, policy, seed)
    return anyio.run(functools.partial(aio, name, script, policy, seed), backend=colour)


@pytest.mark.parametrize("binding", BINDINGS)
@pytest.mark.parametrize(
    "outcome",
    REPLIES + FAULTS,
    ids=lambda one: str(one.kind if isinstance(one, Fault) else one.status),
)
def test_each_outcome_is_decided_the_same(binding, outcome):
    """Six times the same outcome: attempts, waits, decisions and stop reasons agree."""
    script = [outcome] * 6
    assert trace(drive(binding, script, Policy(), 7)) == trace(virtual(script, Policy(), 7))


@settings(max_examples=60, deadline=None)
@given(
    script=st.lists(OUTCOMES, min_size=6, max_size=6),
    seed=st.integers(0, 2**16),
    attempts=st.integers(1, 6),
    backoff=st.sampled_from(["documented", "full_jitter", "aws"]),
    by_model=st.booleans(),
)
def test_any_script_is_decided_the_same(*, script, seed, attempts, backoff, by_model):
    """Random scripts and policies, every binding against virtual time.

    Whether the settings are the client's or a section's for the model makes no difference.
    """
    mine = {"attempts": attempts, "backoff": backoff, "deadline_s": 40.0}
    policy = Policy(models={"m": mine}) if by_model else Policy(**mine)
    expected = trace(virtual(script, Policy(**mine), seed))
    for binding in BINDINGS:
        assert trace(drive(binding, script, policy, seed)) == expected, binding
