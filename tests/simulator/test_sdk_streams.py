"""Richer streams through the real SDKs: tool calls, thoughts, several choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import types
from tests.streams.judge import judged
from tests.streams.recorded import Wire

from halley.simulator import Server, Simulator, keys, serve

from .asks import BODIES, FORCED, OFFERED, PATHS, SEVERAL, THINKING, received

MODEL = "gpt-5-mini"
MESSAGES: list[Any] = [{"role": "user", "content": "hello"}]
THOUGHT = "Which comet trở lại 彗星 ☄ 🚀?"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A calm day, fifty times as fast."""
    with serve(Simulator(), speed=50.0) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[openai.OpenAI]:
    """The openai SDK with its own retries off."""
    with openai.OpenAI(base_url=server.base_url, api_key=keys.VALID, max_retries=0) as client:
        yield client


@pytest.fixture
def claude(server: Server) -> Iterator[anthropic.Anthropic]:
    """The anthropic SDK with its own retries off."""
    with anthropic.Anthropic(base_url=server.url, api_key=keys.VALID, max_retries=0) as client:
        yield client


def about_halley(arguments: dict[str, object]) -> bool:
    """Whether these are the arguments the simulator makes up."""
    return arguments["comet"] == "sao chổi 彗星 ☄ 🚀" and arguments["year"] == 2061


@pytest.mark.parametrize("wire", Wire, ids=str)
def test_a_tool_that_is_only_offered_is_not_called(wire: Wire):
    """A program that offers tools in passing is still answered in words."""
    chunks, _ = received(wire, None, more=OFFERED[wire])
    opinion = judged(wire, b"".join(chunks))
    assert opinion.text.startswith("Comet Halley")
    assert opinion.tools == ()


@pytest.mark.parametrize("wire", Wire, ids=str)
def test_a_tool_that_must_be_called_is(wire: Wire):
    """Its arguments parse, and there is no text beside it."""
    chunks, _ = received(wire, None, more=FORCED[wire])
    opinion = judged(wire, b"".join(chunks))
    ((name, arguments),) = opinion.tools
    assert name == "orbit"
    assert about_halley(arguments)
    assert opinion.text == ""


@pytest.mark.parametrize("wire", Wire, ids=str)
def test_what_is_streamed_is_what_is_whole(wire: Wire, server: Server):
    """Tool and thoughts in one answer: as many tokens are billed either way."""
    asked = {**BODIES[wire], **FORCED[wire], **THINKING[wire]}
    whole = PATHS[wire].replace("streamGenerateContent?alt=sse", "generateContent")
    at_once = {**asked, "stream": False} if "stream" in asked else asked
    with httpx2.Client(base_url=server.url, headers={"authorization": "Bearer sk-x"}) as client:
        client.post(PATHS[wire], json=asked).raise_for_status()
        client.post(whole, json=at_once).raise_for_status()
    one, other = server.ledger.calls[-2:]
    assert abs(one.llm_tokens - other.llm_tokens) <= 1  # "false" is a byte longer than "true"


def test_openai_chat_tool_call(client: openai.OpenAI):
    """Pieces of arguments add up; the helper parses them."""
    asked: Any = {"model": MODEL, "messages": MESSAGES, **FORCED[Wire.CHAT]}
    whole = client.chat.completions.create(**asked).choices[0]
    with client.chat.completions.stream(**asked) as stream:
        final = stream.get_final_completion().choices[0]
    assert (whole.finish_reason, final.finish_reason) == ("tool_calls", "tool_calls")
    for choice in (whole, final):
        (call,) = choice.message.tool_calls
        assert call.function.name == "orbit"
        assert '"comet"' in call.function.arguments
    assert whole.message.content is None


def test_openai_chat_choices_and_thoughts(client: openai.OpenAI):
    """Two choices, each with its thoughts before its text, and usage for both."""
    asked: Any = {"model": MODEL, "messages": MESSAGES, "n": 2, "reasoning_effort": "low"}
    whole = client.chat.completions.create(**asked)
    assert [choice.index for choice in whole.choices] == [0, 1]
    assert whole.choices[1].message.model_extra["reasoning_content"] == THOUGHT
    with client.chat.completions.create(
        **asked, stream=True, stream_options={"include_usage": True}
    ) as stream:
        *chunks, last = list(stream)
    for index in (0, 1):
        said = [c.choices[0] for c in chunks if c.choices[0].index == index]
        thoughts = [
            (choice.delta.model_extra or {}).get("reasoning_content", "") for choice in said
        ]
        assert "".join(thoughts) == THOUGHT
        assert "".join(choice.delta.content or "" for choice in said).startswith("Comet Halley")
        assert said[-1].finish_reason == "stop"
    assert last.usage.completion_tokens == whole.usage.completion_tokens


def test_openai_responses_tool_call_and_thoughts(client: openai.OpenAI):
    """The helper that builds the response finds every item in its place."""
    asked: Any = {
        "model": MODEL,
        "input": "hello",
        **FORCED[Wire.RESPONSES],
        **THINKING[Wire.RESPONSES],
    }
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        final = stream.get_final_response()
    for response in (whole, final):
        reasoning, call = response.output
        assert reasoning.summary[0].text == THOUGHT
        assert (call.type, call.name) == ("function_call", "orbit")
    assert whole.usage.output_tokens == final.usage.output_tokens


def test_anthropic_tool_use_and_thoughts(claude: anthropic.Anthropic):
    """A thinking block with its signature, then a tool use whose input is an object."""
    asked: Any = {
        "model": "claude-haiku-4-5",
        "max_tokens": 2048,
        "messages": MESSAGES,
        **FORCED[Wire.MESSAGES],
        **THINKING[Wire.MESSAGES],
    }
    whole = claude.messages.create(**asked)
    with claude.messages.stream(**asked) as stream:
        final = stream.get_final_message()
    for message in (whole, final):
        thought, use = message.content
        assert (thought.thinking, bool(thought.signature)) == (THOUGHT, True)
        assert use.name == "orbit"
        assert about_halley(use.input)
        assert message.stop_reason == "tool_use"


def test_genai_function_call_thoughts_and_candidates(server: Server):
    """Parts that are thoughts, a function call, two candidates that both end."""
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[types.FunctionDeclaration(name="orbit")])],
        tool_config=types.ToolConfig(
            function_calling_config=types.FunctionCallingConfig(
                mode=types.FunctionCallingConfigMode.ANY
            )
        ),
        thinking_config=types.ThinkingConfig(include_thoughts=True),
        candidate_count=2,
    )
    with httpx2.Client() as http:
        options = types.HttpOptions(base_url=server.url, httpx_client=http)
        client = genai.Client(api_key=keys.VALID, http_options=options)
        asked: Any = {"model": "gemini-2.5-flash", "contents": "hello", "config": config}
        whole = client.models.generate_content(**asked)
        *_, last = client.models.generate_content_stream(**asked)
    thought, call = whole.candidates[1].content.parts
    assert (thought.thought, thought.text) == (True, THOUGHT)
    assert about_halley(call.function_call.args)
    assert [c.finish_reason for c in last.candidates] == [types.FinishReason.STOP] * 2
    assert last.usage_metadata.total_token_count == whole.usage_metadata.total_token_count


def test_a_format_without_choices_ignores_them():
    """Responses and messages know of one answer."""
    assert set(SEVERAL) == {Wire.CHAT, Wire.GEMINI}
