"""What a user has set on a client is still set when it is protected."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any

import pytest

import halley
from halley.simulator import fail, keys, serve

from .kits import MARKS, QUICK, Kit, only, settle, simulator
from .proxy import forward_proxy

pytestmark = MARKS


class Part:
    """A resource of the user's, as the SDKs make theirs."""

    def __init__(self, client: Any) -> None:
        self._client = client


class Seen:
    """Event hooks that keep every request and count the responses."""

    def __init__(self, kit: Kit) -> None:
        self.requests: list[Any] = []
        self.statuses: list[int] = []
        hooks = (self._request, self._response)
        if kit.is_async:
            hooks = (self._arequest, self._aresponse)
        self.hooks = {"request": [hooks[0]], "response": [hooks[1]]}

    def _request(self, request: Any) -> None:
        self.requests.append(request)

    def _response(self, response: Any) -> None:
        self.statuses.append(response.status_code)

    async def _arequest(self, request: Any) -> None:
        self._request(request)

    async def _aresponse(self, response: Any) -> None:
        self._response(response)


async def test_settings_of_the_http_client_are_kept(kit: Kit) -> None:
    """Its headers, cookies, query and hooks; the hooks run once per attempt."""
    seen = Seen(kit)
    own = kit.http_client(
        headers={"x-mine": "1"}, cookies={"a": "b"}, params={"q": "r"}, event_hooks=seen.hooks
    )
    with serve(simulator(fail(503))) as server:
        client = halley.protect(kit.client(server, **kit.on(own)), QUICK)
        await kit.ask(client)
        await settle(own.aclose() if kit.is_async else own.close())
    assert seen.statuses == [503, 200]
    assert [request.headers["x-mine"] for request in seen.requests] == ["1", "1"]
    assert [request.headers["cookie"] for request in seen.requests] == ["a=b", "a=b"]
    assert [request.url.params["q"] for request in seen.requests] == ["r", "r"]


@only("openai", "cometapi", "anthropic")
async def test_settings_of_the_sdk_are_kept(kit: Kit) -> None:
    """Base URL, key, default headers and query, and the timeout."""
    seen = Seen(kit)
    own = kit.http_client(event_hooks=seen.hooks)
    key = "sk-" + "mine" * 8
    with serve(simulator()) as server:
        client = kit.client(
            server,
            key=key,
            default_headers={"x-team": "blue"},
            default_query={"trace": "on"},
            timeout=7.5,
            http_client=own,
        )
        beneath = halley.protect(client, QUICK)
        assert (beneath.base_url, beneath.api_key) == (client.base_url, client.api_key)
        await kit.ask(beneath)
        await kit.close(beneath)
    (request,) = seen.requests
    assert key in (request.headers.get("authorization", "") + request.headers.get("x-api-key", ""))
    assert (request.headers["x-team"], request.url.params["trace"]) == ("blue", "on")
    assert request.extensions["timeout"]["read"] == 7.5


@only("genai")
async def test_settings_of_google_genai_are_kept(kit: Kit) -> None:
    """Headers and timeout of its HttpOptions."""
    seen = Seen(kit)
    own = kit.http_client(event_hooks=seen.hooks)
    with serve(simulator()) as server:
        options = {"headers": {"x-team": "blue"}, "timeout": 7500, **kit.on(own)}
        client = halley.protect(kit.client(server, **options), QUICK)
        await kit.ask(client)
        await settle(own.aclose() if kit.is_async else own.close())
    (request,) = seen.requests
    assert request.headers["x-goog-api-key"] == keys.VALID
    assert request.headers["x-team"] == "blue"
    assert request.extensions["timeout"]["read"] == 7.5


