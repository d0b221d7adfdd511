"""What a server quotes of the request is left out of its error, what the error is about stays."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halley
from halley.records.echo import ECHO, without_echo

PROMPT = 'Tell me of the comet "Halley",\nits tail and 那颗彗星的尾巴有多长呢？'
BODY = {
    "model": "claude-sonnet-4-5-20250929",
    "max_completion_tokens": 10,
    "user": "user-4711",
    "messages": [{"role": "user", "content": [{"type": "text", "text": PROMPT}]}],
}


def request(*, ascii_only: bool = False) -> bytes:
    """The body as SDKs write it."""
    return json.dumps(BODY, ensure_ascii=ascii_only).encode()


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("depth", [0, 1])
def test_a_quoted_prompt_is_left_out(depth: int, *, ascii_only: bool):
    """Bare, or as JSON escapes it."""
    text = f"refused: {PROMPT}"
    if depth:
        text = json.dumps({"error": {"message": text}}, ensure_ascii=ascii_only)
    shown = without_echo(text, request(ascii_only=ascii_only))
    assert ECHO in shown
    assert "refused: " in shown
    assert "comet" not in shown
    assert "tail" not in shown


def test_the_whole_request_is_left_out():
    """As gateways that dump it do."""
    shown = without_echo(f"bad request: {request().decode()}", request())
    assert "comet" not in shown
    assert "user-4711" not in shown


@pytest.mark.parametrize(
    "text",
    [
        "The model claude-sonnet-4-5-20250929 does not exist",
        "Unsupported parameter: 'max_completion_tokens'",
        "messages: text content blocks must be non-empty (request id: 2026AbC)",
    ],
)
def test_what_an_error_is_about_stays(text: str):
    """Models, and names of fields."""
    assert without_echo(text, request()) == text


def test_a_piece_of_a_prompt_is_left_out():
    """Twenty characters in a row are a quotation, fewer could be chance."""
    body = json.dumps({"prompt": "0123456789abcdefghijKLMNOPQRSTUVWXYZ"}).encode()
    assert without_echo("x 56789abcdefghijKLMNO y", body) == f"x {ECHO} y"
    assert without_echo("x 56789abcdefghijKLMN y", body) == "x 56789abcdefghijKLMN y"


def test_a_body_that_is_no_json_is_private_as_a_whole():
    """A form, or JSON that is broken: that may be why it was refused."""
    body = b'{"prompt": "an unclosed secret of some length, "model": 1'
    assert "unclosed" not in without_echo('near "an unclosed secret of some length"', body)


def test_other_private_values_are_left_out():
    """Cookies, headers and parameters, as the transport knows them."""
    shown = without_echo("session=abcdefgh; q=1", None, [halley.Secret("abcdefgh")])
    assert shown == f"session={ECHO}; q=1"


def test_without_a_request_nothing_changes():
    """A body that is not in memory cannot be compared."""
    assert without_echo("anything at all", None) == "anything at all"


@settings(max_examples=100, deadline=None)
@given(st.text(min_size=20, max_size=200), st.text(max_size=30), st.text(max_size=30))
def test_any_prompt_is_found(prompt: str, before: str, after: str):
    """Whatever its characters and its surroundings."""
    body = json.dumps({"messages": [{"role": "user", "content": prompt}]}).encode()
    shown = without_echo(f"{before}{prompt}{after}", body)
    assert prompt not in shown
    assert ECHO in shown
