"""A text line by line, as a pipe brings it: what begins in one line may end in another.

A private key in its armour goes over many lines, none of which is a key by itself; once it has
begun, lines are masked as long as they look like its rows.
"""

from __future__ import annotations

import re
from typing import Final

from halley.records.redact.marks import REDACTED
from halley.records.redact.redactor import Redactor

_BEGINS: Final = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_ENDS: Final = "-----END "
_ROW: Final = re.compile(r"[\s>|\"'+,]*(?:[A-Za-z0-9+/=]+|[\w-]+: .{0,200}|)(?:\\[rn])*[\s\"'+,]*")


class Lines:
    """Redacts one line after the other."""

    __slots__ = ("_in_key", "_redactor")

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._in_key = False

    def line(self, text: str) -> str:
        """Return the next line without what must not be shown; neither has an end of line."""
        if self._in_key:
            if _ENDS in text:
                self._in_key = False
                return REDACTED
            if _ROW.fullmatch(text):
                return REDACTED
            self._in_key = False
        begun = _BEGINS.search(text)
        self._in_key = begun is not None and _ENDS not in text[begun.end() :]
        return self._redactor.text(text)
