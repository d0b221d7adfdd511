"""From body bytes to documents: decoding, JSON, event streams, pages.

The first character decides, not the content type. Whatever comes is read as far as it goes: two
documents in a row, frames without ``data:``, a document that ends too early, any encoding. Linear
in the input, never raises.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from halley.core.model import Headers

INSPECTED_BYTES_MAX: Final = 256 * 1024
DOCUMENTS_MAX: Final = 8
FRAMES_MAX: Final = 20_000
BROKEN_FRAMES_MAX: Final = 64
"""After so many frames that are not JSON the rest is not read as such."""

_DECODER: Final = json.JSONDecoder(
    strict=False
)  # raw newlines in strings were seen (Gemini, nested)

# A charset named by a server is looked up here and nowhere else: some of Python's codecs are not
# encodings of text, and some (punycode) are not linear.
_CHARSETS: Final = {
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
    "utf-32": "utf-32",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "shift_jis": "shift_jis",
    "euc-jp": "euc_jp",
    "euc-kr": "euc_kr",
    "iso-8859-1": "latin-1",
    "latin1": "latin-1",
    "windows-1252": "cp1252",
    "windows-1251": "cp1251",
    "windows-1258": "cp1258",
}
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_EVENT_STARTS: Final = ("data:", "event:", "id:", "retry:", ":")


class Form(StrEnum):
    """What the bytes turned out to be."""

    EMPTY = "empty"
    JSON = "json"
    EVENTS = "events"
    PAGE = "page"
    TEXT = "text"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Body:
    """A body as read: its documents in order, and its text.

    `done` says that a stream of events ended with ``[DONE]``.
    """

    form: Form
    text: str = ""
    documents: tuple[object, ...] = ()
    done: bool = False


def read_body(headers: Headers, body: bytes) -> Body:
    """The body as documents and text, from its first 256 KiB.

    >>> read_body({}, b'{"a": 1}{"b": 2}').documents
    ({'a': 1}, {'b': 2})
    """
    content_type = headers.get("content-type", "").lower()
    text = decode(body[:INSPECTED_BYTES_MAX], content_type).strip("\ufeff \t\r\n\x00")
    if not text:
        return Body(Form.EMPTY)
    head = text[:16].lower()
    if head[0] in "{[":
        return _read_json(text)
    if head.startswith(_EVENT_STARTS) or "event-stream" in content_type:
        documents, done = _frames(text)
        if documents or done or head.startswith(_EVENT_STARTS):
            return Body(Form.EVENTS, text, documents, done)
    if head[0] == "<" and not head.startswith("<?xml"):
        return Body(Form.PAGE, text)
    inside = embedded(text)
    return Body(Form.TEXT, text, () if inside is None else (inside,))


def decode(body: bytes, content_type: str = "") -> str:
    """Bytes as text: byte order mark, then charset, then UTF-8, then GB 18030.

    >>> decode("é".encode("utf-16")), decode("余额不足".encode("gbk"))
    ('é', '余额不足')
    """
    for bom, encoding in _BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace")
    _, named, charset = content_type.partition("charset=")
    if named:
        encoding = _CHARSETS.get(charset.partition(";")[0].strip(" \"'"), "utf-8")
        if encoding != "utf-8":
            return body.decode(encoding, "replace")
    if body[1:2] == b"\0" and body[3:4] == b"\0":
        return body.decode("utf-16-le", "replace")
    if body[:1] == b"\0" and body[2:3] == b"\0":
        return body.decode("utf-16-be", "replace")
    text = body.decode("utf-8", "replace")
    # One replacement may be a character cut at the limit; several are another encoding.
    if text.count("\ufffd") > 1:
        try:
            return body.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return text


def embedded(text: str) -> object | None:
    """The JSON object or array that a text carries, None without one.

    >>> embedded('Error code: 429 - {"error": {"code": "x"}}')
    {'error': {'code': 'x'}}
    """
    at = min((i for i in (text.find("{"), text.find("[{")) if i >= 0), default=-1)
    if at < 0:
        return None
    try:
        found: object = _DECODER.raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        return None
    return found


def _read_json(text: str) -> Body:
    documents: list[object] = []
    at = 0
    while at < len(text) and len(documents) < DOCUMENTS_MAX:
        try:
            document, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        documents.append(document)
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
    if documents:
        return Body(Form.JSON, text, tuple(documents))
    return Body(Form.BROKEN, text, (salvaged(text),))


def _frames(text: str) -> tuple[tuple[object, ...], bool]:
    """The JSON documents of a stream of events, and whether it said ``[DONE]``."""
    documents: list[object] = []
    done, broken = False, 0
    for payload in _payloads(text):
        if payload == "[DONE]":
            done = True
        elif payload[:1] in {"{", "["} and broken < BROKEN_FRAMES_MAX:
            try:
                documents.append(_DECODER.raw_decode(payload)[0])
            except (ValueError, RecursionError):
                broken += 1
                documents.append(salvaged(payload))
        if len(documents) >= FRAMES_MAX:
            break
    return tuple(documents), done


def _payloads(text: str) -> Iterator[str]:
    """The data of each event; a line of bare JSON counts as one (new-api after ``: PING``)."""
    pending: list[str] = []
    for line in text.splitlines():
        if line.startswith("data:"):
            pending.append(line[5:].strip())
        elif line[:1] in {"{", "["}:
            yield line
        elif not line and pending:
            yield "\n".join(pending)
            pending.clear()
    if pending:
        yield "\n".join(pending)


_PAIR: Final = re.compile(
    r"""["'](code|type|status|message|msg|param|reason|retryDelay|quotaId|request_id)["']"""
    r"""\s{0,8}:\s{0,8}(?:"((?:[^"\\]|\\.){0,8192})|'((?:[^'\\]|\\.){0,8192})|(-?\d{1,18}))"""
)
_PAIRS_MAX: Final = 64


def salvaged(text: str) -> dict[str, object]:
    """What can still be read of an error object that is not valid JSON; {} when nothing.

    >>> salvaged('{"error":{"message":"cut sho')
    {'error': {'message': 'cut sho'}}
    """
    found: dict[str, object] = {}
    for count, pair in enumerate(_PAIR.finditer(text)):
        if count >= _PAIRS_MAX:
            break
        value = pair[2] if pair[2] is not None else pair[3]
        found.setdefault(pair[1], int(pair[4]) if value is None else _unescaped(value))
    return {"error": found} if found else {}


def _unescaped(text: str) -> str:
    """JSON's escapes resolved, as far as they are whole."""
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text.replace("\\n", "\n").replace('\\"', '"')
