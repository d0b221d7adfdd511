"""Preflight: what is refused, what is only warned of, and that nothing of a body is repeated."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.checks.preflight import check
from halley.core.model import Request

from .bodies import GOOD, HELLO, PATHS, errors, request, warnings

ROLES = "developer, system, user, assistant, tool, function"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["model", "messages", "role", "type", "content", "input", "contents", "parts"]
            )
            | st.text(max_size=6),
            inner,
            max_size=5,
        )
    ),
    max_leaves=30,
)


@pytest.mark.parametrize("shape", PATHS)
def test_a_good_body_of_each_shape_has_no_findings(shape):
    """The smallest body that each endpoint takes."""
    assert check(request(GOOD[shape], shape)) == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "body: expected a JSON object, got nothing"),
        (b" \n", "body: expected a JSON object, got nothing"),
        (
            b"{'a': 1}",
            "body: not JSON: expecting property name enclosed in double quotes at line 1",
        ),
        (b'{\n "model": "m",\n}', "body: not JSON: "),
        (b'{"model": "caf\xe9"}', "body: expected UTF-8, got another byte at offset 14"),
        (b"\xef\xbb\xbf{}", "body: expected JSON, got a byte order mark before it"),
        (b'{"temperature": NaN}', "body: not JSON: NaN is no number of JSON's"),
        (b"[" * 100_000, "body: not JSON that a server reads: nested too deeply"),
        (
            b'{"n": ' + b"9" * 5000 + b"}",
            "body: not JSON that a server reads: a number is too long",
        ),
        (b"[1]", "body: expected an object, got a list"),
        (b'"hi"', "body: expected an object, got text"),
    ],
)
def test_what_is_no_json_object_is_said_with_its_place(body, message):
    """Each way of not being a JSON object, and where it begins."""
    (found,) = errors(body)
    assert found.startswith(message)


@pytest.mark.parametrize(
    ("shape", "body", "expected"),
    [
        ("chat", {"messages": HELLO}, "model: required, but missing"),
        ("chat", {"model": "m"}, "messages: required, but missing"),
        ("chat", {"model": "m", "messages": "hi"}, "messages: expected a list, got text"),
        ("chat", {"model": "m", "messages": None}, "messages: expected a list, got null"),
        ("chat", {"model": "m", "messages": []}, "messages: expected at least one, got none"),
        (
            "chat",
            {"model": "m", "messages": [*HELLO, *HELLO, {"role": "usr", "content": "hi"}]},
            f'messages[2].role: expected one of {ROLES}, got "usr"',
        ),
        (
            "chat",
            {"model": "m", "messages": [{"content": "hi"}]},
            "messages[0].role: required, but missing",
        ),
        (
            "chat",
            {"model": "m", "messages": [{"role": "user", "content": 5}]},
            "messages[0].content: expected text or a list, got a number",
        ),
        (
            "chat",
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text: required, but missing",
        ),
        (
            "chat",
            {"model": "m", "messages": [{"role": "tool", "content": "x"}]},
            "messages[0].tool_call_id: required, but missing",
        ),
        (
            "chat",
            {**GOOD["chat"], "temperature": "0.7"},
            "temperature: expected a number, got text",
        ),
        ("chat", {**GOOD["chat"], "n": 1.5}, "n: expected a whole number, got a number"),
        ("chat", {**GOOD["chat"], "stream": "yes"}, "stream: expected true or false, got text"),
        (
            "chat",
            {**GOOD["chat"], "tools": [{"type": "function", "function": {}}]},
            "tools[0].function.name: required, but missing",
        ),
        (
            "responses",
            {"model": "m", "input": [{"role": "usr", "content": "x"}]},
            'input[0].role: expected one of user, assistant, system, developer, got "usr"',
        ),
        (
            "responses",
            {"model": "m", "input": [{"type": "function_call_output", "call_id": "c"}]},
            "input[0].output: required, but missing",
        ),
        ("embeddings", {"model": "m", "input": 5}, "input: expected text or a list, got a number"),
        ("embeddings", {"model": "m", "input": ["a", ""]}, "input[1]: expected text, got none"),
        ("images", {"prompt": 5}, "prompt: expected text, got a number"),
        ("messages", {"model": "m", "messages": HELLO}, "max_tokens: required, but missing"),
        (
            "messages",
            {**GOOD["messages"], "messages": [{"role": "user", "content": ""}]},
            "messages[0].content: expected content, got none",
        ),
        (
            "messages",
            {**GOOD["messages"], "messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0].text: required, but missing",
        ),
        (
            "messages",
            {**GOOD["messages"], "max_tokens": -1},
            "max_tokens: expected at least 0, got less",
        ),
        ("gemini", {}, "contents: required, but missing"),
        (
            "gemini",
            {"contents": [{"role": "usr", "parts": [{"text": "x"}]}]},
            'contents[0].role: expected one of user, model, function, tool, system, got "usr"',
        ),
        (
            "gemini",
            {"contents": [{"parts": [{"text": 5}]}]},
            "contents[0].parts[0].text: expected text, got a number",
        ),
    ],
)
def test_an_error_points_at_the_field(shape, body, expected):
    """One thing wrong, one finding, at its field and with what was expected."""
    assert errors(body, shape) == [expected]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"temprature": 1}, "temprature: unknown field, did you mean temperature?"),
        ({"enable_thinking": True}, "enable_thinking: unknown field, a gateway may know it"),
        ({"jo@example.org": 1}, "…: unknown field, a gateway may know it"),
        ({"tools": None}, "tools: expected a list, got null"),
        (
            {"reasoning_effort": "ultra"},
            (
                "reasoning_effort: expected one of none, minimal, low, medium, high, xhigh, max, "
                'got "ultra"'
            ),
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {}}]}]},
            (
                "messages[0].content[0].type: expected one of text, image_url, input_audio, file, "
                'got "video_url"'
            ),
        ),
        (
            {"messages": [{"role": "system", "content": [{"type": "image_url", "image_url": {}}]}]},
            'messages[0].content[0].type: expected "text", got "image_url"',
        ),
        (
            {"messages": [{"role": "user", "content": ""}]},
            "messages[0].content: expected content, got none",
        ),
    ],
)
def test_what_a_gateway_may_take_is_a_warning(change, expected):
    """Unknown fields, unlisted words and null never refuse a body."""
    body = {**GOOD["chat"], **change}
    assert errors(body) == []
    assert warnings(body) == [expected]


@pytest.mark.parametrize("field", ["strict", "parameters"])
def test_where_null_will_do_so_will_nothing(field):
    """The SDK's types require `strict` and `parameters` of a tool, but let them be null."""
    tool = {"type": "function", "name": "f", "strict": True, "parameters": {}}
    del tool[field]
    assert check(request({**GOOD["responses"], "tools": [tool]}, "responses")) == ()


