"""What the real SDKs send passes preflight: a body that an SDK can produce is never refused."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import openai
import pydantic
import pytest

from halley.checks.preflight import check
from halley.core.model import Request

KEY = "sk-" + "a" * 32
PNG = "data:image/png;base64," + base64.b64encode(bytes(30)).decode()
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
FUNCTION = {
    "name": "look_up",
    "description": "d",
    "parameters": {"type": "object", "properties": {}},
}


class Comet(pydantic.BaseModel):
    """A structured answer."""

    name: str
    period_years: float | None = None


def sent(call: Callable[[httpx2.Client], object], refused: type[Exception]) -> Iterator[Request]:
    """The requests that a call sends, as preflight sees them; the answer is an error of the SDK."""
    requests: list[httpx2.Request] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(400, json={"error": {"message": "", "code": 400}})

    transport = httpx2.MockTransport(refuse)
    with httpx2.Client(transport=transport) as client, pytest.raises(refused):
        call(client)
    for one in requests:
        content_type = one.headers.get("content-type", "")
        yield Request(one.method, "", one.url.path, one.read(), content_type)


OPENAI: dict[str, Callable[[openai.OpenAI], object]] = {
    "chat": lambda c: c.chat.completions.create(model="m", messages=HELLO),
    "chat, streamed": lambda c: c.chat.completions.create(
        model="m", messages=HELLO, stream=True, stream_options={"include_usage": True}
    ),
    "chat, every tuning": lambda c: c.chat.completions.create(
        model="m",
        messages=HELLO,
        temperature=0.2,
        top_p=0.9,
        n=2,
        stop=["\n"],
        seed=7,
        logit_bias={"1": -100},
        logprobs=True,
        top_logprobs=3,
        max_completion_tokens=5,
        frequency_penalty=0.1,
        presence_penalty=None,
        user="u",
        metadata={"a": "b"},
        store=False,
        reasoning_effort="low",
        service_tier="auto",
    ),
    "chat, a conversation with tools": lambda c: c.chat.completions.create(
        model="m",
        messages=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "hello"}], "name": "jo"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "look_up", "arguments": "{}"},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "{}"},
            {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        ],
        tools=[{"type": "function", "function": FUNCTION}],
        tool_choice={"type": "function", "function": {"name": "look_up"}},
        parallel_tool_calls=False,
    ),
    "chat, media": lambda c: c.chat.completions.create(
        model="m",
        modalities=["text", "audio"],
        audio={"voice": "alloy", "format": "wav"},
        messages=[
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                    {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "wav"}},
                    {
                        "type": "file",
                        "file": {
                            "filename": "a.pdf",
                            "file_data": "data:application/pdf;base64,QUJD",
                        },
                    },
                ],
            }
        ],
    ),
    "chat, a structured answer": lambda c: c.chat.completions.parse(
        model="m", messages=HELLO, response_format=Comet
    ),
    "chat, a tool made from a model": lambda c: c.chat.completions.parse(
        model="m", messages=HELLO, tools=[openai.pydantic_function_tool(Comet)]
    ),
    "responses": lambda c: c.responses.create(model="m", input="hello", instructions="Be brief."),
    "responses, a conversation": lambda c: c.responses.create(
        model="m",
        input=[
            {"role": "user", "content": [{"type": "input_text", "text": "hello"}]},
            {
                "role": "user",
                "content": [{"type": "input_image", "image_url": PNG, "detail": "auto"}],
            },
            {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "{}"},
            {"role": "assistant", "content": "hi"},
        ],
        tools=[
            {"type": "web_search"},
            {"type": "function", "name": "look_up", "parameters": {}, "strict": True},
        ],
        reasoning={"effort": "low"},
        max_output_tokens=9,
        previous_response_id="resp_1",
        include=["reasoning.encrypted_content"],
        store=False,
    ),
    "responses, streamed": lambda c: c.responses.create(model="m", input="hello", stream=True),
    "responses, a structured answer": lambda c: c.responses.parse(
        model="m", input="hello", text_format=Comet
    ),
    "embeddings": lambda c: c.embeddings.create(model="m", input="hello"),
    "embeddings, LLM tokens": lambda c: c.embeddings.create(
        model="m", input=[[1, 2], [3]], dimensions=8
    ),
    "images": lambda c: c.images.generate(model="m", prompt="a comet", size="1024x1024", n=1),
    "images, edited": lambda c: c.images.edit(model="m", image=b"x", prompt="a comet"),
    "audio": lambda c: c.audio.transcriptions.create(model="m", file=("a.wav", b"x")),
    "moderations": lambda c: c.moderations.create(input="hello"),
    "models": lambda c: c.models.list(),
    "a cancelled response": lambda c: c.responses.cancel("resp_1"),
}


@pytest.mark.parametrize("name", OPENAI)
def test_no_body_of_openais_sdk_has_findings(name):
    """Not even a warning: its own types are where the schemas are from."""
    call = OPENAI[name]

    def ask(client: httpx2.Client) -> object:
        return call(
            openai.OpenAI(api_key=KEY, base_url="http://x/v1", http_client=client, max_retries=0)
        )

    requests = list(sent(ask, openai.BadRequestError))
    assert [str(found) for request in requests for found in check(request)] == []


def test_no_body_of_anthropics_sdk_has_findings():
    """Text, images, documents, tools and their results, thinking, a stream."""
    anthropic = pytest.importorskip("anthropic")

    def ask(client: httpx2.Client) -> None:
        claude = anthropic.Anthropic(
            api_key=KEY, base_url="http://x", http_client=client, max_retries=0
        )
        image = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
        page = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
        with contextlib.suppress(anthropic.BadRequestError):
            claude.messages.create(model="m", max_tokens=9, messages=HELLO, stream=True)
        claude.messages.create(
            model="m",
            max_tokens=2048,
            system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            thinking={"type": "enabled", "budget_tokens": 1024},
            stop_sequences=["\n"],
            metadata={"user_id": "u"},
            tools=[{"name": "look_up", "input_schema": {"type": "object"}}],
            tool_choice={"type": "auto"},
            messages=[
                {
                    "role": "user",
                    "content": [
                        {"type": "image", "source": image},
                        {"type": "document", "source": page},
                        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": "s"},
                        {"type": "tool_use", "id": "t", "name": "look_up", "input": {}},
                    ],
                },
                {
                    "role": "user",
                    "content": [{"type": "tool_result", "tool_use_id": "t", "content": "{}"}],
                },
            ],
        )

    requests = list(sent(ask, anthropic.BadRequestError))
    assert len(requests) == 2
    assert [str(found) for request in requests for found in check(request)] == []


def test_no_body_of_googles_sdk_has_findings():
    """Text, images, a system instruction, tools, a structured answer."""
    genai = pytest.importorskip("google.genai")
    types = genai.types

    def ask(client: httpx2.Client) -> None:
        options = types.HttpOptions(base_url="http://x", httpx_client=client)
        google = genai.Client(api_key=KEY, http_options=options)
        google.models.generate_content(
            model="gemini-2.5-pro",
            contents=["hello", types.Part.from_bytes(data=bytes(30), mime_type="image/png")],
            config=types.GenerateContentConfig(
                system_instruction="Be brief.",
                temperature=0.1,
                max_output_tokens=9,
                stop_sequences=["\n"],
                response_mime_type="application/json",
                response_schema=Comet,
                tools=[types.Tool(google_search=types.GoogleSearch())],
                safety_settings=[
                    types.SafetySetting(category="HARM_CATEGORY_HARASSMENT", threshold="BLOCK_NONE")
                ],
            ),
        )

    requests = list(sent(ask, genai.errors.ClientError))
    assert [str(found) for request in requests for found in check(request)] == []
