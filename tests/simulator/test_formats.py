"""Good answers in the formats of OpenAI, Anthropic and Gemini, as bytes on the wire."""

from __future__ import annotations

import base64
import json
import struct

import pytest

MESSAGES = [{"role": "user", "content": "hello"}]
GEMINI = "/v1beta/models/gemini-2.5-flash"
DIALECTS = {
    "/v1/chat/completions": {"model": "gpt-5-mini", "messages": MESSAGES, "stream": True},
    "/v1/responses": {"model": "gpt-5-mini", "input": "hello", "stream": True},
    "/v1/messages": {"model": "claude-haiku-4-5", "messages": MESSAGES, "stream": True},
    f"{GEMINI}:streamGenerateContent?alt=sse": {"contents": [{"parts": [{"text": "hello"}]}]},
}


def frames(reply):
    """The JSON of each data line."""
    lines = reply.body.decode().split("\n")
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def test_chat_echoes_the_model_and_counts(caller):
    """A completion names the model asked for, and its usage adds up."""
    value = json.loads(caller()(model="deepseek-chat").body)
    usage = value["usage"]
    assert value["model"] == "deepseek-chat"
    assert value["choices"][0]["finish_reason"] == "stop"
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert "latency_checkpoint" in usage


def test_an_answer_names_its_request(caller):
    """The text holds the first digits of the request's fingerprint: no mix-up goes unseen."""
    call = caller()
    text = json.loads(call().body)["choices"][0]["message"]["content"]
    assert call.simulator.ledger.calls[0].fingerprint[:8] in text


def test_a_chat_stream_says_the_same_as_the_whole_answer(caller):
    """The deltas add up to a text, then a finish_reason, then [DONE]; usage only when asked for."""
    reply = caller()(stream=True)
    chunks = frames(reply)
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text.startswith("Comet Halley")
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert reply.body.endswith(b"data: [DONE]\n\n")
    counted = frames(caller()(stream=True, stream_options={"include_usage": True}))
    assert counted[-1]["choices"] == []
    assert counted[-1]["usage"]["total_tokens"] > 0


def test_responses_events_are_numbered_and_completed(caller):
    """Sequence numbers count from 0 and the last event holds the whole response."""
    events = frames(caller()("/v1/responses", DIALECTS["/v1/responses"]))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    text = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == text


def test_messages_events_end_with_a_stop_reason(caller):
    """message_start first, a stop_reason in message_delta, message_stop last."""
    events = frames(caller()("/v1/messages", DIALECTS["/v1/messages"]))
    assert events[0]["type"] == "message_start"
    assert events[-2]["delta"]["stop_reason"] == "end_turn"
    assert events[-1]["type"] == "message_stop"


def test_gemini_finishes_in_its_last_chunk(caller):
    """Only the last chunk has a finishReason; the whole answer has one too."""
    path, body = list(DIALECTS.items())[3]
    chunks = frames(caller()(path, body))
    finished = [chunk["candidates"][0].get("finishReason") for chunk in chunks]
    assert finished == [None] * (len(chunks) - 1) + ["STOP"]
    whole = json.loads(caller()(f"{GEMINI}:generateContent", body).body)
    assert whole["candidates"][0]["finishReason"] == "STOP"
    assert whole["modelVersion"] == "gemini-2.5-flash"


@pytest.mark.parametrize("path", DIALECTS)
def test_every_stream_holds_characters_of_two_three_and_four_bytes(caller, path):
    """A decoder that breaks on split characters has something to break on."""
    body = caller()(path, DIALECTS[path]).body
    assert all(character.encode() in body for character in ("ổ", "彗", "🚀"))


def test_embeddings_as_floats_and_as_base64(caller):
    """One vector for each input, of the length asked for, in either encoding."""
    body = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 4}
    floats = json.loads(caller()("/v1/embeddings", body).body)["data"]
    packed = json.loads(caller()("/v1/embeddings", body, encoding_format="base64").body)["data"]
    assert [item["embedding"] for item in floats] == [[1.0, 0.0, 0.0, 0.0]] * 2
    assert struct.unpack("<4f", base64.b64decode(packed[1]["embedding"])) == (1.0, 0.0, 0.0, 0.0)


def test_tokens_are_billed(caller):
    """The ledger counts the LLM tokens that the usage states."""
    call = caller()
    total = json.loads(call().body)["usage"]["total_tokens"]
    assert call.simulator.ledger.llm_tokens == total
    assert call.simulator.ledger.amount_usd == pytest.approx(total / 1e6)
