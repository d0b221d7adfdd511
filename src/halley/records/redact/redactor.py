"""The order of the rules, and what happens when one of them fails.

A text that cannot be redacted is not shown: a mark with its size takes its place. Redacting a text
again changes nothing; of one that was cut it may mask more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Never

from halley.core.secret import Secret
from halley.records.redact.bulk import without_bulk
from halley.records.redact.commands import commanded
from halley.records.redact.known import masker
from halley.records.redact.marks import unloggable
from halley.records.redact.names import lower, named, schemes
from halley.records.redact.plain import end_of_word, neutral, shortened
from halley.records.redact.shapes import shaped
from halley.records.redact.urls import without_queries

SCANNED_CHARS_MAX: Final = 64 * 1024
"""Of a text that will be cut, no more is read."""


class Redactor:
    """Takes keys, files and control characters out of a text.

    Args:
        keys: Configured keys; what is shorter than eight characters is taken for none.
    """

    __slots__ = ("_known",)

    _known: Callable[[str], str]

    def __init__(self, keys: Iterable[Secret | str] = ()) -> None:
        self._known = masker(keys)

    def text(self, text: str, bytes_max: int | None = None) -> str:
        """Return a text on one line that is safe to keep.

        Args:
            text: Any text.
            bytes_max: What it may take in a line of JSON, at least 64; None: no limit.
        """
        try:
            return self._redacted(text, bytes_max)
        except Exception:  # noqa: BLE001 - what is not understood is not shown
            return unloggable("text", len(text))

    def _redacted(self, text: str, bytes_max: int | None) -> str:
        unread = 0
        if bytes_max is not None and len(text) > SCANNED_CHARS_MAX:
            seen = end_of_word(text, SCANNED_CHARS_MAX)
            text, unread = text[:seen], len(text) - seen
        text = self._known(text)
        text = commanded(named(text, lower(text)))
        text = schemes(text, lower(text))
        text = without_queries(shaped(text))
        text = neutral(without_bulk(text, lower(text)))
        return text if bytes_max is None else shortened(text, bytes_max, unread)

    def __repr__(self) -> str:
        return "Redactor(...)"

    def __reduce__(self) -> Never:
        raise TypeError("a Redactor is not pickled: it knows keys; make one where it is used")
