"""Clients that share a pacer, over an upstream in the same process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx2

from halley.compose import runtime
from halley.core.pace import Lane
from halley.core.policy import Policy
from halley.transport.family import family
from halley.transport.sync import Transport

KEY = "sk-" + "shared" * 6
ORIGIN = "https://upstream.test"
MODEL = "gpt-of-the-test"
PATH = "/v1/chat/completions"
HEADERS = {"authorization": f"Bearer {KEY}"}
BODY = {"model": MODEL, "messages": []}
OK = (200, {}, b'{"choices":[{"finish_reason":"stop","message":{"content":"x"}}]}')
REFUSED = (429, {}, b'{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}')

Answer = tuple[int, dict[str, str], bytes]


class Client:
    """A client of its own, as another process would have one."""

    def __init__(
        self,
        url: str,
        upstream: Callable[[], Answer] = lambda: OK,
        origin: str = ORIGIN,
        **policy: object,
    ) -> None:
        self.runtime = runtime(Policy(**{"pacer": url, **policy}))
        transport = Transport(self.runtime, family("httpx2"), self._forward, lambda: None)
        self._upstream = upstream
        self._client = httpx2.Client(transport=transport, headers=HEADERS, base_url=origin)
        self.answered = 0

    def _forward(self, _request: httpx2.Request) -> httpx2.Response:
        status, headers, body = self._upstream()
        headers = {"content-type": "application/json", **headers}
        return httpx2.Response(status, headers=headers, content=body)

    def post(self) -> int:
        """Make a call; return its status."""
        status = self._client.post(PATH, json=BODY).status_code
        self.answered += status == 200
        return status

    @property
    def lane(self) -> Lane:
        """The only lane."""
        (lane,) = self.runtime.engine.lanes.open.values()
        return lane

    def close(self) -> None:
        self._client.close()


class Busy:
    """Keeps callers waiting in a client's queue, until the end of a block."""

    def __init__(self, client: Client, callers: int = 4) -> None:
        self._client = client
        self._ends = threading.Event()
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]

    def _call(self) -> None:
        while not self._ends.is_set():
            self._client.post()

    def __enter__(self) -> Client:
        for thread in self._threads:
            thread.start()
        return self._client

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for thread in self._threads:
            thread.join()


def eventually(holds: Callable[[], bool], within_s: float = 10.0) -> bool:
    """Ask again and again."""
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def exchanging() -> bool:
    """Whether any client of this process talks to a store."""
    return any(thread.name == "halley-pacer" for thread in threading.enumerate())
