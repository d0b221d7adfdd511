"""The SDKs that are installed here, each in both colours, behind one interface for the tests.

A kit knows how to make its SDK's client and how to ask it one question. Tests are coroutines, and
`settle` awaits what an async client returns and passes on what a sync client did.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from halley.core.policy import Policy
from halley.simulator import Profile, Server, Simulator, Step, keys, script
from halley.simulator.latency import Latency

QUICK = Policy(backoff="full_jitter", backoff_base_s=0.01)
CALM = Profile("quick", "no faults, and answers at once", latency=Latency(0.001, 0.0, 0.0, 0.02))
MARKS = [
    pytest.mark.anyio,
    # google-genai defines such a class when its async half, not protected, uses aiohttp
    pytest.mark.filterwarnings("ignore:Inheritance class Aiohttp:DeprecationWarning"),
]
QUESTION = "Which comet comes back?"


def simulator(*steps: Step) -> Simulator:
    """A service that does what the steps say, then answers everything."""
    return Simulator(profile=CALM, script=script(*steps))


async def settle(value: Any) -> Any:
    """What a call returned, in either colour."""
    return await value if inspect.isawaitable(value) else value


async def listed(chunks: Any) -> list[Any]:
    """What a stream carries, in either colour."""
    if hasattr(chunks, "__aiter__"):
        return [chunk async for chunk in chunks]
    return list(chunks)


@dataclass(frozen=True)
class Kit:
    """One SDK in one colour.

    Attributes:
        name: Import name of the SDK.
        make: (server's root URL, key, options of the constructor) -> client.
        question: Sends one question, streamed or not.
        text: Reads the answer; of a stream, each chunk.
        stainless: The client is made by Stainless: `with_options`, `max_retries`, `request_id`.
        family: The HTTP library beneath.
    """

    name: str
    is_async: bool
    make: Callable[..., Any]
    question: Callable[[Any, bool], Any]
    text: Callable[[Any], str]
    text_of_chunk: Callable[[Any], str]
    stainless: bool = True
    family: str = "httpx2"

    def __str__(self) -> str:
        return f"{self.name}-{'async' if self.is_async else 'sync'}"

    def client(self, server: Server | str, *, key: str = keys.VALID, **options: Any) -> Any:
        """A client of the SDK, as a user makes it."""
        return self.make(server if isinstance(server, str) else server.url, key, **options)

    async def ask(self, client: Any) -> str:
        """One question, and its answer."""
        return self.text(await settle(self.question(client, stream=False)))

    async def stream(self, client: Any) -> str:
        """One question, its answer streamed."""
        chunks = await settle(self.question(client, stream=True))
        return "".join([self.text_of_chunk(chunk) for chunk in await listed(chunks)])

    async def failure(self, client: Any) -> Exception:
        """The error that a question ends with."""
        try:
            answer = await self.ask(client)
        except Exception as error:  # noqa: BLE001 - which one it is, the test says
            return error
        raise AssertionError(f"expected an error, got {answer!r}")

    async def close(self, client: Any) -> None:
        """Close a client as its users do."""
        if self.stainless:
            await settle(client.close())
        elif self.is_async:
            await client.aio.aclose()
        else:
            client.close()

    def http_client(self, **options: Any) -> Any:
        """A client of the HTTP library beneath, for `http_options`."""
        module = import_module(self.family)
        return (module.AsyncClient if self.is_async else module.Client)(**options)

    def on(self, http_client: Any) -> dict[str, Any]:
        """The options with which a client is made on an HTTP client of the user's."""
        if self.stainless:
            return {"http_client": http_client}
        return {"httpx_async_client" if self.is_async else "httpx_client": http_client}

    def own_http(self, client: Any) -> Any:
        """The HTTP client inside; only for what cannot be seen from outside."""
        if self.stainless:
            return client._client
        inner = client._api_client
        return inner._async_httpx_client if self.is_async else inner._httpx_client


def status_of(error: Exception) -> int:
    """The status an SDK's error names."""
    return getattr(error, "status_code", None) or error.code  # type: ignore[attr-defined]


def installed() -> list[Kit]:
    """The kits of this environment."""
    kits = []
    if find_spec("openai"):
        openai = import_module("openai")
        family = "httpx" if openai.__version__.startswith("2.") else "httpx2"
        kits += _chat_kits("openai", openai.OpenAI, openai.AsyncOpenAI, family)
    if find_spec("cometapi"):
        comet = import_module("cometapi")
        kits += _chat_kits("cometapi", comet.CometAPI, comet.AsyncCometAPI, "httpx")
    if find_spec("anthropic"):
        kits += _anthropic_kits(import_module("anthropic"))
    if find_spec("google.genai") if find_spec("google") else None:
        kits += _genai_kits(import_module("google.genai"))
    return kits


def _chat_kits(name: str, sync_class: Any, async_class: Any, family: str) -> list[Kit]:
    def question(client: Any, *, stream: bool) -> Any:
        return client.chat.completions.create(
            model="gpt-5-mini", messages=[{"role": "user", "content": QUESTION}], stream=stream
        )

    return [
        Kit(
            name=name,
            is_async=made is async_class,
            make=lambda root, key, made=made, **options: made(
                base_url=f"{root}/v1", api_key=key, **options
            ),
            question=question,
            text=lambda answer: answer.choices[0].message.content,
            text_of_chunk=lambda chunk: (chunk.choices and chunk.choices[0].delta.content) or "",
            family=family,
        )
        for made in (sync_class, async_class)
    ]


def _anthropic_kits(anthropic: Any) -> list[Kit]:
    def question(client: Any, *, stream: bool) -> Any:
        return client.messages.create(
            model="claude-haiku-4-5",
            max_tokens=64,
            messages=[{"role": "user", "content": QUESTION}],
            stream=stream,
        )

    return [
        Kit(
            name="anthropic",
            is_async=made is anthropic.AsyncAnthropic,
            make=lambda root, key, made=made, **options: made(
                base_url=root, api_key=key, **options
            ),
            question=question,
            text=lambda answer: answer.content[0].text,
            text_of_chunk=lambda event: (
                event.delta.text if event.type == "content_block_delta" else ""
            ),
        )
        for made in (anthropic.Anthropic, anthropic.AsyncAnthropic)
    ]


def _genai_kits(genai: Any) -> list[Kit]:
    def make(root: str, key: str, **options: Any) -> Any:
        http_options = {"base_url": root, "api_version": "v1beta", **options}
        return genai.Client(api_key=key, http_options=http_options)

    def question(client: Any, *, stream: bool, is_async: bool) -> Any:
        models = client.aio.models if is_async else client.models
        ask = models.generate_content_stream if stream else models.generate_content
        return ask(model="gemini-2.5-flash", contents=QUESTION)

    return [
        Kit(
            name="genai",
            is_async=is_async,
            make=make,
            question=partial(question, is_async=is_async),
            text=lambda answer: answer.text,
            text_of_chunk=lambda chunk: chunk.text or "",
            stainless=False,
        )
        for is_async in (False, True)
    ]


KITS = installed()


def only(*names: str) -> Any:
    """Run a test with these SDKs alone, where they are installed."""
    return pytest.mark.parametrize("kit", [kit for kit in KITS if kit.name in names], ids=str)
