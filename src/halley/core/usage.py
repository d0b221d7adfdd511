"""What an answer says of the LLM tokens it used, read from its end without parsing it.

The names are those of four formats: OpenAI's chat and responses, Anthropic's messages, Gemini. What
an answer does not say is None; what it says is a count, never text.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

USAGE_BYTES: Final = 4096
"""Usage stands at the end of an answer; a stream of Anthropic's begins with the input."""


def _count_of(*names: str) -> re.Pattern[bytes]:
    return re.compile(rf'"(?:{"|".join(names)})"\s*:\s*(\d{{1,12}})(?=[\s,}}])'.encode())


INPUT: Final = _count_of("input_tokens", "prompt_tokens", "promptTokenCount")
OUTPUT: Final = _count_of("output_tokens", "completion_tokens", "candidatesTokenCount")
TOTAL: Final = (_count_of("total_tokens"), _count_of("totalTokenCount"))


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
    taken = _last(INPUT, end)
    if taken is None:
        taken = _last(INPUT, body[:USAGE_BYTES])
    return Usage(taken, _last(OUTPUT, end))


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
    return usage.input_tokens + usage.output_tokens


def _last(pattern: re.Pattern[bytes], text: bytes) -> int | None:
    found = pattern.findall(text)
    return int(found[-1]) if found else None
