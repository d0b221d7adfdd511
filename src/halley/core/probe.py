"""Is a 2xx worth a closer look? A few substring searches on its first bytes, no parsing.

A false alarm costs one parse; a miss would pass an error off as an answer. So whatever `answers`
can find wrong must raise the alarm here, and a healthy answer should not. At most 256 KiB are
looked at; a healthy chat answer is recognised before its path is even read.
"""

from __future__ import annotations

import re
from typing import Final

from halley.core.answers import expects_json, is_media
from halley.core.bodies import INSPECTED_BYTES_MAX
from halley.core.endpoints import TASKS, Format, family_of
from halley.core.model import Reply, Request

_BRACE: Final = ord("{")
_BLANKS: Final = b" \t\r\n\0\xef\xbb\xbf"
_STREAM_STARTS: Final = (b"data:", b"event:", b":", b"id:", b"retry:")
_HEAD_BYTES: Final = 4096
_CLOSED: Final = (b"}", b"}\n")
_END_BYTES: Final = 64
_CHOICE: Final = re.compile(rb"\s*:\s*\[\s*\{")
_ERRORS_MAX: Final = 8


def healthy(body: bytes) -> bool:
    """True for a whole JSON answer with choices and no error: most calls end here.

    It says nothing about other replies; ask `suspicious` about those.
    """
    if body[:1] != b"{" or not body.endswith(_CLOSED):
        return False
    at = body.find(b'"choices"', 0, _HEAD_BYTES)
    return at > 0 and _CHOICE.match(body, at + 9) is not None and b'error"' not in body


def suspicious(request: Request, reply: Reply) -> bool:
    """True when a 2xx should be parsed and classified before it passes as an answer."""
    body = reply.body
    if not body or reply.stream is not None:  # a stream that failed, or ended before its finish
        return reply.complete and not is_media(reply.headers.get("content-type", ""))
    if body[0] == _BRACE:
        events = "event-stream" in reply.headers.get("content-type", "")
        return events or _json(request, reply, body)
    if is_media(reply.headers.get("content-type", "")):
        return False
    start = body[:_HEAD_BYTES].lstrip(_BLANKS)
    if start.startswith(b"{"):
        return _json(request, reply, body)
    if start.startswith(_STREAM_STARTS):
        return reply.complete or _names_error(body) or b'"blockReason"' in start
    return start.startswith(b"<") or expects_json(family_of(request.path).format)


def _json(request: Request, reply: Reply, body: bytes) -> bool:
    # A cut inside a sentence may well fall behind a blank.
    if reply.complete and not body[-_END_BYTES:].rstrip(_BLANKS).endswith(b"}"):
        return True
    if body.find(b'"error', 0, INSPECTED_BYTES_MAX) >= 0 and _names_error(body):
        return True
    if body.find(b'"choices":[{', 0, _HEAD_BYTES) >= 0:  # what most answers look like
        return False
    choices = _value(body, b'"choices"')
    if choices:
        return not choices.startswith(b"[") or choices[1:].lstrip(_BLANKS).startswith(b"]")
    return _unlike_an_answer(request, body)


def _names_error(body: bytes) -> bool:
    """A value or a name ``"error…`` that is not null."""
    at = body.find(b'"error', 0, INSPECTED_BYTES_MAX)
    for _ in range(_ERRORS_MAX):
        if at < 0:
            return False
        quoted = body[at - 1 : at] == b"\\"  # an escaped quote: the answer talks about errors
        rest = body[at + 1 : at + 40].partition(b'"')[2].lstrip(_BLANKS)
        named = rest.startswith(b":")  # a value `"error"` is followed by something else
        if not quoted and not (named and rest[1:].lstrip(_BLANKS).startswith(b"null")):
            return True
        at = body.find(b'"error', at + 6, INSPECTED_BYTES_MAX)
    return True


def _value(body: bytes, name: bytes) -> bytes:
    """The first bytes of the value that follows a name, b"" without one."""
    at = body.find(name, 0, _HEAD_BYTES)
    return body[at + len(name) : at + len(name) + 16].lstrip(b" \r\n\t:") if at >= 0 else b""


def _unlike_an_answer(request: Request, body: bytes) -> bool:
    family = family_of(request.path)
    match family.format:
        case Format.OPENAI_CHAT:
            return True
        case Format.MESSAGES:
            return b'"content"' not in body[:_HEAD_BYTES] or _value(body, b'"content"').startswith(
                b"null"
            )
        case Format.RESPONSES:
            return b'"failed"' in body[:INSPECTED_BYTES_MAX] or b'"output"' not in body
        case Format.GEMINI:
            return _gemini(body)
        case Format.IMAGES | Format.EMBEDDINGS:
            data = _value(body, b'"data"')
            return not data.startswith(b"[") or data[1:].lstrip(_BLANKS).startswith(b"]")
        case _:
            return (
                family.task
                or family.format in TASKS
                or _value(body, b'"success"').startswith(b"false")
            )


def _gemini(body: bytes) -> bool:
    if b'"candidates"' not in body or b'"blockReason"' in body:
        return True
    if _value(body, b'"candidates"').startswith(b"[]"):
        return True
    at = body.find(b'"finishReason"', 0, INSPECTED_BYTES_MAX)
    ended = body[at : at + 40]
    return at >= 0 and b'"STOP"' not in ended and b'"MAX_TOKENS"' not in ended
