"""What a request will take of a limit of LLM tokens, judged by its body without parsing it.

Four bytes of input are about a token, and an answer may be as long as its request allows: providers
reserve by that rule (OpenAI docs rate-limits: the characters of the prompt and `max_tokens`,
2026-11). An estimate is good enough if it is wrong by the same factor every time; the usage of the
answer corrects it.
"""

from __future__ import annotations

import re
from typing import Final

from halley.core.model import Request

BYTES_PER_TOKEN: Final = 4
ENDS_BYTES: Final = 2048
"""The limit of an answer is looked for in the first and last bytes of a body: SDKs put it there."""
UNKNOWN_TOKENS: Final = 1000.0
"""Of a body that is not in memory."""
_MAX: Final = re.compile(
    rb'"max(?:_tokens|_completion_tokens|_output_tokens|OutputTokens)"\s*:\s*(\d{1,7})'
)


def tokens_of(request: Request) -> float:
    """Estimate the LLM tokens of a request, input and answer; at least 1.

    >>> tokens_of(Request("POST", "https://h", "/v1/messages", b'{"max_tokens": 500}' + b" " * 381))
    600.0
    """
    body = request.body
    if body is None:
        return UNKNOWN_TOKENS
    found = _MAX.search(body, 0, ENDS_BYTES) or _MAX.search(body, max(0, len(body) - ENDS_BYTES))
    answer = int(found[1]) if found else 0
    return max(1.0, len(body) / BYTES_PER_TOKEN + answer)
