"""What stands in the place of what was taken out.

Each mark is left alone by every rule, so that redacting twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "<redacted>"
MARKS: Final = ("<redacted", "<elided ", "<cut ", "<unloggable ")
DIGEST_CHARS: Final = 8


def elided(kind: str, data: bytes) -> str:
    """Return the mark for a file, a vector or the like: its kind, size, and start of its SHA-256.

    >>> elided("image/png", b"x" * 4501)
    '<elided kind=image/png bytes=4501 sha256=08f5e560>'
    """
    digest = hashlib.sha256(data).hexdigest()[:DIGEST_CHARS]
    return f"<elided kind={kind} bytes={len(data)} sha256={digest}>"


def cut(chars: int) -> str:
    """Return the mark for the end of a text that was too long."""
    return f"<cut chars={chars}>"


def unloggable(event: str, size: int) -> str:
    """Return the mark for a whole text that could not be redacted."""
    return f"<unloggable event={event} bytes={size}>"


def replaced(text: str, spans: Iterable[tuple[int, int]], mark: str = REDACTED) -> str:
    """Return a text with a mark in the place of each span.

    Args:
        text: Any text.
        spans: Where they begin and end, in order of their beginnings; those that touch are one.
        mark: What takes their place.

    >>> replaced("abcdef", [(1, 2), (2, 3), (5, 6)], "*")
    'a*de*'
    """
    parts: list[str] = []
    done = 0
    for start, end in spans:
        if start > done or not parts:
            parts += [text[done:start], mark]
        done = max(done, end)
    return "".join([*parts, text[done:]])
