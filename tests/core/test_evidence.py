"""What bodies say: envelopes, codes in odd types, errors inside errors."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core.envelopes import Shape
from halley.core.evidence import TEXT_CHARS_MAX, evidence_of


def of(document, *, success=False, **headers):
    body = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
    return evidence_of(headers, body.encode(), success=success)


@pytest.mark.parametrize(
    ("document", "shape", "label"),
    [
        ({"error": {"code": "x", "message": "m", "type": "new_api_error"}}, Shape.ENVELOPE, "x"),
        (
            {"error": {"message": "m", "type": "t", "param": "", "code": "invalid_request"}},
            Shape.ENVELOPE,
            "invalid_request",
        ),
        (
            {"type": "error", "error": {"type": "api_error", "message": "m"}},
            Shape.ENVELOPE,
            "api_error",
        ),
        ({"code": "task_not_exist", "message": "m", "data": None}, Shape.TASK, "task_not_exist"),
        (
            {"description": "m", "type": "upstream_error", "code": 30},
            Shape.MIDJOURNEY,
            "mj.30",
        ),
    ],
)
def test_the_five_shapes_of_one_gateway(document, shape, label):
    """new-api: middleware, relay, Claude route, tasks, Midjourney."""
    evidence = of(document)
    assert evidence.shape is shape
    assert label in evidence.labels
    assert evidence.text == "m"


@pytest.mark.parametrize(
    ("document", "shape"),
    [
        ({"error": "Invalid token"}, Shape.STRING),
        ({"code": "A sentence as a code", "error": "words"}, Shape.STRING),
        ([{"error": {"code": 429, "message": "m"}}], Shape.ENVELOPE),
        ({"errors": [{"code": 10000, "message": "m"}], "success": False}, Shape.ENVELOPE),
        ({"object": "error", "message": "m", "code": "3505"}, Shape.FLAT),
        ({"type": "error", "code": "server_error", "message": "m"}, Shape.FLAT),
        ({"message": "m"}, Shape.FLAT),
        ({"code": "ValidationException"}, Shape.FLAT),
        ({"detail": "Unauthorized"}, Shape.FLAT),
        ({"code": None, "message": "user quota is not enough"}, Shape.TASK),
        ({"title": "t", "status": 522, "cloudflare_error": True}, Shape.PROBLEM),
        ({"base_resp": {"status_code": 1008, "status_msg": "m"}}, Shape.TASK),
        ({"choices": [{"error": {"code": 502, "message": "m"}}]}, Shape.ENVELOPE),
        (
            {"response": {"status": "failed", "error": {"code": "x", "message": "m"}}},
            Shape.ENVELOPE,
        ),
        ("", Shape.EMPTY),
        ("upstream timeout", Shape.TEXT),
        ("<html><title>t</title></html>", Shape.PAGE),
        ({"id": "1", "choices": []}, Shape.NONE),
    ],
)
def test_every_other_shape_seen(document, shape):
    """xAI, Gemini, Mistral, Responses, Bedrock, FastAPI, Cloudflare, MiniMax, OpenRouter."""
    assert of(document).shape is shape


@pytest.mark.parametrize("code", [None, "", True, [], {"nested": 1}])
def test_a_code_that_says_nothing_leaves_the_type(code):
    """Null, empty, a boolean, a list."""
    assert of({"error": {"code": code, "type": "insufficient_quota"}}).labels == {
        "insufficient_quota"
    }


def test_codes_of_every_type_are_read():
    """A number, a number as text, an object."""
    assert of({"error": {"code": 1302, "message": "m"}}).labels == {"1302"}
    assert of({"error": {"code": "1113"}}).labels == {"1113"}
    assert of({"error": {"code": {"type": "rate_limit_exceeded"}}}).labels == {
        "rate_limit_exceeded"
    }
    assert of({"error": {"code": 429}}).status == 429
    assert of({"error": {"code": "429"}}).status == 429


def test_a_code_is_known_by_its_parts_too():
    """`local:insufficient_quota`, `…#ThrottlingException`, `RateLimitExceeded.Endpoint…`."""
    assert "insufficient_quota" in of({"error": {"code": "local:insufficient_quota"}}).labels
    assert "throttlingexception" in of({"__type": "com.amazon.x#ThrottlingException"}).labels
    assert "ratelimitexceeded" in of({"error": {"code": "RateLimitExceeded.EndpointRPM"}}).labels


def test_the_class_of_bedrock_stands_in_a_header():
    """The body may be empty."""
    header = {"x-amzn-errortype": "ThrottlingException:http://internal.amazon.com/coral/"}
    assert "throttlingexception" in evidence_of(header, b"").labels


def test_the_code_of_an_error_in_xml_is_read():
    """As AWS and its likes write it; any other page stays a page."""
    body = b"<ErrorResponse><Error><Code>ExpiredToken</Code></Error></ErrorResponse>"
    assert "expired_token" in evidence_of({}, body).labels
    assert evidence_of({}, b"<html><code>ExpiredToken</code></html>").shape is Shape.PAGE


def test_a_message_that_is_a_code_counts_as_one():
    """Some gateways put the code where the sentence should be."""
    assert "insufficient_quota" in of({"message": "insufficient_quota"}).labels


@pytest.mark.parametrize(
    "document",
    [
        {"ResponseMetadata": {"RequestId": "1", "Error": {"Code": "AccountOverdue"}}},
        {"Response": {"Error": {"Code": "AccountOverdue", "Message": "m"}, "RequestId": "1"}},
        {"error_code": "AccountOverdue", "error_msg": "m"},
    ],
)
def test_the_envelopes_of_the_chinese_clouds_are_read(document):
    """Volcengine, Tencent, Baidu."""
    assert "account_overdue" in of(document).labels


def nested(inner, levels):
    for _ in range(levels):
        inner = json.dumps({"error": {"message": inner, "code": 429}})
    return json.loads(inner)


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_an_error_stringified_inside_a_message_is_read(levels):
    """Two levels were seen (gemini-cli), three are followed."""
    inner = json.dumps(
        {"error": {"status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "20s"}]}}
    )
    evidence = of(nested(inner, levels))
    assert "resource_exhausted" in evidence.labels
    assert evidence.delay_s == 20


def test_an_inner_error_that_is_not_quite_json_is_salvaged():
    """One recorded body has raw line breaks and keys that begin with a space."""
    inner = (
        '{\n"error": {"status": "RESOURCE_EXHAUSTED", "details": [{" @type": 1, "retryDelay": "9s"'
    )
    evidence = of({"error": {"message": inner, "code": 429}})
    assert "resource_exhausted" in evidence.labels
    assert evidence.delay_s == 9


def test_the_first_error_frame_of_a_stream_is_read():
    """After frames with `error: null`."""
    body = (
        'data: {"type":"response.created","response":{"error":null}}\n\n'
        'data: {"type":"error","error":{"code":"insufficient_quota","message":"m"}}\n\n'
    )
    evidence = of(body, success=True)
    assert evidence.labels == {"insufficient_quota"}


@pytest.mark.parametrize(
    "document",
    [
        {"id": "1", "error": None, "message": "hello"},
        {"code": 0, "message": "SUCCEED", "data": {}},
        {"code": "success", "message": ""},
        {"code": 1, "description": "提交成功"},
        {"detail": "high", "data": [{"url": "u"}]},
        {"title": "t", "status": 7},
    ],
)
def test_an_answer_is_no_error(document):
    """Under a good status only what cannot be part of an answer counts."""
    assert of(document, success=True).shape is Shape.NONE


def test_the_field_at_fault_is_named():
    """OpenAI's param, FastAPI's loc, Google's fieldViolations."""
    assert of({"error": {"param": "temperature", "message": "m"}}).param == "temperature"
    assert of({"detail": [{"loc": ["body", "messages"], "msg": "m"}]}).param == "body.messages"
    violations = [{"fieldViolations": [{"field": "contents[0]"}]}]
    assert of({"error": {"details": violations}}).param == "contents[0]"


