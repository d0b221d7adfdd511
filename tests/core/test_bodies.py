"""Bytes to documents: encodings, frames, broken and doubled documents."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.bodies import INSPECTED_BYTES_MAX, Form, decode, embedded, read_body, salvaged

ERROR = {"error": {"message": "余额不足", "code": "x"}}
TEXT = json.dumps(ERROR, ensure_ascii=False)


@pytest.mark.parametrize(
    ("encoding", "content_type"),
    [
        ("utf-8", ""),
        ("utf-8-sig", "application/json"),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("gbk", ""),
        ("gb18030", "application/json; charset=gb2312"),
    ],
)
def test_every_encoding_seen_is_read(encoding, content_type):
    """By its mark, its name, or its look."""
    headers = {"content-type": content_type}
    assert read_body(headers, TEXT.encode(encoding)).documents == (ERROR,)


@pytest.mark.parametrize("charset", ["punycode", "rot13", "unicode_escape", "no-such", "utf-7"])
def test_only_encodings_of_text_are_looked_up(charset):
    """A server cannot pick one of Python's other codecs."""
    assert decode(b"plain", f"text/plain; charset={charset}") == "plain"


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"", Form.EMPTY),
        (b" \r\n\x00", Form.EMPTY),
        (b'{"a": 1}', Form.JSON),
        (b"\n\n  [1]", Form.JSON),
        (b"data: {}\n\n", Form.EVENTS),
        (b": PING\n\n", Form.EVENTS),
        (b"event: error\ndata: {}\n\n", Form.EVENTS),
        (b"<html></html>", Form.PAGE),
        (b"<!DOCTYPE html>", Form.PAGE),
        (b"upstream timeout", Form.TEXT),
        (b'{"a": ', Form.BROKEN),
        (b"{'a': 1}", Form.BROKEN),
    ],
)
def test_the_first_character_decides_not_the_content_type(body, form):
    """Gin keeps the content type of the stream it had begun."""
    for content_type in ("application/json", "text/event-stream", "text/html", ""):
        if form is Form.TEXT and content_type == "text/event-stream":
            continue
        assert read_body({"content-type": content_type}, body).form is form


def test_two_documents_in_a_row_are_both_read():
    """new-api's limiter forgets to return after its first answer."""
    assert read_body({}, b'{"a":1}\n{"b":2}').documents == ({"a": 1}, {"b": 2})


def test_frames_and_bare_json_between_them_are_read():
    """`: PING` commits the 200, the error comes without `data:`."""
    body = b': PING\n\ndata: {"a":1}\n\n{"error":{"code":"x"}}\n\ndata: [DONE]\n\n'
    read = read_body({}, body)
    assert read.documents == ({"a": 1}, {"error": {"code": "x"}})
    assert read.done


def test_a_document_inside_a_text_is_read():
    """Tools wrap the body in a sentence of their own."""
    assert embedded('429: {"error":{"code":"x"}} (request id: 1)') == {"error": {"code": "x"}}
    assert embedded("no braces") is None
    assert embedded("{ not json") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"error":{"code":"a","message":"cut sho', {"code": "a", "message": "cut sho"}),
        ("{'error': {'code': 'a', 'type': 'b'}}", {"code": "a", "type": "b"}),
        ('{"error":{"message":"line\\nbreak","code":429', {"message": "line\nbreak", "code": 429}),
    ],
)
def test_what_can_still_be_read_is_salvaged(text, found):
    """Truncated JSON, and Python's idea of it."""
    assert salvaged(text) == {"error": found}


def test_a_deep_document_is_broken_not_an_exception():
    """A bomb of brackets ends as text."""
    assert read_body({}, b"[" * 200_000).form is Form.BROKEN
    assert read_body({}, b'{"a":' * 100_000).form is Form.BROKEN


def test_no_more_than_256_kib_are_read():
    """What comes later does not count."""
    body = b'{"a":"' + b"x" * INSPECTED_BYTES_MAX + b'"}{"error":1}'
    read = read_body({}, body)
    assert read.form is Form.BROKEN
    assert len(read.text) <= INSPECTED_BYTES_MAX


@given(body=st.binary(max_size=300), content_type=st.text(max_size=40))
def test_any_bytes_are_read(body, content_type):
    """Nothing raises."""
    assert read_body({"content-type": content_type}, body).form in Form
