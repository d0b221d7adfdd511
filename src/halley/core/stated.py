"""The limits that the headers of an answer state, as rates.

Both conventions count by the minute (OpenAI docs rate-limits, Anthropic docs rate-limits, 2026-11).
A gateway may pass on the header of one channel among many, so what is stated ends a ramp, and is
never a ceiling.
"""

from __future__ import annotations

from typing import Final

from halley.core.durations import number
from halley.core.model import Headers
from halley.core.signals import Binds

MINUTE_S: Final = 60.0
_LIMITS: Final = (
    ("x-ratelimit-limit-requests", Binds.REQUESTS),
    ("anthropic-ratelimit-requests-limit", Binds.REQUESTS),
    ("x-ratelimit-limit-tokens", Binds.TOKENS),
    ("anthropic-ratelimit-tokens-limit", Binds.TOKENS),
)


def stated(headers: Headers) -> list[tuple[Binds, float]]:
    """Return what is limited, and to how much per second.

    >>> stated({"x-ratelimit-limit-requests": "600", "x-ratelimit-limit-tokens": "0"})
    [(<Binds.REQUESTS: 1>, 10.0)]
    """
    return [
        (binds, limit / MINUTE_S)
        for name, binds in _LIMITS
        if name in headers and (limit := number(headers[name].strip()) or 0.0) > 0.0
    ]
