"""A bare httpx2 or httpx client beneath `protect`: the same client, with another `send`."""

from __future__ import annotations

import gc
import gzip
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import httpx2
import pytest

import halley
from halley.core.model import StopReason
from halley.core.policy import Policy

from .upstreams import Upstream, settle

pytestmark = pytest.mark.anyio

QUICK = Policy(backoff="full_jitter", backoff_base_s=0.001)
URL = "http://a.test/v1/x"


class Case:
    """One family in one colour."""

    def __init__(self, module: Any, *, is_async: bool) -> None:
        self.module, self.is_async = module, is_async
        self.base = module.AsyncClient if is_async else module.Client

    def __str__(self) -> str:
        return f"{self.module.__name__}-{'async' if self.is_async else 'sync'}"

    def on(self, upstream: Upstream, base: Any = None, **options: Any) -> Any:
        """A client of the user's that leads to an upstream."""
        return (base or self.base)(transport=upstream.transport(), **options)

    def hook(self, function: Any) -> Any:
        """A function as an event hook of this colour."""

        async def ahook(value: Any) -> None:
            await settle(function(value))

        return ahook if self.is_async else function


CASES = [Case(m, is_async=colour) for m in (httpx2, httpx) for colour in (False, True)]


@pytest.fixture
def anyio_backend() -> str:
    """One loop: other loops are the drivers' affair."""
    return "asyncio"


