"""The five shapes in which one host says that something failed."""

from __future__ import annotations

import json
import re

import pytest

from halley.simulator import fail, keys, script

TRACED = re.compile(r" \(request id: \w+\)$")
MESSAGES = {"model": "claude-haiku-4-5", "messages": [{"role": "user", "content": "hi"}]}
VIDEO = {"model": "sora-2", "prompt": "a comet"}
PICTURE = {"prompt": "a comet"}


def test_shape_a_middleware(caller):
    """Code, message, type in this order, no param, the request id in the text."""
    error = json.loads(caller()(model="no-such-model").body)["error"]
    assert list(error) == ["code", "message", "type"]
    assert error["code"] == "model_not_found"
    assert TRACED.search(error["message"])


def test_shape_b_relay(caller):
    """Message, type, param, code in this order, the request id in the text."""
    reply = caller()("/v1/chat/completions", {"model": "gpt-5-mini"})
    error = json.loads(reply.body)["error"]
    assert list(error) == ["message", "type", "param", "code"]
    assert (reply.status, error["code"]) == (500, "invalid_request")
    assert TRACED.search(error["message"])


def test_shape_c_claude(caller):
    """The Claude path has no code, only a type and a message with the request id."""
    value = json.loads(caller()("/v1/messages", MESSAGES, key=keys.BROKE).body)
    assert value["type"] == "error"
    assert list(value["error"]) == ["type", "message"]
    assert TRACED.search(value["error"]["message"])


def test_shape_d_task(caller):
    """Tasks answer bare and the code may be null; the request id is only in the headers."""
    reply = caller()("/v1/videos", VIDEO, key=keys.BROKE)
    assert json.loads(reply.body) == {
        "code": None,
        "message": "user quota is not enough",
        "data": None,
    }
    assert reply.header("x-cometapi-request-id")


def test_shape_e_midjourney(caller):
    """Midjourney answers bare with a description and a number."""
    reply = caller(script=script(fail("midjourney_saturated")))("/mj/submit/imagine", PICTURE)
    value = json.loads(reply.body)
    assert list(value) == ["description", "type", "code"]
    assert (reply.status, value["code"]) == (429, 30)


@pytest.mark.parametrize(
    ("path", "body", "shape"),
    [
        ("/v1/chat/completions", {"model": "gpt-5", "messages": [1]}, {"error"}),
        ("/v1/messages", MESSAGES, {"type", "error"}),
        ("/v1/videos", VIDEO, {"code", "message", "data"}),
        ("/mj/submit/imagine", PICTURE, {"description", "type", "code"}),
    ],
)
def test_a_relay_error_takes_the_shape_of_its_path(caller, path, body, shape):
    """The same failure is written differently on each path."""
    assert set(json.loads(caller(script=script(fail(503)))(path, body).body)) == shape


def test_the_request_id_of_the_text_is_that_of_the_header(caller):
    """Both places name the same request."""
    reply = caller()(model="no-such-model")
    message = json.loads(reply.body)["error"]["message"]
    assert f"(request id: {reply.header('x-oneapi-request-id')})" in message
