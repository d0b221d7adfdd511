"""Answers of the edge, the web server and the web page."""

from __future__ import annotations

import json
from random import Random

import pytest

from halley.simulator.pages import PAGES, page_reply


@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_whole_and_has_a_source(name):
    """The length is right, no placeholder is left, no gateway id is claimed."""
    reply = page_reply(PAGES[name], Random(1))
    assert reply.header("content-length") == str(len(reply.body))
    assert b"{ray}" not in reply.body
    assert reply.header("x-oneapi-request-id") is None
    assert PAGES[name].source


def test_cloudflare_524_is_html_with_a_ray():
    """The page names the same ray as the header, and Cloudflare as the server."""
    reply = page_reply(PAGES["cloudflare_524"], Random(1))
    assert (reply.status, reply.header("server")) == (524, "cloudflare")
    assert reply.header("cf-ray").partition("-")[0].encode() in reply.body
    assert b"524: A timeout occurred" in reply.body


def test_problem_details_say_when_to_retry():
    """The newer form of the edge is JSON and says it is retryable."""
    reply = page_reply(PAGES["cloudflare_522_problem"], Random(1))
    value = json.loads(reply.body)
    assert (value["retryable"], value["retry_after"], value["cloudflare_error"]) == (True, 2, True)


def test_1015_tells_a_wait():
    """The edge's rate limit carries Retry-After: 30."""
    reply = page_reply(PAGES["cloudflare_1015"], Random(1))
    assert (reply.status, reply.header("retry-after"), reply.body) == (
        429,
        "30",
        b"error code: 1015",
    )


def test_the_limiters_429_is_empty():
    """new-api's own limiter says nothing at all."""
    reply = page_reply(PAGES["empty_429"], Random(1))
    assert (reply.status, reply.body, reply.header("content-type")) == (429, b"", None)
