"""The cheap look at a 2xx: what raises the alarm, and what must not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.answers import symptoms
from halley.core.endpoints import endpoint_of
from halley.core.envelopes import Shape
from halley.core.evidence import evidence_of
from halley.core.model import Reply, Request
from halley.core.probe import healthy, suspicious
from tests.cases.labelled import CASES

CHAT = Request("POST", "", "/v1/chat/completions")
GOOD = {"id": "c", "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}]}


def reply(body, content_type="application/json", *, complete=True):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(200, {"content-type": content_type}, raw, complete)


def at(path, method="POST"):
    return Request(method, "", path)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (CHAT, reply(GOOD)),
        (CHAT, reply(json.dumps(GOOD, separators=(",", ":")).encode())),
        (CHAT, reply(json.dumps(GOOD, indent=1).encode() + b"\r\n\n")),
        (CHAT, reply(GOOD | {"error": None})),
        (CHAT, reply({"choices": [{"message": {"content": 'an "error": 1'}}]})),
        (at("/v1/messages"), reply({"type": "message", "content": [{"type": "text"}]})),
        (at("/v1/responses"), reply({"status": "completed", "error": None, "output": [{}]})),
        (at("/v1beta/models/x:generateContent"), reply({"candidates": [{"finishReason": "STOP"}]})),
        (at("/v1/embeddings"), reply({"object": "list", "data": [{"embedding": [1]}]})),
        (at("/v1/images/generations"), reply({"data": [{"url": "u"}]})),
        (at("/v1/models", "GET"), reply({"object": "list", "data": []})),
        (at("/v1/audio/speech"), reply(b"\xff\xfb\x90", "audio/mpeg")),
        (at("/v1/videos/v/content", "GET"), reply(b"\x00\x00ftyp", "application/octet-stream")),
        (at("/v1/audio/transcriptions"), reply(b"just words", "text/plain")),
        (CHAT, reply(b'data: {"choices":[{', "text/event-stream", complete=False)),
        (CHAT, reply(b"", "text/event-stream", complete=False)),
        (CHAT, reply(b'{"choices":[{"mess', complete=False)),
    ],
)
def test_a_healthy_answer_raises_no_alarm(request_, answer):
    """Chat, messages, Gemini, media, the head of a stream."""
    assert not suspicious(request_, answer)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (CHAT, reply(b"")),
        (CHAT, reply(b"<!doctype html><html></html>", "text/html")),
        (CHAT, reply(b"upstream timeout", "text/plain")),
        (CHAT, reply(b'{"id":"c","choices":[{"message":{"conte')),
        (CHAT, reply(b'{"id":"c","choices":[{"message":{"content":"a comet ')),
        (CHAT, reply(b'{"id":"c",\n "choices": [{"message":\n')),
        (CHAT, reply(b'{"id":"c","choices":[{"message":{"content":"a list [1]')),
        (CHAT, reply({"error": {"message": "m"}})),
        (CHAT, reply({"id": "", "choices": None})),
        (CHAT, reply({"id": "", "choices": []})),
        (CHAT, reply({"choices": [{"finish_reason": "error"}]})),
        (CHAT, reply({"choices": [{"finish_reason": "error"}], "error": None})),
        (CHAT, reply({"code": 500, "message": "m"})),
        (CHAT, reply([{"error": {"code": 429}}])),
        (CHAT, reply(b'data: {"error":{"message":"m"}}\n\n', "text/event-stream", complete=False)),
        (CHAT, reply(b': PING\n\n{"error":{}}', "text/event-stream", complete=False)),
        (at("/v1/messages"), reply({"type": "error", "error": {"type": "api_error"}})),
        (at("/v1/responses"), reply({"status": "failed", "error": None, "output": []})),
        (at("/v1beta/models/x:generateContent"), reply({"promptFeedback": {"blockReason": "S"}})),
        (
            at("/v1beta/models/x:generateContent"),
            reply({"candidates": [{"finishReason": "SAFETY"}]}),
        ),
        (at("/v1beta/models/x:generateContent"), reply({"candidates": [], "usageMetadata": {}})),
        (at("/v1/images/generations"), reply({"created": 1, "data": []})),
        (at("/mj/submit/imagine"), reply({"code": 24, "description": "m"})),
        (at("/suno/submit/music"), reply({"code": "fail", "message": "m"})),
        (at("/kling/v1/videos/text2video"), reply({"code": 1102, "message": "m"})),
        (at("/v1/videos/v", "GET"), reply({"id": "v", "status": "failed"})),
        (at("/api/models", "GET"), reply({"success": False, "message": "m"})),
    ],
)
def test_what_is_no_answer_raises_the_alarm(request_, answer):
    """Errors in band, emptiness, pages, cut documents, failed tasks."""
    assert suspicious(request_, answer)


@pytest.mark.parametrize(
    "case",
    [c for c in CASES if c["status"] == 200 and c["expected"]["action"] != "ok"],
    ids=lambda case: case["id"],
)
def test_every_labelled_200_that_is_an_error_raises_the_alarm(case):
    """A miss would pass it off as an answer."""
    asked = case["request"]
    request = Request(asked["method"], "", asked["path"])
    assert suspicious(request, Reply(200, case["headers"], case["body"].encode()))


NAMES = ["error", "choices", "data", "status", "finish_reason", "candidates", "code", "message"]
VALUES = st.sampled_from([None, [], {}, "error", "failed", 0, [{"finish_reason": "error"}], "x"])


@given(
    document=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    path=st.sampled_from(["/v1/chat/completions", "/v1/messages", "/v1/images/generations"]),
)
def test_whatever_the_close_look_finds_the_cheap_one_suspects(document, path):
    """No false peace: symptoms and stated errors are a subset of the alarms."""
    request, answer = at(path), reply(document)
    evidence = evidence_of(answer.headers, answer.body, success=True)
    if evidence.shape is not Shape.NONE or symptoms(endpoint_of(request), answer, evidence):
        assert suspicious(request, answer)


@given(body=st.binary(max_size=200), content_type=st.text(max_size=20), complete=st.booleans())
def test_any_bytes_can_be_looked_at(body, content_type, complete):
    """Nothing raises."""
    assert suspicious(CHAT, Reply(200, {"content-type": content_type}, body, complete)) in {
        True,
        False,
    }


@given(st.data())
def test_a_chat_answer_that_is_cut_inside_its_text_is_suspected(data):
    """Wherever the cut falls, also behind a blank or a line's end; only a brace hides it."""
    words = data.draw(st.text(st.sampled_from("ab ,\n\t]"), min_size=1, max_size=40))
    body = json.dumps(GOOD, indent=data.draw(st.sampled_from([None, 1]))).encode()
    head, tail = body.split(b"hi")
    whole = head + words.encode() + tail
    cut = whole[: data.draw(st.integers(len(head), len(head) + len(words)))]
    assert not healthy(reply(cut))
    assert suspicious(CHAT, reply(cut))
