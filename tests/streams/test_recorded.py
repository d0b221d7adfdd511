"""The recorded streams are what their labels say, and what the SDKs of the field understand."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from anthropic.types import RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from .judge import judged, payloads
from .recorded import BY_NAME, HERE, RECORDED, Recorded, Wire

TYPES: dict[Wire, Any] = {
    Wire.CHAT: ChatCompletionChunk,
    Wire.RESPONSES: ResponseStreamEvent,
    Wire.MESSAGES: RawMessageStreamEvent,
    Wire.GEMINI: GenerateContentResponse,
}
NOT_IN_THE_TYPES = {"error", "ping"}
"""Errors are raised by the SDKs and pings skipped: they are in no union of events."""

BEYOND_THE_TYPES = {"chat_openrouter_error", "responses_error_then_failed"}
"""A finish_reason that OpenAI has not, and a code of a failed response that its types lack."""


@pytest.fixture(params=RECORDED, ids=str)
def recorded(request: pytest.FixtureRequest) -> Recorded:
    return request.param


def test_every_file_has_a_label():
    """And every label a file."""
    assert {path.stem for path in HERE.glob("*.sse")} == BY_NAME.keys()


def test_the_blocks_are_the_stream(recorded: Recorded):
    """A stream is whole blocks and nothing after them."""
    assert b"".join(recorded.blocks) == recorded.data
    assert len(recorded.ends) == len(payloads(recorded.data))


@pytest.mark.parametrize("wire", Wire)
def test_every_format_has_several(wire: Wire):
    """Each with answers that are whole and with one that fails in the stream."""
    of_wire = [recorded for recorded in RECORDED if recorded.wire is wire]
    assert sum(recorded.finish is not None for recorded in of_wire) >= 4
    assert any(recorded.error is not None for recorded in of_wire)
    assert any(recorded.tools for recorded in of_wire)


def test_the_second_opinion_agrees_with_the_label(recorded: Recorded):
    """At the end, and after each event."""
    whole = judged(recorded.wire, recorded.data)
    assert (whole.text, whole.tools) == (recorded.text, recorded.tools)
    assert recorded.usage.items() <= whole.usage.items()
    for end in recorded.ends:
        opinion = judged(recorded.wire, recorded.data[:end])
        assert opinion.finished == recorded.whole_in(end)
        assert opinion.failed == recorded.failed_in(end)
        assert opinion.committed == recorded.begun_in(end)


def test_the_sdk_knows_every_event(recorded: Recorded):
    """Field by field, as the types of the SDK have it."""
    if recorded.name in BEYOND_THE_TYPES:
        return
    adapter = TypeAdapter(TYPES[recorded.wire])
    for text in payloads(recorded.data):
        value = None if text == "[DONE]" else json.loads(text)
        if value and value.get("type") not in NOT_IN_THE_TYPES and "error" not in value:
            adapter.validate_python(named(value))


def named(value: dict[str, Any]) -> dict[str, Any]:
    """Azure's first chunk has an empty `object`."""
    return {**value, "object": "chat.completion.chunk"} if value.get("object") == "" else value


def test_every_event_of_responses_is_there():
    """A type that a new openai adds is missing here until it is written down."""
    union = get_args(get_args(ResponseStreamEvent)[0])
    known = {get_args(model.model_fields["type"].annotation)[0] for model in union}
    streams = [recorded for recorded in RECORDED if recorded.wire is Wire.RESPONSES]
    written = {json.loads(text)["type"] for each in streams for text in payloads(each.data)}
    assert written >= known
