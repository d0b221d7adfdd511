"""What a path asks for, what is bought by it, which model is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.endpoints import (
    BODY_BYTES_MAX,
    Format,
    endpoint_at,
    endpoint_of,
    model_of,
    renders,
    wants_stream,
)
from halley.core.model import Request


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/v1/chat/completions", Format.OPENAI_CHAT),
        ("/chat/completions", Format.OPENAI_CHAT),
        ("/api/v1/chat/completions", Format.OPENAI_CHAT),
        ("/compatible-mode/v1/chat/completions", Format.OPENAI_CHAT),
        ("/openai/deployments/images/chat/completions?api-version=1", Format.IMAGES),
        ("/openai/deployments/gpt/chat/completions?api-version=1", Format.OPENAI_CHAT),
        ("//v1//chat//completions", Format.OPENAI_CHAT),
        ("/v1/completions", Format.OPENAI_CHAT),
        ("/v1/responses", Format.RESPONSES),
        ("/anthropic/v1/messages", Format.MESSAGES),
        ("/v1beta/models/gemini-3-pro:generateContent", Format.GEMINI),
        ("/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse", Format.GEMINI),
        ("/v1/projects/p/locations/l/publishers/google/models/x:generateContent", Format.GEMINI),
        ("/model/anthropic.claude-v1:0/converse", Format.BEDROCK),
        ("/v1/embeddings", Format.EMBEDDINGS),
        ("/v1/images/edits", Format.IMAGES),
        ("/v1/audio/speech", Format.AUDIO),
        ("/v1/videos", Format.VIDEO),
        ("/mj-fast/mj/submit/imagine", Format.MIDJOURNEY),
        ("/suno/submit/music", Format.SUNO),
        ("/kling/v1/videos/text2video", Format.KLING),
        ("/runway/generate", Format.RUNWAY),
        ("/volc/v3/contents/generations/tasks", Format.BYTEDANCE),
        ("/api/v3/contents/generations/tasks/cgt-1", Format.BYTEDANCE),
        ("/replicate/v1/predictions", Format.REPLICATE),
        ("/v1/models", Format.MODELS),
        ("/", Format.OTHER),
        ("", Format.OTHER),
    ],
)
def test_the_format_is_told_by_the_path_whatever_it_is_mounted_under(path, form):
    """OpenAI, Azure, OpenRouter, DashScope, Vertex, Bedrock and the task families of CometAPI."""
    assert endpoint_at("POST", path).format is form


@pytest.mark.parametrize(
    "path",
    [
        "/v1/videos",
        "/v1/videos/v1/remix",
        "/v1/video/generations",
        "/kling/v1/images/generations",
        "/runway/generate",
        "/volc/v3/contents/generations/tasks",
        "/mj/submit/imagine",
        "/suno/submit/music",
        "/replicate/v1/predictions",
        "/v1/images/generations",
        "/v1/images/edits",
        "/v1/audio/speech",
        "/flux/v1/flux-pro",
        "/bria/image",
        "/v1beta/models/veo-3:predictLongRunning",
        "/v1/batches",
        "/anthropic/v1/messages/batches",
        "/v1beta/models/gemini-3-pro:batchGenerateContent",
        "/v1beta/models/gemini-embedding-001:asyncBatchEmbedContent",
    ],
)
def test_what_is_bought_on_acceptance(path):
    """A POST buys, a GET of the same family never does."""
    assert endpoint_at("POST", path).paid_submit
    assert not endpoint_at("GET", path).paid_submit


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/videos/task_1"),
        ("GET", "/v1/video/generations/1"),
        ("GET", "/kling/v1/videos/text2video/1"),
        ("GET", "/mj/task/1/fetch"),
        ("POST", "/mj/task/list-by-condition"),
        ("GET", "/suno/fetch/1"),
        ("POST", "/suno/fetch"),
        ("POST", "/runway/feed"),
        ("GET", "/volc/v3/contents/generations/tasks/1"),
    ],
)
def test_what_polls(method, path):
    """Free to repeat, and never a purchase."""
    endpoint = endpoint_at(method, path)
    assert endpoint.poll
    assert not endpoint.paid_submit


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/models"])
def test_what_is_paid_by_the_word_is_no_paid_submit(path):
    """A retry costs at most one more answer."""
    endpoint = endpoint_at("POST", path)
    assert not endpoint.paid_submit
    assert not endpoint.poll


def test_a_download_is_neither_a_poll_nor_json():
    """Its answer is the film itself."""
    endpoint = endpoint_at("GET", "/v1/videos/task_1/content")
    assert (endpoint.format, endpoint.poll) == (Format.OTHER, False)


def ask(body, path="/v1/chat/completions", content_type="application/json"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Request("POST", "https://api.cometapi.com", path, raw, content_type)


@pytest.mark.parametrize(
    ("model", "paid"),
    [("sora-2", True), ("gemini-3-pro-image", True), ("gpt-image-1", True), ("gpt-5", False)],
)
def test_a_model_that_renders_is_bought_on_a_chat_endpoint_too(model, paid):
    """Sora and image models through chat."""
    assert renders(model) is paid
    assert endpoint_of(ask({"model": model})).paid_submit is paid


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\nmodel\r\n'
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nsora-2\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    ("request_", "model"),
    [
        (ask({"model": "gpt-5", "messages": []}), "gpt-5"),
        (ask({"messages": [{"model": "inner"}]}), ""),
        (ask({"model": None}), ""),
        (ask({}, "/v1beta/models/gemini-3-pro:generateContent"), "gemini-3-pro"),
        (ask({}, "/model/anthropic.claude-v1:0/converse"), "anthropic.claude-v1:0"),
        (ask({}, "/openai/deployments/my-gpt/chat/completions"), "my-gpt"),
        (ask({}, "/v1beta/models/{model}:generateContent"), ""),
        (ask(FORM, "/v1/videos", "multipart/form-data; boundary=b"), "sora-2"),
        (ask(b'{"model": "big", "x": "' + b"y" * BODY_BYTES_MAX + b'"}'), "big"),
        (ask(b'{"model": "cut", "mess'), "cut"),
        (ask(b"\xff\x00"), ""),
        (Request("GET", "", "/v1/models", None), ""),
    ],
)
def test_the_model_is_read_from_path_body_or_form(request_, model):
    """Top level only, bounded, "" when unknown."""
    assert model_of(request_) == model


@pytest.mark.parametrize(
    ("request_", "stream"),
    [
        (ask({"stream": True}), True),
        (ask({"stream": False}), False),
        (ask({"messages": [{"content": '"stream": true'}]}), False),
        (ask({}, "/v1beta/models/x:streamGenerateContent"), True),
        (ask({}, "/v1beta/models/x:generateContent?alt=sse"), True),
        (ask({}, "/model/x/converse-stream"), True),
        (ask({}), False),
    ],
)
def test_the_wish_for_a_stream_is_read(request_, stream):
    """From the body, or from the path of Gemini and Bedrock."""
    assert wants_stream(request_) is stream


@given(path=st.text(max_size=60), body=st.binary(max_size=120), content_type=st.text(max_size=20))
def test_any_request_can_be_asked(path, body, content_type):
    """Nothing raises."""
    request = ask(body, path, content_type)
    assert endpoint_of(request).format in Format
    assert len(model_of(request)) <= 200
    assert wants_stream(request) in {True, False}
