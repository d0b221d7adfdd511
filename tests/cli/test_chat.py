"""Reading an answer, whole or in pieces, whatever a service puts into it."""

import json

import httpx2
import pytest

from halley.cli import chat
from halley.cli.chat import request_body
from halley.core.policy import Policy
from halley.transport.httpx2 import Client

DELTA = {"choices": [{"delta": {"content": "hi"}}], "model": "m"}
FINISH = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
USAGE = {"choices": [], "usage": {"total_tokens": 7}}
ERROR = {"error": {"message": "no"}}


def sse(*events):
    lines = (event if isinstance(event, str) else json.dumps(event) for event in events)
    return "".join(f": PING\n\ndata: {line}\n\n" for line in lines).encode()


@pytest.fixture
def asked():
    """Ask a service that answers once; return the answer and what was heard of it."""

    def ask(body, content_type):
        headers = {"content-type": content_type}
        transport = httpx2.MockTransport(
            lambda _: httpx2.Response(200, headers=headers, content=body)
        )
        heard = []
        with Client(transport=transport, policy=Policy(attempts=1)) as client:
            answer = chat.ask(client, "http://x/v1/chat", "k", {}, heard=heard.append)
        return answer, heard

    return ask


@pytest.mark.parametrize(
    ("events", "text", "whole"),
    [
        ((DELTA, DELTA, FINISH, USAGE, "[DONE]"), "hihi", True),
        ((DELTA, FINISH), "hi", True),
        ((DELTA, "[DONE]"), "hi", False),
        ((DELTA,), "hi", False),
        ((DELTA, ERROR, "[DONE]"), "hi", False),
        ((DELTA, FINISH, ERROR), "hi", False),
        ((DELTA, "{broken", FINISH), "hi", True),
        ((DELTA, "[1]", {"choices": "x"}, {"choices": [None]}, FINISH), "hi", True),
    ],
)
def test_a_stream(asked, events, text, whole):
    """Whole is what has a finish reason and no error; what cannot be read is passed over."""
    answer, heard = asked(sse(*events), "text/event-stream")
    assert (answer.text, answer.whole) == (text, whole)
    assert "".join(heard) == text
    assert bool(answer.error) is (ERROR in events)


def test_what_a_stream_says_of_itself(asked):
    """Model and usage, wherever in the stream they stand."""
    answer, _ = asked(sse(DELTA, FINISH, USAGE), "text/event-stream")
    assert (answer.model, answer.usage) == ("m", {"total_tokens": 7})


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}, "hi"),
        ({"choices": [{"message": {"content": None}, "finish_reason": "tool_calls"}]}, ""),
    ],
)
def test_a_whole_reply(asked, document, text):
    """Text, or none where the model called a tool."""
    answer, heard = asked(json.dumps(document).encode(), "application/json")
    assert (answer.text, answer.whole, heard) == (text, True, [text])


def test_the_request():
    """A system message only when there is one; usage is asked for in a stream."""
    assert request_body("p", system="", model="m", stream=False) == {
        "model": "m",
        "messages": [{"role": "user", "content": "p"}],
    }
    streamed = request_body("p", system="s", model="m", stream=True)
    assert streamed["messages"][0] == {"role": "system", "content": "s"}
    assert streamed["stream_options"] == {"include_usage": True}