@pytest.mark.parametrize("last", ["assistant"])
def test_anthropics_last_assistant_message_may_be_empty(last):
    """The exception that its own error message names."""
    messages = [*HELLO, {"role": last, "content": ""}]
    assert check(request({**GOOD["messages"], "messages": messages}, "messages")) == ()


def test_an_azure_path_names_the_model():
    """A deployment in the path takes the place of the field."""
    path = "/openai/deployments/gpt/chat/completions"
    assert check(request({"messages": HELLO}, path)) == ()
    assert errors({"messages": HELLO}) == ["model: required, but missing"]


@pytest.mark.parametrize(
    "unseen",
    [
        request(b"{", "/v1/threads/t/messages", content_type="text/plain"),
        request(b"{", "/v1/audio/transcriptions", content_type="multipart/form-data; boundary=x"),
        request(b"\x1f\x8b\x08", "chat"),
        request(b"", "/v1/responses/resp_1/cancel"),
        Request("POST", "", PATHS["chat"], body=None),
        Request("GET", "", "/v1/models"),
    ],
    ids=lambda one: f"{one.method} {one.path} {one.content_type}",
)
def test_what_cannot_be_looked_at_is_let_through(unseen):
    """Forms, compressed bodies, bodies not in memory, and endpoints without a body."""
    assert check(unseen) == ()


def test_on_other_endpoints_json_must_be_json():
    """No shape is known, but what calls itself JSON and is none will be refused anywhere."""
    assert errors(b"{", "/v1/fine_tuning/jobs") != []
    assert errors(b'{"anything": 1}', "/v1/fine_tuning/jobs") == []


def test_a_finding_repeats_nothing_of_the_prompt():
    """A canary in every text of a body that is wrong everywhere shows up in no finding."""
    canary = "blue elephant canary"
    body = {
        "model": 1,
        "messages": [
            {"role": canary, "content": canary},
            {"role": "user", "content": [{"type": canary, "text": canary}]},
            {"role": "user", "content": {"text": canary}},
        ],
        canary: canary,
        "temperature": canary,
        "tools": [{"type": "function", "function": {"name": 1, "description": canary}}],
        "reasoning_effort": canary,
    }
    found = check(request(body))
    assert len(found) >= 7
    assert all("canary" not in str(finding) for finding in found)


@given(body=st.binary(max_size=300), shape=st.sampled_from([*PATHS, "/v1/videos"]))
def test_no_bytes_make_it_raise(body, shape):
    """Any bytes on any endpoint give findings."""
    check(request(body, shape))


@given(body=JSON_VALUES, shape=st.sampled_from(list(PATHS)))
def test_no_json_makes_it_raise(body, shape):
    """Any JSON, near the shapes and far from them; lone surrogates and NaN too."""
    check(request(json.dumps(body).encode(), shape))
