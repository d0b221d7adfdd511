"""What an answer says of the LLM tokens it used: by name, or read from its end without parsing it.

The names are those of four formats: OpenAI's chat and responses, Anthropic's messages, Gemini. What
an answer does not say is None; what it says is a count, never text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from halley.core.envelopes import is_object

USAGE_BYTES: Final = 4096
"""Usage stands at the end of an answer; a stream of Anthropic's begins with the input."""


WENT_IN: Final = frozenset(
    (
        "prompt_tokens",
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "promptTokenCount",
        "cachedContentTokenCount",
    )
)
"""Counts that are stated before the end of an answer: what comes out is not known then."""


def _count_of(*names: str) -> re.Pattern[bytes]:
    return re.compile(rf'"(?:{"|".join(names)})"\s*:\s*(\d{{1,12}})(?=[\s,}}])'.encode())


INPUT: Final = _count_of("input_tokens", "prompt_tokens", "promptTokenCount")
CACHED: Final = _count_of("cache_creation_input_tokens")
"""Beside Anthropic's input; what its cache gave counts against no limit, and is left out."""
OUTPUT: Final = _count_of("output_tokens", "completion_tokens", "candidatesTokenCount")
THOUGHTS: Final = _count_of("thoughtsTokenCount")
"""Beside Gemini's output; the others count it in."""
TOTAL: Final = (_count_of("total_tokens"), _count_of("totalTokenCount"))


def counts(usage: object) -> dict[str, int] | None:
    """Return the whole numbers of a usage object; None without any."""
    if not is_object(usage):
        return None
    counts = {
        name: value
        for name, value in usage.items()
        if isinstance(value, int) and not isinstance(value, bool)
    }
    return counts or None


def went_in(usage: Mapping[str, int] | None) -> dict[str, int] | None:
    """Return what is known of a usage while the answer is under way; 0 stands for not known yet.

    >>> went_in({"input_tokens": 25, "output_tokens": 1}), went_in({"input_tokens": 0})
    ({'input_tokens': 25}, None)
    """
    known = {name: count for name, count in (usage or {}).items() if name in WENT_IN}
    return known if any(known.values()) else None


class Usage(NamedTuple):
    """LLM tokens of one answer; None: it does not say."""

    input_tokens: int | None = None
    output_tokens: int | None = None


def usage_of(body: bytes) -> Usage:
    """Return how many tokens an answer says it took in and gave out.

    >>> usage_of(b'{"usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}')
    Usage(input_tokens=5, output_tokens=7)
    """
    end = body[-USAGE_BYTES:]
    said = [count for pattern in (OUTPUT, THOUGHTS) if (count := _last(pattern, end)) is not None]
    return Usage(_taken(INPUT, body), sum(said) if said else None)


def total_tokens(body: bytes) -> int | None:
    """Return how many tokens an answer says it used; None when it does not say.

    >>> total_tokens(b'{"usage": {"total_tokens": 12}}')
    12
    >>> total_tokens(b'{"usage": {"input_tokens": 5, "output_tokens": 7}}')
    12
    """
    end = body[-USAGE_BYTES:]
    for pattern in TOTAL:
        if (found := _last(pattern, end)) is not None:
            return found
    usage = usage_of(body)
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    return usage.input_tokens + (_taken(CACHED, body) or 0) + usage.output_tokens


def _taken(pattern: re.Pattern[bytes], body: bytes) -> int | None:
    found = _last(pattern, body[-USAGE_BYTES:])
    return _last(pattern, body[:USAGE_BYTES]) if found is None else found


def _last(pattern: re.Pattern[bytes], text: bytes) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
