"""Reading a failure as people have it: curl output, JSON lines, SDK texts, bare bodies."""

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.cli.reading import INSPECT_BYTES_MAX, ReadingError, case_of, json_case, readable

BODY = '{"error": {"message": "no", "code": "rate_limit_exceeded"}}'


@pytest.mark.parametrize(
    ("text", "status", "headers", "body"),
    [
        pytest.param(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 20\r\n\r\n" + BODY,
            429,
            {"retry-after": "20"},
            BODY,
            id="HTTP/1.1",
        ),
        pytest.param(
            "HTTP/2 503 \r\ncontent-type: text/plain\r\n\r\nbusy",
            503,
            {"content-type": "text/plain"},
            "busy",
            id="HTTP/2 has no reason",
        ),
        pytest.param("HTTP/1.0 502\n\nbad", 502, {}, "bad", id="bare newlines, no headers"),
        pytest.param("HTTP/3 204\r\nserver: x\r\n\r\n", 204, {"server": "x"}, "", id="no body"),
        pytest.param(
            "HTTP/1.1 500 Oops\r\nserver: x\r\n", 500, {"server": "x"}, "", id="head only"
        ),
        pytest.param(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Unauthorized\r\na: b\r\n\r\nno",
            401,
            {"a": "b"},
            "no",
            id="100-continue",
        ),
        pytest.param(
            "HTTP/1.1 200 Connection established\r\nvia: p\r\n\r\nHTTP/2 403\r\na: b\r\n\r\nno",
            403,
            {"a": "b"},
            "no",
            id="the answer of a proxy",
        ),
        pytest.param(
            "HTTP/1.1 301 Moved\r\nlocation: /v1\r\n\r\nHTTP/1.1 302 Found\r\nlocation: /v2\r\n\r\n"
            "HTTP/1.1 404 Not Found\r\na: b\r\n\r\ngone",
            404,
            {"a": "b"},
            "gone",
            id="two redirects",
        ),
        pytest.param(
            "HTTP/1.1 400 Bad\r\nx: 1\r\nX: 2\r\n\r\nHTTP is a protocol",
            400,
            {"x": "1"},
            "HTTP is a protocol",
            id="repeated header, body like a head",
        ),
        pytest.param("\n\n  HTTP/1.1 500 X\r\n\r\nx", 500, {}, "x", id="blank lines before"),
    ],
)
def test_output_of_curl(text, status, headers, body):
    """`curl -i`: the last head counts, whatever came before it."""
    assert case_of(text.encode()) == {"status": status, "headers": headers, "body": body}


def test_a_json_line_is_taken_as_it_is():
    """A line of the labelled cases, also when it is printed over several lines."""
    case = {"id": "x", "status": 429, "headers": {}, "body": BODY, "task_age_s": 3}
    assert case_of(json.dumps(case, indent=2).encode()) == case


def test_a_status_makes_the_input_a_body():
    """With --status even a case is a body: the caller says what it is."""
    text = json.dumps({"status": 200, "body": "x"}).encode()
    assert case_of(text, status=500) == {"status": 500, "headers": {}, "body": text.decode()}


def test_a_status_corrects_that_of_curl():
    """The head still gives the headers."""
    case = case_of(b"HTTP/1.1 200 OK\r\na: b\r\n\r\nx", status=500)
    assert case == {"status": 500, "headers": {"a": "b"}, "body": "x"}


@pytest.mark.parametrize(
    ("text", "status", "body"),
    [
        ("Error code: 429 - {'error': {'code': None}}", 429, '{"error": {"code": null}}'),
        ("openai.NotFoundError: Error code: 404 - plain words", 404, "plain words"),
        ("Traceback …\n  x\nopenai.X: Error code: 500", 500, ""),
        ("httpx.HTTPStatusError: Server error '503 Service Unavailable' for url …", 503, ""),
        ("Error code: 500 - x\nDuring handling …\nError code: 429 - y", 429, "y"),
        (
            "google.genai.errors.ClientError: 429 RESOURCE_EXHAUSTED. {'error': {'code': 429}}",
            429,
            '{"error": {"code": 429}}',
        ),
    ],
)
def test_texts_of_sdk_errors(text, status, body):
    """Openai and anthropic print a Python dictionary, google-genai too; it was JSON."""
    assert case_of(text.encode()) == {"status": status, "headers": {}, "body": body}


