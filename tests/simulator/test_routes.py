"""Paths the gateway has, and what it says on those it does not have."""

from __future__ import annotations

import json

import pytest

from halley.simulator import Profile
from halley.simulator.routes import Wire, match


@pytest.mark.parametrize(
    ("method", "path", "wire"),
    [
        ("POST", "/v1/chat/completions", Wire.CHAT),
        ("POST", "/v1beta/models/gemini-2.5-pro:generateContent", Wire.GEMINI),
        ("POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent", Wire.GEMINI),
        ("POST", "/v1/models/gemini-2.5-pro:generateContent", Wire.GEMINI),
        ("GET", "/v1/models/gpt-5", Wire.MODEL),
        ("POST", "/v1/videos", Wire.VIDEO_SUBMIT),
        ("GET", "/v1/videos/task_1", Wire.VIDEO_POLL),
        ("GET", "/v1/videos/task_1/content", Wire.VIDEO_CONTENT),
        ("GET", "/mj/task/1/fetch", Wire.MIDJOURNEY_POLL),
    ],
)
def test_a_path_speaks_one_format(method, path, wire):
    """Each path of the table is found under its method."""
    found = match(method, path)
    assert found
    assert found.route.wire is wire


def test_only_submits_are_paid():
    """Accepting a video or an image buys it; a poll of it does not."""
    assert [
        match(method, path).route.paid
        for method, path in (
            ("POST", "/v1/videos"),
            ("GET", "/v1/videos/task_1"),
            ("POST", "/mj/submit/imagine"),
            ("POST", "/v1/chat/completions"),
        )
    ] == [True, False, True, False]


def test_an_unknown_path_under_v1_is_json(caller):
    """A doubled /v1 gets the gateway's 404, without a request id in the text."""
    reply = caller()("/v1/v1/chat/completions")
    assert reply.status == 404
    error = json.loads(reply.body)["error"]
    assert error["message"] == "Invalid URL (POST /v1/v1/chat/completions)"
    assert reply.header("x-oneapi-request-id")


def test_a_path_without_v1_is_the_web_page(caller):
    """A forgotten /v1 gets HTML with 200, or a redirect that stays on this host."""
    page = caller()("/chat/completions")
    assert (page.status, page.header("content-type")) == (200, "text/html; charset=UTF-8")
    moved = caller(profile=Profile("moved", "", redirect=True))
    reply = moved("/chat/completions")
    assert (reply.status, reply.header("location")) == (301, "/app/chat/completions")
    assert moved.get("/app/chat/completions").status == 200


def test_the_wrong_method_is_an_unknown_path(caller):
    """GET on a POST path is refused as a path that is not there."""
    assert caller().get("/v1/chat/completions").status == 404
