"""What a server sends back of the request: it is no news, and it is private.

An error body may quote the prompt that it refuses. Strings of the request's body are found in it in
pieces of twenty characters, those under the names of content as a whole from eight characters on.
The model and the names of fields stay, since they are what such an error is about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from halley.core.secret import Secret
from halley.records.redact.marks import replaced

ECHO: Final = "<elided kind=request>"
CONTENT: Final = frozenset(
    b"content description documents input instructions lyrics metadata negative_prompt prompt query"
    b" safety_identifier suffix system text thinking title user user_id".split()
)
"""Names of fields whose strings are private however short."""
PLAIN: Final = frozenset({b"model", b"role", b"type", b"object", b"format", b"encoding_format"})
"""Names of fields whose strings may be shown."""
WHOLE_CHARS_MIN: Final = 8
WINDOW: Final = 20
BLOCK: Final = 10
SCANNED_BYTES_MAX: Final = 1024 * 1024
"""Of a body; what follows is not looked for."""

_STRING: Final = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s{0,8}:)?', re.DOTALL)
"""A string of JSON, and whether it is a name."""


def without_echo(text: str, body: bytes | None, private: Iterable[Secret] = ()) -> str:
    """Return the text of an error without what it quotes of the request.

    Args:
        text: Of the error, bounded: its cost is linear in it.
        body: Of the request, None if it is not in memory.
        private: What else the request carried and must not be shown.
    """
    blocks, windows = _pieces(text, BLOCK), _pieces(text, WINDOW)
    quoted: set[str] = set()
    spans: list[tuple[int, int]] = []
    for value, whole in _values(body or b"", private):
        quoted.update(_shared(value, blocks, windows))
        if whole and WHOLE_CHARS_MIN <= len(value) < WINDOW:
            spans.extend(_everywhere(text, value))
    if quoted:
        places = range(len(text) - WINDOW + 1)
        spans.extend((at, at + WINDOW) for at in places if text[at : at + WINDOW] in quoted)
    return replaced(text, sorted(spans), ECHO) if spans else text


def _pieces(text: str, size: int) -> frozenset[str]:
    return frozenset(text[at : at + size] for at in range(len(text) - size + 1))


def _shared(value: str, blocks: frozenset[str], windows: frozenset[str]) -> Iterator[str]:
    """Yield the windows that a value shares with the text.

    Each holds a whole block of the value that begins at a multiple of its size.
    """
    for at in range(0, len(value) - BLOCK + 1, BLOCK):
        if value[at : at + BLOCK] in blocks:
            for start in range(max(0, at + BLOCK - WINDOW), at + 1):
                if (window := value[start : start + WINDOW]) in windows:
                    yield window


def _values(body: bytes, private: Iterable[Secret]) -> Iterator[tuple[str, bool]]:
    """Yield private strings in every way they could be written, and whether short ones count."""
    for secret in private:
        yield from ((form, True) for form in _forms(secret.reveal()))
    start = body[:SCANNED_BYTES_MAX]
    if not _is_json(start):
        yield start.decode(errors="replace"), False
    name = b""
    for found in _STRING.finditer(start):
        if found[2] is not None:
            name = found[1]
        elif name not in PLAIN and len(found[1]) >= WHOLE_CHARS_MIN:
            written = found[1].decode(errors="replace")
            yield from ((form, name in CONTENT) for form in _forms(_read(written)) | {written})


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _read(written: str) -> str:
    try:
        return str(json.loads(f'"{written}"', strict=False))
    except ValueError:
        return written


def _forms(text: str) -> set[str]:
    return {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}


def _everywhere(text: str, value: str) -> Iterator[tuple[int, int]]:
    at = text.find(value)
    while at >= 0:
        yield at, at + len(value)
        at = text.find(value, at + len(value))
