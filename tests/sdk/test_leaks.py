"""A gateway that echoes the key in its 401, and one that breaks off: no channel has it.

What a person, a tracker of errors or a pickle makes of the SDK's own exception under halley is
searched for the key, bare, encoded, and in windows of twelve characters.
"""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import quote

import pytest

import halley

from .kits import MARKS, QUICK, Kit, settle

pytestmark = MARKS
KEY = "sk-proj-" + "Zx9" * 16
ONCE = QUICK.override({"attempts": 2})


def echo(kind: str) -> str:
    """The key as gateways have echoed it."""
    coded = base64.b64encode(f"user:{KEY}".encode()).decode()
    return {"bare": KEY, "cut": KEY[:30], "escaped": json.dumps(KEY), "packed": coded}[kind]


class Echo:
    """Answers 401 with the key in body and headers, or breaks off."""

    def __init__(self, module: Any, kind: str) -> None:
        self.module = module
        self.kind = kind

    def __call__(self, request: Any) -> Any:
        if self.kind == "fault":
            raise self.module.ReadError("broken")
        said = f"Incorrect API key provided: {echo(self.kind)}"
        error = {"message": said, "type": "invalid_request_error", "code": "invalid_api_key"}
        headers = {"x-echo": echo(self.kind)}
        return self.module.Response(401, json={"error": error}, headers=headers, request=request)


def client_of(kit: Kit, kind: str, *, protected: bool) -> Any:
    """The SDK's client above such a gateway."""
    module = import_module(kit.family)
    transport = module.MockTransport(Echo(module, kind))
    inner = (module.AsyncClient if kit.is_async else module.Client)(transport=transport)
    client = kit.client("http://gateway.test", key=KEY, **kit.on(inner))
    return halley.protect(client, ONCE) if protected else client


def channels(error: BaseException, client: Any) -> Iterator[tuple[str, str]]:
    """Everything that shows the error, its causes, its requests, and the client."""
    chain: list[Any] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for one in chain:
        name = type(one).__name__
        yield f"str {name}", str(one)
        yield f"repr {name}", repr(one)
        yield f"vars {name}", repr(vars(one))
        yield f"body {name}", repr(getattr(one, "body", None)) + repr(getattr(one, "details", None))
        yield f"pickle {name}", pickled(one)
        response = getattr(one, "response", None)
        yield f"response {name}", repr(vars(response)) if hasattr(response, "headers") else ""
        for request in requests(one):
            yield f"request {name}", f"{dict(request.headers)} {request.url} {pickled(request)}"
    yield "traceback", "".join(traceback.format_exception(error))
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    yield "locals", "".join(line for line in whole.format() if "tests/sdk" not in line)
    yield "client", repr(client) + repr(vars(client))


def requests(error: Any) -> Iterator[Any]:
    """The requests that hang on an error."""
    for holder in (error, getattr(error, "response", None)):
        try:
            request = holder.request
        except (AttributeError, RuntimeError):
            continue
        if hasattr(request, "headers"):
            yield request


def pickled(value: object) -> str:
    """The pickle; an object that cannot be pickled shows nothing by it."""
    try:
        return pickle.dumps(value).decode("latin-1")
    except Exception:  # noqa: BLE001 - of any kind
        return ""


def forms() -> set[str]:
    """The key in windows, and as it could be encoded."""
    coded = {base64.b64encode(b"x" * n + KEY.encode())[4:-4].decode() for n in range(3)}
    windows = {KEY[at : at + 12] for at in range(8, len(KEY) - 11)}
    return windows | coded | {quote(KEY), KEY.encode().hex(), KEY[::-1]}


def leaks(error: BaseException, client: Any) -> list[str]:
    """The channels that carry the key."""
    searched = forms()
    return [n for n, text in channels(error, client) if any(form in text for form in searched)]


@pytest.mark.parametrize("kind", ["bare", "cut", "escaped", "packed", "fault"])
async def test_no_channel_of_a_protected_clients_error_has_the_key(kit: Kit, kind: str):
    """Whole, cut, escaped, in base64; and when there was no answer at all."""
    client = client_of(kit, kind, protected=True)
    error = await kit.failure(client)
    assert leaks(error, client) == []
    assert halley.history(error) is not None
    await kit.close(client)


async def test_the_search_finds_the_key_without_halley(kit: Kit):
    """A test that cannot fail proves nothing: most channels of the bare SDK carry it."""
    client = client_of(kit, "bare", protected=False)
    error = await kit.failure(client)
    assert len(leaks(error, client)) >= 5
    await kit.close(client)


async def test_the_key_is_still_sent(kit: Kit):
    """Hidden from who looks, not from the server."""
    module = import_module(kit.family)
    seen = []

    def answer(request: Any) -> Any:
        seen.append(f"{request.url} {dict(request.headers)}")
        return module.Response(401, json={"error": {"message": "no"}})

    inner = (module.AsyncClient if kit.is_async else module.Client)(
        transport=module.MockTransport(answer)
    )
    client = halley.protect(kit.client("http://gateway.test", key=KEY, **kit.on(inner)), ONCE)
    await kit.failure(client)
    await kit.failure(client)
    assert len(seen) == 2
    assert all(KEY in text for text in seen)
    await settle(kit.close(client))


async def test_nor_does_the_client_show_a_key_that_it_adds_to_every_request(kit: Kit):
    """A gateway's second key among the default headers or parameters; both are still sent."""
    module = import_module(kit.family)
    seen = []

    def answer(request: Any) -> Any:
        seen.append(f"{request.url} {dict(request.headers)}")
        return module.Response(401, json={"error": {"message": "no"}})

    inner = (module.AsyncClient if kit.is_async else module.Client)(
        transport=module.MockTransport(answer)
    )
    fields: dict[str, Any] = {"headers": {"x-portkey-api-key": KEY, "x-team": "blue"}}
    if kit.stainless:
        headers = fields.pop("headers")
        fields = {"default_headers": headers, "default_query": {"key": KEY[::-1], "team": "blue"}}
    own = kit.client("http://gateway.test", **kit.on(inner), **fields)
    client = halley.protect(own, ONCE)
    shown = repr(vars(client) if kit.stainless else client._api_client._http_options.headers)
    assert "blue" in shown
    assert KEY not in shown
    assert KEY[::-1] not in shown
    await kit.failure(client)
    assert KEY in seen[0]
    assert (KEY[::-1] in seen[0]) is kit.stainless
    await settle(kit.close(client))
