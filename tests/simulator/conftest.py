"""What the tests of the simulator ask it with: requests as values, no network."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from halley.simulator import SimReply, SimRequest, Simulator, keys

CHAT = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}


class Caller:
    """Sends requests to a simulator, by default a chat completion with a good key."""

    def __init__(self, simulator: Simulator, *, key: str = keys.VALID) -> None:
        self.simulator = simulator
        self.key = key

    def __call__(
        self,
        path: str = "/v1/chat/completions",
        body: object = CHAT,
        *,
        now: float = 0.0,
        call: str = "",
        key: str | None = None,
        speed: float = 1.0,
        **more: object,
    ) -> SimReply:
        """One POST; `more` is added to the JSON body."""
        raw = body if isinstance(body, bytes) else json.dumps({**body, **more}).encode()
        return self.send("POST", path, raw, now=now, call=call, key=key, speed=speed)

    def get(self, path: str, *, now: float = 0.0, key: str | None = None) -> SimReply:
        """One GET."""
        return self.send("GET", path, b"", now=now, key=key)

    def send(
        self,
        method: str,
        path: str,
        body: bytes,
        *,
        now: float = 0.0,
        call: str = "",
        key: str | None = None,
        speed: float = 1.0,
    ) -> SimReply:
        """Any request."""
        key = self.key if key is None else key
        headers = {"content-type": "application/json"}
        headers |= {"authorization": f"Bearer {key}"} if key else {}
        headers |= {"x-halley-call": call} if call else {}
        path, _, query = path.partition("?")
        request = SimRequest(method, path, query, headers, body)
        return self.simulator.handle(request, now, speed=speed)


@pytest.fixture
def caller() -> Callable[..., Caller]:
    """A caller of a new simulator; the arguments are those of `Simulator`."""
    return lambda **options: Caller(Simulator(**options))
