r"""The last two steps: a text becomes safe to show on one line, and short enough.

Control characters, separators of lines and what turns the direction of writing become the escapes
that Python writes for them: `\n`, `\x1b`, `\u202e`. The cut comes after them, since they grow. It
goes through no word, so that nothing is left of a key that no rule knew, and through no mark.
"""

from __future__ import annotations

import json
import re
from typing import Final

from halley.records.redact.marks import MARKS, cut

_UNSAFE: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e007f]+"
)
_ENDS_OF_WORDS: Final = " \t\n\r\"'`<>,;(){}[]&|\\"
_WORD_CHARS_MAX: Final = 4096
_MARK_CHARS_MAX: Final = 160
_CUT_BYTES: Final = 32
"""Room for the mark of a cut."""


def neutral(text: str) -> str:
    r"""Return a text without control characters.

    >>> neutral("red \x1b[31m\u202e\n")
    'red \\x1b[31m\\u202e\\n'
    """
    text = text.replace("\n", r"\n")  # the commonest of them, much faster
    if text.isprintable():
        return text
    return _UNSAFE.sub(lambda found: ascii(found[0])[1:-1], text)


def written_bytes(text: str) -> int:
    """Return how many bytes a text takes in a line of JSON, without its quotes."""
    return len(json.dumps(text, ensure_ascii=False).encode(errors="backslashreplace")) - 2


def shortened(text: str, bytes_max: int, unread: int = 0) -> str:
    """Cut a text to what takes at most `bytes_max` bytes in a line of JSON, at the end of a word.

    Args:
        text: Redacted.
        bytes_max: At least 64.
        unread: Characters that followed and were never looked at.

    >>> shortened("a comet " * 20, 64)
    'a comet a comet a comet a comet <cut chars=128>'
    """
    if not unread and (len(text) * 6 <= bytes_max or written_bytes(text) <= bytes_max):
        return text
    keep = min(len(text), bytes_max - _CUT_BYTES)
    while (excess := written_bytes(text[:keep]) + _CUT_BYTES - bytes_max) > 0:
        keep -= max(1, excess // 4)
    keep = end_of_word(text, keep)
    return text[:keep] + cut(len(text) - keep + unread)


def end_of_word(text: str, at: int) -> int:
    """Return the last place up to `at` that is in no word and no mark."""
    if at >= len(text):
        return len(text)
    place = at
    floor = max(0, at - _WORD_CHARS_MAX)
    while place > floor and text[place - 1] not in _ENDS_OF_WORDS:
        place -= 1
    opened = text.rfind("<", max(0, place - _MARK_CHARS_MAX), place)
    if opened >= 0 and text.startswith(MARKS, opened) and ">" not in text[opened:place]:
        return opened
    return place
