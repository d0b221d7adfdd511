"""What is wrong with a good status: symptoms, streams, states of tasks."""

from __future__ import annotations

import json

import pytest

from halley.core.answers import finishes, state_of, symptoms
from halley.core.endpoints import endpoint_at
from halley.core.evidence import evidence_of
from halley.core.model import Reply

CHAT = ("POST", "/v1/chat/completions")
TASK = ("GET", "/v1/videos/task_1")


def marks(asked, body, *, complete=True, status=200):
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    reply = Reply(status, {}, raw, complete)
    found = symptoms(endpoint_at(*asked), reply, evidence_of({}, raw, success=True))
    return {mark.removeprefix("@answer.") for mark in found}


@pytest.mark.parametrize(
    ("asked", "body", "found"),
    [
        (CHAT, "", {"empty"}),
        (CHAT, "<html></html>", {"page"}),
        (CHAT, "ok", {"text"}),
        (CHAT, '{"choices":[', {"broken"}),
        (CHAT, {"choices": None}, {"no_choices"}),
        (CHAT, {"choices": [{"finish_reason": "error"}]}, {"finish_error"}),
        (CHAT, {"choices": [{"finish_reason": "length"}]}, set()),
        (CHAT, 'data: {"choices":[{"delta":{}}]}\n\ndata: [DONE]\n\n', {"cut"}),
        (CHAT, 'data: {"choices":[{"finish_reason":"stop"}]}\n\n', set()),
        (CHAT, "data: [DONE]\n\n", {"empty"}),
        (("POST", "/v1/messages"), {"type": "message", "content": None}, {"no_choices"}),
        (("POST", "/v1/images/generations"), {"data": []}, {"no_data"}),
        (("POST", "/v1beta/models/x:generateContent"), {"usageMetadata": {}}, {"no_choices"}),
        (
            ("POST", "/v1beta/models/x:generateContent"),
            {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}]},
            {"malformed_call"},
        ),
        (TASK, {"status": "queued"}, {"pending"}),
        (TASK, {"status": "failed"}, {"task_failed"}),
        (TASK, {"status": "completed"}, set()),
        (("POST", "/v1/videos"), {"status": "queued"}, set()),
        (("GET", "/v1/files"), "", set()),
    ],
)
def test_each_symptom_is_seen_where_it_is_one(asked, body, found):
    """And nowhere else."""
    assert marks(asked, body) == found


@pytest.mark.parametrize("body", ["", '{"choices":[', 'data: {"choices":[{"delta":{}}]}\n\n'])
def test_what_is_not_complete_is_never_called_cut(body):
    """The rest may still come."""
    assert marks(CHAT, body, complete=False) == set()


@pytest.mark.parametrize("status", [202, 204, 205])
def test_a_status_without_a_body_is_not_empty(status):
    """RFC 9110 §15.3."""
    assert marks(CHAT, "", status=status) == set()


@pytest.mark.parametrize(
    "frame",
    [
        {"choices": [{"finish_reason": "stop"}]},
        {"type": "response.completed"},
        {"type": "response.incomplete"},
        {"type": "message_stop"},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"candidates": [{"finishReason": "STOP"}]},
        {"response": {"candidates": [{"finishReason": "STOP"}]}},
    ],
)
def test_the_event_that_ends_an_answer_is_known_in_every_format(frame):
    """OpenAI chat and Responses, Anthropic, Gemini."""
    assert finishes(frame)
    assert not finishes({"choices": [{"finish_reason": None}], "type": "response.created"})


@pytest.mark.parametrize(
    ("document", "state"),
    [
        ({"status": "QUEUED"}, "queued"),
        ({"code": 0, "data": {"task_status": "succeed"}}, "succeed"),
        ({"code": "success", "data": {"status": "FAILURE"}}, "failure"),
        ({"output": {"task_status": "RUNNING"}}, "running"),
        ({"status": 3}, ""),
        ({}, ""),
    ],
)
def test_the_state_of_a_task_is_found_in_every_wrapper(document, state):
    """Video, Kling, Runway and Suno, DashScope."""
    assert state_of(document) == state
