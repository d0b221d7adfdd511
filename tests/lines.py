"""The live side under one interface: both HTTP families, in threads, under asyncio and under trio.

A test asks a `Line` for a client above a scripted upstream and calls it with blocking methods; an
async client runs in a loop of its own behind them. The upstream knows which bodies are still open.
"""

from __future__ import annotations

import gc
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

from anyio.from_thread import start_blocking_portal

from halley.core.pace import Lane
from halley.core.policy import Policy

LINES = (
    "httpx2-threads",
    "httpx2-asyncio",
    "httpx2-trio",
    "httpx-threads",
    "httpx-asyncio",
    "httpx-trio",
)
CHAT = "https://api.cometapi.com/v1/chat/completions"
ASK = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
ANSWER = (
    b'{"choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"total_tokens":7}}'
)
EVENTS = (
    b'data: {"choices":[{"index":0,"delta":{"content":"Hal"}}]}\n\n',
    b'data: {"choices":[{"index":0,"delta":{"content":"ley"},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"total_tokens":9}}\n\n',
    b"data: [DONE]\n\n",
)
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
QUICK = Policy(backoff="full_jitter", backoff_base_s=0.001)


@dataclass
class Answer:
    """What the upstream does with one request: raise, or send a head, chunks, and end or break off.

    Attributes:
        error: Name of an exception class of the family; raised at once, or after `chunks` if any.
        before: Called when the request arrives.
    """

    status: int = 200
    chunks: Iterable[bytes] = (ANSWER,)
    headers: dict[str, str] | list[tuple[Any, Any]] = field(default_factory=lambda: dict(JSON))
    error: str = ""
    before: Callable[[], object] = lambda: None


