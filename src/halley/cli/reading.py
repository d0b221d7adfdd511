"""Read one failure as people have it at hand, and return it as a case for `halley.explain`.

Known are the output of `curl -i`, a JSON line of the form of our labelled cases, a bare body whose
status is told apart, and the text of an SDK's exception. Nothing raises but `ReadingError`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping
from typing import Final

from halley.transport.decode import look

INSPECT_BYTES_MAX: Final = 256 * 1024
"""Bytes of a body that are looked at."""

READ_BYTES_MAX: Final = INSPECT_BYTES_MAX + 64 * 1024
"""Bytes of the input that are read: a body and the heads before it."""

_HEAD: Final = re.compile(rb"HTTP/[\d.]{1,3} +(\d{3})[^\n]*\n((?:[^\r\n][^\n]*\n)*)\r?\n?")
_SDK: Final = (
    re.compile(r"\bError code: ([1-5]\d\d)(?: - ([^\n]*))?"),
    re.compile(r"\b([1-5]\d\d) [A-Z_]{3,40}\. ({[^\n]*)"),
    re.compile(r"\b(?:Client|Server) error '([1-5]\d\d)\b()"),
)
"""How openai and anthropic, google-genai, and httpx print an answer that is an error."""

_EXCEPTION: Final = re.compile(
    r"^(?:[\w.]{1,200}\.)?\w{0,80}(?:Error|Timeout|Exception|Disconnected)\b"
)
_CASE_FIELDS: Final = frozenset({"headers", "body", "transport_error"})
_CHARSET: Final = re.compile(r"charset=\"?([\w.-]{1,40})")


class ReadingError(ValueError):
    """The input is nothing we know; the message says what was expected."""


def case_of(text: bytes, *, status: int | None = None) -> dict[str, object]:
    """Return the failure that the input shows.

    Args:
        text: The input, cut at `READ_BYTES_MAX`.
        status: Says that the input is a bare body, and which status came with it.

    Raises:
        ReadingError: The input is of no known form.
    """
    start = text.lstrip()
    if start.startswith(b"HTTP/"):
        case = _from_curl(start)
        return case if status is None else {**case, "status": status}
    if status is not None:
        return {"status": status, "headers": {}, "body": readable(text, {})}
    if not start:
        raise ReadingError(
            "expected a failure to read, got nothing; say --status for an empty body"
        )
    if start[:1] not in (b"{", b"["):
        return _from_sdk(readable(start, {}))
    return _from_json(start, is_whole=len(text) < READ_BYTES_MAX)


def json_case(line: bytes) -> dict[str, object]:
    """Return the case on one line of JSON.

    Raises:
        ReadingError: ``not JSON: Expecting value at column 7``.
    """
    try:
        case = json.loads(line)
    except UnicodeDecodeError:
        raise ReadingError("expected UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ReadingError(f"not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError):
        raise ReadingError("not JSON: nested too deeply, or a number too long") from None
    if not isinstance(case, dict):
        raise ReadingError(f"expected a JSON object, got {_noun(case)}")
    return case


def readable(body: bytes, headers: Mapping[str, str]) -> str:
    r"""Return the start of a body as text, whatever bytes it has.

    >>> readable(b"caf\xe9", {"content-type": "text/plain; charset=latin-1"})
    'café'
    """
    body = _decompressed(body, headers.get("content-encoding", "").strip().lower())
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    named = _CHARSET.search(headers.get("content-type", "").lower())
    try:
        return body.decode(named[1] if named else "utf-8-sig", "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def _decompressed(body: bytes, encoding: str) -> bytes:
    """Unpack a body; `curl --compressed` keeps the header of one that it has unpacked itself."""
    unpacked, _ = look(body, encoding, INSPECT_BYTES_MAX)
    return unpacked or body[:INSPECT_BYTES_MAX]


def _from_curl(text: bytes) -> dict[str, object]:
    """Read the last of several heads: before it come 100s, redirects and a proxy's answer."""
    at, status, head = 0, b"", b""
    while found := _HEAD.match(text, at):
        status, head = found.groups()
        at = found.end()
    if not status:
        raise ReadingError("expected a status line such as 'HTTP/1.1 429 Too Many Requests'")
    headers = _header_fields(head.decode("latin-1"))
    return {"status": int(status), "headers": headers, "body": readable(text[at:], headers)}


def _header_fields(head: str) -> dict[str, str]:
    """Return fields by lower-case name; of repeated ones, the first."""
    headers: dict[str, str] = {}
    for line in head.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), value.strip())
    return headers


def _from_json(text: bytes, *, is_whole: bool) -> dict[str, object]:
    case = _case(text)
    if _CASE_FIELDS.isdisjoint(case):
        if not _CASE_FIELDS.isdisjoint(_case(text.partition(b"\n")[0])):
            raise ReadingError("these are several JSON lines: read them with --jsonl")
        if not is_whole:
            raise ReadingError(
                f"longer than {READ_BYTES_MAX >> 10} KiB: read a JSON line with --jsonl, "
                "or say which HTTP status came with a body, as in --status 429"
            )
        raise ReadingError(
            "this looks like a body alone: say which HTTP status came with it, as in --status 429"
        )
    return case


def _case(text: bytes) -> dict[str, object]:
    try:
        return json_case(text)
    except ReadingError:
        return {}


def _from_sdk(text: str) -> dict[str, object]:
    """Read what an SDK's exception says of itself, the last in a traceback."""
    found = [answer for pattern in _SDK for answer in pattern.findall(text)]
    if found:
        status, body = found[-1]
        return {"status": int(status), "headers": {}, "body": _as_json(body)}
    last = text.strip().rpartition("\n")[2]
    if _EXCEPTION.match(last):
        return {"status": None, "headers": {}, "body": "", "transport_error": last}
    raise ReadingError(
        "expected the output of 'curl -i', a JSON line, an SDK's error text, "
        "or any body together with --status"
    )


def _as_json(text: str) -> str:
    """Return a body printed as a Python dictionary as the JSON it was; other text as it is."""
    try:
        return json.dumps(ast.literal_eval(text.strip()))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return text


def _noun(value: object) -> str:
    """Name a JSON value by its type: its content is nobody's business here."""
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")