@pytest.mark.parametrize(
    "last",
    [
        "httpx.ConnectTimeout: timed out",
        "openai.APITimeoutError: Request timed out.",
        "aiohttp.client_exceptions.ServerDisconnectedError",
    ],
)
@pytest.mark.parametrize("before", ["", "Traceback (most recent call last):\n  …\n"])
def test_texts_of_exceptions_without_an_answer(before, last):
    """The last line of a traceback names the fault."""
    case = case_of((before + last).encode())
    assert case == {"status": None, "headers": {}, "body": "", "transport_error": last}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "got nothing"),
        (b" \n\t\n", "got nothing"),
        (BODY.encode(), "--status 429"),
        (b'{"truncated": "', "--status 429"),
        (b"[1, 2]", "--status 429"),
        (b'{"status": 1, "body": ""}\n{"status": 2, "body": ""}\n', "--jsonl"),
        (b"<html><title>502</title>", "--status"),
        (b"\x00\x01\xfe\xff junk", "--status"),
        (b"HTTP/nonsense", "status line"),
        (b"HTTP/1.1", "status line"),
    ],
)
def test_what_cannot_be_read_says_what_could_be(text, words):
    """No form fits: the error names what was expected."""
    with pytest.raises(ReadingError, match=words):
        case_of(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "not JSON: Expecting property name enclosed in double quotes at column 2"),
        (b"[]", "expected a JSON object, got an array"),
        (b"null", "expected a JSON object, got null"),
        (b'"text"', "expected a JSON object, got a string"),
        (b"1e5", "expected a JSON object, got a number"),
        (b"true", "expected a JSON object, got a boolean"),
        (b'{"a": "\xff"}', "expected UTF-8 text"),
        (b"[" * 100_000, "not JSON: nested too deeply, or a number too long"),
        (b"1" * 10_000, "not JSON: nested too deeply, or a number too long"),
    ],
)
def test_a_line_that_is_no_case(line, message):
    """What was found and what is allowed, without a word of the line itself."""
    with pytest.raises(ReadingError) as caught:
        json_case(line)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("body", "headers", "text"),
    [
        ("é".encode(), {}, "é"),
        (b"\xe9", {"content-type": "text/plain; charset=latin-1"}, "é"),
        (b"\xe9", {"content-type": "text/plain; charset=no-such"}, "\ufffd"),
        (b"\xe9", {}, "\ufffd"),
        ("é".encode("utf-8-sig"), {}, "é"),
        ("é".encode("utf-16"), {}, "é"),
        (gzip.compress(b"zipped", mtime=0), {"content-encoding": "gzip"}, "zipped"),
        (b"plain after --compressed", {"content-encoding": "gzip"}, "plain after --compressed"),
        (b"\x1f\x8b broken", {"content-encoding": "gzip"}, "\x1f\ufffd broken"),
    ],
)
def test_a_body_becomes_text(body, headers, text):
    """Any bytes give some text: by charset, by mark, unpacked where they are packed."""
    assert readable(body, headers) == text


def test_no_more_of_a_body_than_is_looked_at():
    """A bomb unpacks to the limit, a large body is cut there."""
    bomb = gzip.compress(bytes(4 * INSPECT_BYTES_MAX))
    assert len(readable(bomb, {"content-encoding": "gzip"})) == INSPECT_BYTES_MAX
    assert len(readable(bytes(2 * INSPECT_BYTES_MAX), {})) == INSPECT_BYTES_MAX


@given(text=st.binary() | st.binary().map(lambda tail: b"HTTP/1.1 500 x\r\n" + tail))
def test_any_bytes_give_a_case_or_a_reading_error(text):
    """Nothing else is ever raised."""
    try:
        case = case_of(text)
    except ReadingError:
        return
    assert {"status", "headers", "body"} & set(case)