async def test_a_proxy_of_the_environment_is_kept(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's default client finds it there; a fresh client beneath halley would not."""
    with serve(simulator(fail(503))) as server, forward_proxy() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        client = halley.protect(kit.client(server), QUICK)
        assert "Halley" in await kit.ask(client)
        await kit.close(client)
    assert len(proxy.seen) == 2
    assert all(url.startswith(server.url) for url in proxy.seen)


async def test_mounts_are_kept(kit: Kit) -> None:
    """A transport mounted for the host takes its requests, in each attempt."""
    module = import_module(kit.family)
    statuses = [503, 418]
    mounted = module.MockTransport(lambda _request: module.Response(statuses.pop(0), text="mine"))
    own = kit.http_client(mounts={"all://comet.invalid": mounted})
    client = halley.protect(kit.client("http://comet.invalid", **kit.on(own)), QUICK)
    error = await kit.failure(client)
    await settle(own.aclose() if kit.is_async else own.close())
    assert error.response.status_code == 418  # type: ignore[attr-defined]
    assert statuses == []


@only("openai", "anthropic")
async def test_with_options_stays_protected(kit: Kit) -> None:
    """A copy with another timeout still goes through halley."""
    with serve(simulator(fail(503), fail(503))) as server:
        client = halley.protect(kit.client(server), QUICK).with_options(timeout=9)
        assert "Halley" in await kit.ask(client)
        await kit.close(client)
    assert len(server.ledger.calls) == 3


@only("openai", "cometapi", "anthropic")
async def test_a_subclass_keeps_its_class_and_attributes(kit: Kit) -> None:
    """Its constructor is narrower than the SDK's; what it made for the old client moves on."""
    base = type(kit.client("http://127.0.0.1:9"))

    class Narrow(base):  # type: ignore[misc, valid-type]
        def __init__(self, root: str) -> None:
            path = "" if kit.name == "anthropic" else "/v1"
            super().__init__(base_url=f"{root}{path}", api_key=keys.VALID)
            self.label = "mine"
            self.part = Part(self)

        @cached_property
        def beneath(self) -> Any:
            return self._client

    with serve(simulator(fail(503))) as server:
        old = Narrow(server.url)
        assert old.beneath is kit.own_http(old)
        client = halley.protect(old, QUICK)
        assert type(client) is Narrow
        assert client.label == "mine"
        assert client.part._client is client
        assert client.beneath is kit.own_http(client)
        assert "Halley" in await kit.ask(client)
        await kit.close(client)


@only("anthropic")
async def test_middleware_of_anthropic_is_kept(kit: Kit) -> None:
    """It runs once, as the SDK sees one request; beneath it halley sends two."""
    seen: list[str] = []

    def middleware(request: Any, call_next: Any) -> Any:
        seen.append(request.method.upper())
        return call_next(request)

    async def amiddleware(request: Any, call_next: Any) -> Any:
        return await middleware(request, call_next)

    chosen = amiddleware if kit.is_async else middleware
    with serve(simulator(fail(503))) as server:
        client = halley.protect(kit.client(server, middleware=[chosen]), QUICK)
        assert "Halley" in await kit.ask(client)
        await kit.close(client)
    assert seen == ["POST"]
    assert len(server.ledger.calls) == 2


@only("openai")
async def test_an_azure_client_is_kept(kit: Kit) -> None:
    """Its class, deployment, key header and API version."""
    openai, module = import_module("openai"), import_module(kit.family)
    requests: list[Any] = []
    keys: list[str] = []

    def answer(request: Any) -> Any:
        requests.append(request)
        keys.append(request.headers["api-key"])
        return module.Response(503 if len(requests) == 1 else 200, json={"choices": []})

    made = openai.AsyncAzureOpenAI if kit.is_async else openai.AzureOpenAI
    client = made(
        api_key="azure-" + "a" * 32,
        api_version="2025-01-01",
        azure_endpoint="http://comet.invalid",
        azure_deployment="blue",
        http_client=kit.http_client(transport=module.MockTransport(answer)),
    )
    beneath = halley.protect(client, QUICK.override({"attempts": 2}))
    await settle(kit.question(beneath, stream=False))
    await kit.close(beneath)
    assert type(beneath) is made
    assert len(requests) == 2
    assert keys == ["azure-" + "a" * 32] * 2
    for request in requests:
        assert request.url.path == "/openai/deployments/blue/chat/completions"
        assert request.url.params["api-version"] == "2025-01-01"


async def test_a_resource_used_before_is_not_used_again(kit: Kit) -> None:
    """What the old client has cached still leads past halley; the new one has its own."""
    with serve(simulator()) as server:
        old = kit.client(server)
        await kit.ask(old)
        client = halley.protect(old, QUICK.override({"attempts": 2}))
        assert "Halley" in await kit.ask(client)
        own = kit.own_http(client)
        await kit.close(client)
    assert type(own).__name__.startswith("Protected")


async def test_halley_off_gives_the_client_back(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain pass-through: the same object, as it was."""
    monkeypatch.setenv("HALLEY", "off")
    client = kit.client("http://127.0.0.1:9")
    assert halley.protect(client) is client
    await kit.close(client)


async def test_protecting_twice_does_not_stack(kit: Kit) -> None:
    """Without a policy nothing changes, with one it applies: never attempts times attempts."""
    with serve(simulator(fail(503, times=30))) as server:
        client = halley.protect(kit.client(server), QUICK.override({"attempts": 2}))
        assert halley.protect(client) is client
        again = halley.protect(client, QUICK.override({"attempts": 3}))
        await kit.failure(again)
        await kit.close(again)
    assert len(server.ledger.calls) == 3