def test_a_number_as_param_is_the_upstreams_status():
    """new-api's status_code_mapping keeps the true one there."""
    evidence = of({"error": {"param": "404", "code": "bad_response_status_code"}})
    assert evidence.status == 404
    assert evidence.param == ""


def test_a_servers_word_can_never_pass_as_one_of_our_marks():
    """Marks begin with `@`, and that is taken off what a server says."""
    assert of({"error": {"code": "@poll"}}).labels == {"poll"}


def test_long_texts_keep_their_head_and_their_tail():
    """Waits and ids stand at the end."""
    evidence = of({"error": {"message": "head " + "x" * 100_000 + " try again in 7s"}})
    assert len(evidence.text) <= TEXT_CHARS_MAX + 1
    assert evidence.text.startswith("head")
    assert evidence.said_s == 7


NAMES = st.sampled_from(
    ("error", "errors", "code", "type", "message", "details", "metadata", "param", "status", "loc")
) | st.sampled_from(
    ("detail", "choices", "response", "data", "headers", "raw", "base_resp", "title", "cause")
)
MORE = st.sampled_from(("retry_after", "retryDelay", "violations", "description", "innererror"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | MORE, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=600)
@given(document=JSON_VALUES, success=st.booleans())
def test_any_document_is_read(document, success):
    """Every known name with every type of value: nothing raises, everything is bounded."""
    evidence = evidence_of({}, json.dumps(document).encode(), success=success)
    assert evidence.delay_s is None or evidence.delay_s >= 0
    assert all(label == label.lower() for label in evidence.labels)
