"""From a body to what it says about a failure: codes, types, messages, details.

What several places say (an envelope, an error stringified inside a message, an entry of `details`)
ends as one set of lower-case `labels` and one lower-case `text`, so that the tables need to know
words and not places. Bounded, linear, never raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from halley.core.bodies import Body, Form, read_body
from halley.core.durations import wait_in
from halley.core.envelopes import Shape, error_in
from halley.core.model import Headers
from halley.core.notes import Notes
from halley.core.tables import words_in

TEXT_CHARS_MAX: Final = 8192
"""Characters of message text the tables look at: the head and the tail of a longer one."""

_LIMIT_ZERO: Final = re.compile(r"limit: 0(?![\d.])")  # Gemini: no quota at all


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the body of a reply says about a failure.

    Attributes:
        labels: Every code, type, status word and reason, lower case.
        text: Every message, lower case, bounded.
        words: The words in it: letters, digits and `_`.
        code: The first code or type that says something, as it was spelled.
        param: The field of the request that the error names.
        status: The HTTP status stated inside the body.
        delay_s: A wait stated as data (RetryInfo, `retry_after`), seconds.
        said_s: A wait asked for in a message, seconds.
        reset: The instant of a reset stated as data, as it was spelled.
        retryable: What a problem document says about itself.
    """

    shape: Shape
    body: Body = field(default_factory=lambda: Body(Form.EMPTY))
    labels: frozenset[str] = frozenset()
    text: str = ""
    words: frozenset[str] = frozenset()
    code: str = ""
    param: str = ""
    status: int | None = None
    delay_s: float | None = None
    said_s: float | None = None
    reset: str | None = None
    retryable: bool | None = None


def evidence_of(headers: Headers, body: bytes, *, success: bool = False) -> Evidence:
    """What a reply's headers and body say; a body without an error has the shape `none`.

    Under a `success` status only what cannot be part of an answer counts as an error.
    """
    read = read_body(headers, body)
    notes = Notes(success=success)
    shape = _shape_of(read, notes)
    if (error_type := headers.get("x-amzn-errortype")) is not None:
        notes.label(error_type.partition(":")[0])
    return _frozen(notes, shape, read)


def _shape_of(read: Body, notes: Notes) -> Shape:
    match read.form:
        case Form.EMPTY:
            return Shape.EMPTY
        case Form.PAGE:
            return _page(read.text, notes)
        case Form.BROKEN if notes.success and not read.text.startswith('{"error"'):
            return Shape.BROKEN
        case Form.TEXT | Form.BROKEN:
            shape = _first_error(read.documents, notes)
            if shape is not Shape.NONE:
                return shape
            notes.say(read.text)
            return Shape.TEXT if read.form is Form.TEXT else Shape.BROKEN
        case Form.JSON | Form.EVENTS:
            return _first_error(read.documents, notes)


def _page(page: str, notes: Notes) -> Shape:
    """A page of HTML, or the XML in which some clouds write their errors."""
    notes.say(page_text(page))
    code = _XML_CODE.search(page, 0, _PAGE_CHARS_MAX)
    if code is None:
        return Shape.PAGE
    notes.label(code[1])
    return Shape.FLAT


def _first_error(documents: tuple[object, ...], notes: Notes) -> Shape:
    for document in documents:
        shape = error_in(document, notes)
        if shape is not Shape.NONE:
            return shape
    return Shape.NONE


_TAG: Final = re.compile(r"<[^<>]*>")
_PAGE_CHARS_MAX: Final = 8192
_XML_CODE: Final = re.compile(r"<Code>([\w.]{1,80})</Code>")  # AWS and its likes: an error as XML


def page_text(page: str) -> str:
    """The visible words of a page's start, its title first.

    >>> page_text("<html><head><title>504 Gateway Time-out</title></head></html>").split()
    ['504', 'Gateway', 'Time-out']
    """
    return _TAG.sub(" ", page[:_PAGE_CHARS_MAX])


def _frozen(notes: Notes, shape: Shape, read: Body) -> Evidence:
    text = bounded("\n".join(notes.texts)).lower()
    if "limit: 0" in text and _LIMIT_ZERO.search(text):
        notes.labels.add("quota.zero")
    return Evidence(
        shape,
        body=read,
        labels=frozenset(notes.labels),
        text=text,
        words=words_in(text),
        code=notes.code,
        param=notes.param,
        status=notes.status,
        delay_s=notes.delay_s,
        said_s=wait_in(text),
        reset=notes.reset,
        retryable=notes.retryable,
    )


def bounded(text: str) -> str:
    """The text, or the head and the tail of a long one: waits and ids stand at the end."""
    if len(text) <= TEXT_CHARS_MAX:
        return text
    half = TEXT_CHARS_MAX // 2
    return f"{text[:half]}\n{text[-half:]}"
