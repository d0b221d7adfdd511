"""Configured keys, found by their own text: whole, in pieces, and as they come back encoded.

Any twelve characters in a row of any form of a key are masked. Whichever twelve, they contain four
in a row that begin at a multiple of nine. So a text is only looked at there; if nothing that stands
there is a piece of a key, that settles it, and the number of keys costs nothing.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import compress, count
from typing import Final
from urllib.parse import quote

from halley.core.secret import Secret
from halley.records.redact.marks import REDACTED, replaced

KEY_CHARS_MIN: Final = 8
"""What is shorter is no key, and could be any word."""
WINDOW: Final = 12
PIECE: Final = 4
STEP: Final = WINDOW - PIECE + 1
SCANNED_BYTES_MAX: Final = 256 * 1024
"""Of a body, where more than the bare key is looked for."""


def masker(keys: Iterable[Secret | str]) -> Callable[[str], str]:
    """Return what masks these keys; the keys are in its closure and nowhere else.

    >>> masker(["correct-horse-battery"])("no: horse-battery!")
    'no: <redacted>!'
    """
    texts = {key.reveal() if isinstance(key, Secret) else key for key in keys}
    written = {form for text in texts if len(text) >= KEY_CHARS_MIN for form in forms(text)}
    short = sorted((f for f in written if KEY_CHARS_MIN <= len(f) < WINDOW), reverse=True)
    windows = frozenset(_runs(written, WINDOW))
    pieces = frozenset(map(tuple, _runs(windows, PIECE)))

    def mask(text: str) -> str:
        for form in short:
            text = text.replace(form, REDACTED)
        if pieces.isdisjoint(_looks(text)):
            return text
        return replaced(text, _spans(text, pieces, windows))

    return mask if written else lambda text: text


def masked(text: bytes, keys: Iterable[Secret]) -> bytes:
    """Return a body in which every character of an echoed key is an asterisk.

    Its length stays, for `content-length` and whoever compares. In a long body only its start is
    searched for pieces of twelve characters and for encoded keys.

    >>> masked(b"no such key: correct-horse", [Secret("correct-horse")])
    b'no such key: *************'
    """
    texts = [key.reveal() for key in keys]
    raw = [text.encode() for text in texts if len(text) >= KEY_CHARS_MIN]
    for key in raw:
        if key in text:
            text = text.replace(key, b"*" * len(key))
    start = text[:SCANNED_BYTES_MAX]
    hidden = start
    for key in raw:
        hidden = _without_traces(hidden, key)
    return text if hidden == start else hidden + text[len(start) :]


def _without_traces(text: bytes, key: bytes) -> bytes:
    """Mask the encoded forms of a key and its pieces."""
    for form in forms(key.decode()):
        if (written := form.encode()) in text:
            text = text.replace(written, b"*" * len(written))
    if not any(key[at : at + PIECE] in text for at in range(0, len(key) - PIECE + 1, STEP)):
        return text
    starred = bytearray(text)
    for window in {key[at : at + WINDOW] for at in range(len(key) - WINDOW + 1)}:
        at = text.find(window)
        while at >= 0:
            starred[at : at + WINDOW] = b"*" * WINDOW
            at = text.find(window, at + 1)
    return bytes(starred)


def forms(key: str) -> set[str]:
    """Return a key as it could be written: bare, percent-encoded, escaped, in base64, in hex."""
    raw = key.encode(errors="surrogatepass")
    percent = {quote(raw, safe=""), quote(raw)}
    percent |= {re.sub("%..", lambda found: found[0].lower(), text) for text in percent}
    escaped = {json.dumps(key)[1:-1], json.dumps(key, ensure_ascii=False)[1:-1], html.escape(key)}
    escaped |= {text.replace("/", "\\/") for text in escaped}
    return {key, raw.hex(), raw.hex().upper(), *percent, *escaped, *_packed(raw)}


def _packed(raw: bytes) -> Iterator[str]:
    """Yield base64 of something that contains the key, as far as the key alone decides it."""
    for shift in range(3):
        coded = base64.b64encode(bytes(shift) + raw).decode()
        begins, ends = (0, 2, 3)[shift], (shift + len(raw)) * 8 // 6
        yield coded[begins:ends]
        yield coded[begins:ends].replace("+", "-").replace("/", "_")


def _runs(texts: Iterable[str], size: int) -> Iterator[str]:
    """Yield everything of this size in a row."""
    for text in texts:
        yield from (text[at : at + size] for at in range(len(text) - size + 1))


def _looks(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the characters that stand at every step, without a copy of any."""
    return zip(text[::STEP], text[1::STEP], text[2::STEP], text[3::STEP], strict=False)


def _spans(
    text: str, pieces: frozenset[tuple[str, ...]], windows: frozenset[str]
) -> Iterator[tuple[int, int]]:
    """Yield where windows of keys begin and end, in order; they may overlap.

    Those around one piece overlap too, so of them the first and the last say it all.
    """
    for at in compress(count(0, STEP), map(pieces.__contains__, _looks(text))):
        starts = range(max(0, at + PIECE - WINDOW), at + 1)
        for start in starts:
            if text[start : start + WINDOW] in windows:
                last = next(s for s in reversed(starts) if text[s : s + WINDOW] in windows)
                yield start, last + WINDOW
                break