@pytest.fixture(params=CASES, ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    """One family in one colour."""
    return request.param


async def test_a_call_is_retried(case: Case) -> None:
    """And what comes back is a plain response, read and timed."""
    upstream = Upstream(case.module, 503, 200)
    client = halley.protect(case.on(upstream), QUICK)
    response = await settle(client.post(URL, json={"a": 1}))
    history = halley.history(response)
    assert response.json() == {"ok": True}
    assert response.elapsed.total_seconds() > 0
    assert response.request.method == "POST"
    assert history is not None
    assert [a.status for a in history.attempts] == [503, 200]


async def test_a_fault_is_raised_as_it_came(case: Case) -> None:
    """The very exception of the last attempt, with the history on it."""
    last = case.module.ReadError("cut")
    upstream = Upstream(case.module, case.module.ConnectError("refused"), last)
    client = halley.protect(case.on(upstream), QUICK.override({"attempts": 2}))
    with pytest.raises(case.module.ReadError) as caught:
        await settle(client.get(URL))
    history = halley.history(caught.value)
    assert caught.value is last
    assert history is not None
    assert [a.fault for a in history.attempts] == ["connect", "read"]


async def test_everything_a_request_is_built_from_is_kept(case: Case) -> None:
    """Base URL, headers, query, cookies and timeout; a header taken away stays away."""
    upstream = Upstream(case.module, 200)
    own = case.on(
        upstream,
        base_url="http://a.test/v1",
        headers={"x-mine": "1"},
        params={"q": "r"},
        cookies={"a": "b"},
        timeout=3.5,
    )
    del own.headers["user-agent"]
    await settle(halley.protect(own).get("/x"))
    (request,) = upstream.requests
    assert request["url"] == "http://a.test/v1/x?q=r"
    assert request["headers"]["x-mine"] == "1"
    assert request["headers"]["cookie"] == "a=b"
    assert "user-agent" not in request["headers"]
    assert request["timeout"] == dict.fromkeys(("connect", "read", "write", "pool"), 3.5)


async def test_settings_changed_later_count_for_both(case: Case) -> None:
    """The two are one client: headers, cookies a server sets, hooks, and being closed."""
    upstream = Upstream(
        case.module, case.module.Response(200, headers={"set-cookie": "seen=1"}), 200, 200
    )
    own, sent = case.on(upstream), []
    client = halley.protect(own, QUICK)
    client.headers["x-late"] = "1"
    client.event_hooks = {"request": [case.hook(lambda request: sent.append(request.method))]}
    for each in (client, client, own):
        await settle(each.get(URL))
    assert [request["headers"].get("cookie") for request in upstream.requests] == [
        None,
        "seen=1",
        "seen=1",
    ]
    assert upstream.requests[2]["headers"]["x-late"] == "1"
    assert sent == ["GET", "GET", "GET"]
    await settle(client.aclose() if case.is_async else client.close())
    assert own.is_closed


async def test_a_request_built_by_hand_has_the_timeouts_of_the_client(case: Case) -> None:
    """And not the deadline of the call in their place."""
    upstream = Upstream(case.module, 200)
    client = halley.protect(case.on(upstream, timeout=2.5), QUICK)
    await settle(client.send(case.module.Request("GET", URL)))
    assert upstream.requests[0]["timeout"]["read"] == 2.5


async def test_hooks_run_once_per_attempt(case: Case) -> None:
    """Those of the request and those of the response."""
    seen: list[Any] = []
    hooks = {
        "request": [case.hook(lambda request: seen.append(request.method))],
        "response": [case.hook(lambda response: seen.append(response.status_code))],
    }
    upstream = Upstream(case.module, 503, 200)
    await settle(halley.protect(case.on(upstream, event_hooks=hooks), QUICK).get(URL))
    assert seen == ["GET", 503, "GET", 200]


@pytest.mark.parametrize("encoding", ["", "gzip"])
async def test_a_hook_may_read_the_body(case: Case, encoding: str) -> None:
    """The wire gives it once. It is decided on all the same, and is still there for the caller."""
    final = b'{"error":{"code":"invalid_request","message":"no","type":"comet_api_error"}}'
    raw = gzip.compress(final) if encoding else final

    async def aonce() -> AsyncIterator[bytes]:
        yield raw

    def read(response: Any) -> Any:
        return response.aread() if case.is_async else response.read()

    content = aonce() if case.is_async else iter([raw])
    head = {"content-type": "application/json", "content-encoding": encoding}
    upstream = Upstream(case.module, case.module.Response(500, headers=head, content=content), 200)
    own = case.on(upstream, event_hooks={"response": [case.hook(read)]})
    response = await settle(halley.protect(own, QUICK).get(URL))
    assert response.status_code == 500
    assert response.content == final
    assert len(upstream.requests) == 1


async def test_auth_runs_once_per_attempt(case: Case) -> None:
    """A signature is as fresh as the attempt that carries it."""

    class Signature(case.module.Auth):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            self.count = 0

        def auth_flow(self, request: Any) -> Iterator[Any]:
            self.count += 1
            request.headers["authorization"] = f"Signature {self.count}"
            yield request

    upstream = Upstream(case.module, 503, 200, 503, 200)
    client = halley.protect(case.on(upstream, auth=Signature()), QUICK)
    await settle(client.get(URL))
    await settle(client.get(URL, auth=("me", "secret")))
    sent = [request["headers"]["authorization"] for request in upstream.requests]
    assert sent[:2] == ["Signature 1", "Signature 2"]
    assert sent[2] == sent[3]
    assert sent[2].startswith("Basic ")


async def test_auth_that_answers_a_challenge_still_does(case: Case) -> None:
    """The 401 of a digest flow belongs to the flow, not to halley."""
    challenge = {"www-authenticate": 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'}
    upstream = Upstream(case.module, case.module.Response(401, headers=challenge), 503, 200)
    auth = case.module.DigestAuth("me", "secret")
    response = await settle(halley.protect(case.on(upstream, auth=auth), QUICK).get(URL))
    assert response.status_code == 200
    assert upstream.requests[2]["headers"]["authorization"].startswith("Digest ")


async def test_a_redirect_is_not_followed(case: Case) -> None:
    """Not even by a client that is set to; and nothing is left that leads on."""
    moved = case.module.Response(301, headers={"location": "/elsewhere"})
    upstream = Upstream(case.module, moved, 200)
    client = halley.protect(case.on(upstream, follow_redirects=True), QUICK)
    response = await settle(client.post(URL))
    assert response.status_code == 301
    assert "location" not in response.headers
    assert response.next_request is None
    assert len(upstream.requests) == 1


async def test_an_echoed_key_is_masked_and_the_response_stays_whole(case: Case) -> None:
    """Body and text; request, encoding and history are still there."""
    key = "sk-" + "a1" * 16
    echo = case.module.Response(401, text=f"no such key: {key}", headers={"x-key": key})
    upstream = Upstream(case.module, echo)
    client = halley.protect(
        case.on(upstream, headers={"authorization": f"Bearer {key}"}, default_encoding="latin-1")
    )
    response = await settle(client.get(URL))
    assert response.text == "no such key: " + "*" * len(key)
    assert response.headers["x-key"] == "*" * len(key)
    assert response.request.method == "GET"
    assert response.default_encoding == "latin-1"
    assert halley.history(response) is not None


async def test_a_subclass_keeps_its_class_and_its_methods(case: Case) -> None:
    """Its own `send` runs once per attempt, as hooks do; its helpers go through halley."""
    sends: list[str] = []

    class Sync(case.module.Client):  # type: ignore[misc, name-defined]
        def send(self, request: Any, **options: Any) -> Any:
            sends.append(request.method)
            return super().send(request, **options)

        def comet(self) -> Any:
            return self.get(URL)

    class Async(case.module.AsyncClient):  # type: ignore[misc, name-defined]
        async def send(self, request: Any, **options: Any) -> Any:
            sends.append(request.method)
            return await super().send(request, **options)

        async def comet(self) -> Any:
            return await self.get(URL)

    upstream = Upstream(case.module, 503, 200)
    own = case.on(upstream, Async if case.is_async else Sync)
    client = halley.protect(own, QUICK)
    assert isinstance(client, type(own))
    assert (await settle(client.comet())).status_code == 200
    assert sends == ["GET", "GET"]


async def test_a_body_that_cannot_be_sent_again_is_not(case: Case) -> None:
    """A generator that was partly sent: one attempt, and the record says why."""

    def parts() -> Iterator[bytes]:
        yield b"once"

    async def aparts() -> Any:
        yield b"once"

    upstream = Upstream(case.module, 503, 200)
    client = halley.protect(case.on(upstream), QUICK)
    response = await settle(client.post(URL, content=aparts() if case.is_async else parts()))
    history = halley.history(response)
    assert response.status_code == 503
    assert len(upstream.requests) == 1
    assert history is not None
    assert history.stop_reason is StopReason.NOT_REPLAYABLE


async def test_a_stream_is_delivered_as_it_comes(case: Case) -> None:
    """`client.stream(...)`: not read for the user, whole when they read it, and closed after."""
    head = {"content-type": "text/event-stream"}
    events = case.module.Response(200, headers=head, content=b"data: 1\n\ndata: [DONE]\n\n")
    upstream = Upstream(case.module, 503, events)
    client = halley.protect(case.on(upstream), QUICK)
    if case.is_async:
        async with client.stream("GET", URL) as response:
            body = b"".join([chunk async for chunk in response.aiter_bytes()])
    else:
        with client.stream("GET", URL) as response:
            body = b"".join(response.iter_bytes())
    assert body == b"data: 1\n\ndata: [DONE]\n\n"
    assert response.is_closed


async def test_a_client_is_collected_without_closing_the_other(case: Case) -> None:
    """SDKs' clients close themselves when they are collected."""

    class Closing(case.base):  # type: ignore[misc, name-defined]
        def __del__(self) -> None:
            closed.append(self)

    closed: list[Any] = []
    own = case.on(Upstream(case.module, 200), Closing)
    client = halley.protect(own)
    del client
    gc.collect()
    assert closed == []
    client = halley.protect(own)
    del own
    gc.collect()
    assert closed == []
    assert (await settle(client.get(URL))).status_code == 200


async def test_another_policy_takes_the_place_of_the_first(case: Case) -> None:
    """Protecting again without one changes nothing."""
    upstream = Upstream(case.module, *[503] * 9)
    client = halley.protect(case.on(upstream), QUICK.override({"attempts": 2}))
    assert halley.protect(client) is client
    again = halley.protect(client, QUICK.override({"attempts": 3}))
    await settle(again.get(URL))
    assert len(upstream.requests) == 3