def failing(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    """A JSON error; underscores in header names stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, (body,), {**JSON, **named})


def fault(name: str) -> Answer:
    """An exception instead of an answer."""
    return Answer(error=name, chunks=())


def stream(*chunks: bytes, error: str = "") -> Answer:
    """Server-sent events."""
    return Answer(200, chunks or EVENTS, dict(SSE), error)


@dataclass(frozen=True)
class Sent:
    """A request as it reached the upstream."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    timeouts: dict[str, float | None]


class Upstream:
    """A transport that plays answers in order, the last one for ever, and counts what is open."""

    def __init__(self, module: Any, answers: Iterable[Answer]) -> None:
        self.module = module
        self.answers = list(answers)
        self.sent: list[Sent] = []
        self.raised: list[Exception] = []
        self.open = 0
        self.entered = 0
        self.left = 0
        self.closed = 0
        self.transport = _transport(self)

    def answer(self, request: Any, body: bytes) -> Any:
        """Play the next answer."""
        timeouts = dict(request.extensions.get("timeout") or {})
        self.sent.append(
            Sent(request.method, str(request.url), dict(request.headers), body, timeouts)
        )
        played = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        played.before()
        if played.error and not played.chunks:
            raise self.error(played.error)
        self.open += 1
        body_stream = _body(self, played)
        return self.module.Response(played.status, headers=played.headers, stream=body_stream)

    def error(self, name: str) -> Exception:
        """An exception of the family, kept so that a test can ask for its identity."""
        self.raised.append(getattr(self.module, name)("played"))
        return self.raised[-1]


def _transport(upstream: Upstream) -> Any:
    module = upstream.module

    class Scripted(module.BaseTransport, module.AsyncBaseTransport):
        def handle_request(self, request: Any) -> Any:
            refused = upstream.answers[0].error in NOT_SENT
            return upstream.answer(request, b"" if refused else b"".join(request.stream))

        async def handle_async_request(self, request: Any) -> Any:
            refused = upstream.answers[0].error in NOT_SENT
            body = b"" if refused else b"".join([chunk async for chunk in request.stream])
            return upstream.answer(request, body)

        def __enter__(self) -> Self:
            upstream.entered += 1
            return self

        def __exit__(self, *error: object) -> None:
            upstream.left += 1
            self.close()

        async def __aenter__(self) -> Self:
            return self.__enter__()

        async def __aexit__(self, *error: object) -> None:
            self.__exit__(*error)

        def close(self) -> None:
            upstream.closed += 1

        async def aclose(self) -> None:
            self.close()

    return Scripted()


NOT_SENT = ("ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError")
"""Faults after which the body of the request is untouched."""


def _body(upstream: Upstream, played: Answer) -> Any:
    module = upstream.module

    class Body(module.SyncByteStream, module.AsyncByteStream):
        begun = closed = False

        def __iter__(self) -> Iterator[bytes]:
            assert not self.begun, "a body comes off the wire once"
            self.begun = True
            yield from played.chunks
            if played.error:
                raise upstream.error(played.error)

        async def __aiter__(self):
            for chunk in self:
                yield chunk

        def close(self) -> None:
            upstream.open -= not self.closed
            self.closed = True

        async def aclose(self) -> None:
            self.close()

    return Body()


class Opened:
    """A response whose body is still on the wire."""

    def __init__(self, caller: Caller, response: Any) -> None:
        self.response = response
        self._caller = caller
        chunks = "aiter_raw" if caller.line.is_async else "iter_raw"
        self._chunks: Any = getattr(response, chunks)()

    def next(self) -> bytes | None:
        """The next chunk; None at the end."""
        if not self._caller.line.is_async:
            return next(self._chunks, None)
        return self._caller.do(anext, self._chunks, None)

    def rest(self) -> list[bytes]:
        """The chunks up to the end."""
        return list(iter(self.next, None))

    def close(self) -> None:
        """Close the response, and as trio wants it the iteration."""
        if self._caller.line.is_async:
            self._caller.do(self._chunks.aclose)
            self._caller.do(self.response.aclose)
        else:
            self.response.close()


class Caller:
    """A client of halley's, called with blocking methods."""

    def __init__(self, line: Line, client: Any, upstream: Upstream) -> None:
        self.line = line
        self.client = client
        self.upstream = upstream
        self.sent = upstream.sent

    def do(self, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Call a function in the loop of the client, and wait for its result."""
        return self.line.do(partial(function, *args, **options))

    def post(self, url: str = CHAT, **options: Any) -> Any:
        """One POST, a small chat completion unless the options say otherwise, read to its end."""
        body = {} if options.keys() & {"content", "files", "data"} else {"json": ASK}
        return self.do(self.client.post, url, **{**body, **options})

    def get(self, url: str = CHAT, **options: Any) -> Any:
        """One GET, read to its end."""
        return self.do(self.client.get, url, **options)

    def open(self, url: str = CHAT, **options: Any) -> Opened:
        """One POST whose answer is left on the wire."""
        request = self.client.build_request("POST", url, **{"json": ASK, **options})
        return Opened(self, self.do(self.client.send, request, stream=True))

    def close(self) -> None:
        """Close the client."""
        self.do(self.client.aclose if self.line.is_async else self.client.close)

    @property
    def lanes(self) -> list[Lane]:
        """The lanes of the client."""
        return list(self.client._transport._runtime.engine.lanes._lanes.values())

    @property
    def idle(self) -> bool:
        """No permit is out, nobody waits for one, and no body of the upstream is open."""
        gc.collect()
        queued = any(lane.in_flight or lane.queued for lane in self.lanes)
        return not queued and not self.upstream.open


class Line:
    """One HTTP family in one colour."""

    def __init__(self, family: str, colour: str) -> None:
        self.family = family
        self.colour = colour
        self.is_async = colour != "threads"
        self.module: Any = importlib.import_module(family)
        home = importlib.import_module("halley" if family == "httpx2" else "halley.httpx")
        self.kind: Any = home.AsyncClient if self.is_async else home.Client
        self._callers: list[Caller] = []
        self._stack = ExitStack()
        self._portal: Any = None

    def __enter__(self) -> Self:
        if self.is_async:
            self._portal = self._stack.enter_context(start_blocking_portal(self.colour))
        return self

    def __exit__(self, *error: object) -> None:
        for caller in self._callers:
            caller.close()
        self._stack.close()

    def do(self, function: Callable[[], Any]) -> Any:
        """Call a function where clients of this line live."""
        if self._portal is None:
            return function()

        async def call() -> Any:
            value = function()
            return await value if inspect.isawaitable(value) else value

        return self._portal.call(call)

    def client(self, *answers: Answer, policy: Any = QUICK, **options: Any) -> Caller:
        """A client of halley's above a scripted upstream."""
        upstream = Upstream(self.module, answers or (Answer(),))
        options.setdefault("transport", upstream.transport)
        caller = Caller(self, self.do(partial(self.kind, policy=policy, **options)), upstream)
        self._callers.append(caller)
        return caller

    def error(self, name: str) -> type[Exception]:
        """An exception class of the family."""
        return getattr(self.module, name)
