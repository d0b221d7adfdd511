"""LLM tokens of a request, judged by its bytes, and of an answer, as it says."""

from __future__ import annotations

import json

import pytest

from halley.core.cost import UNKNOWN_TOKENS, tokens_of
from halley.core.model import Request


def asked(**fields: object) -> Request:
    """A request whose messages take 4000 bytes."""
    body = {"model": "m", "messages": ["x" * 4000], **fields}
    return Request("POST", "https://h", "/v1/chat/completions", json.dumps(body).encode())


@pytest.mark.parametrize(
    "name", ["max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens"]
)
def test_a_request_takes_a_quarter_of_its_bytes_and_what_it_allows(name: str):
    """Whatever the field is called."""
    assert tokens_of(asked(**{name: 500})) == pytest.approx(1000 + 500, rel=0.05)


def test_without_a_limit_the_input_counts_alone_and_nothing_is_free():
    """A body that is not in memory counts as a thousand."""
    assert tokens_of(asked()) == pytest.approx(1000, rel=0.05)
    assert tokens_of(Request("GET", "https://h", "/v1/models", b"")) == 1.0
    assert tokens_of(Request("POST", "https://h", "/v1/audio", None)) == UNKNOWN_TOKENS


def test_a_word_of_the_prompt_is_no_limit_in_the_middle_of_a_large_body():
    """The limit stands at an end."""
    body = b'{"messages": "' + b"x" * 9000 + b'"max_tokens": 9999999' + b"x" * 9000 + b'"}'
    request = Request("POST", "https://h", "/v1/chat/completions", body)
    assert tokens_of(request) == len(body) / 4
