"""What a 429 says about the limit behind it, as far as words and headers say anything.

The kind of a failure tells limits from strays; which limit it is stands in the words, or in the
header whose remainder is 0. Sources: OpenAI docs rate-limits and error-codes, Anthropic docs
rate-limits, Azure docs quotas, 2026-11.
"""

from __future__ import annotations

import re
from typing import Final

from halley.core.model import THROTTLED, Failure, Headers, Kind, Outcome, Reply
from halley.core.signals import Why

TOO_MANY_REQUESTS: Final = 429
BYTES_MAX: Final = 8192
_TOKENS: Final = re.compile(rb"tokens[ _-]per[ _-]min|\btpm\b|(?:in|out)put tokens", re.IGNORECASE)
_REQUESTS: Final = re.compile(rb"requests?[ _-]per[ _-](?:min|sec)|\b[rq]p[ms]\b", re.IGNORECASE)
_SLOW_DOWN: Final = b"slow_down"
_REMAINING: Final = (
    ("x-ratelimit-remaining-tokens", Why.TOKENS),
    ("x-ratelimit-remaining-input-tokens", Why.TOKENS),
    ("anthropic-ratelimit-tokens-remaining", Why.TOKENS),
    ("anthropic-ratelimit-input-tokens-remaining", Why.TOKENS),
    ("anthropic-ratelimit-output-tokens-remaining", Why.TOKENS),
    ("x-ratelimit-remaining-requests", Why.RATE),
    ("anthropic-ratelimit-requests-remaining", Why.RATE),
)


def throttled(outcome: Outcome, failure: Failure) -> bool:
    """Say whether a failure is the pacer's affair and not the retry budget's."""
    is_429 = isinstance(outcome, Reply) and outcome.status == TOO_MANY_REQUESTS
    return is_429 or failure.kind in THROTTLED


def too_fast(outcome: Outcome, failure: Failure, *, ramp: bool) -> bool:
    """Say whether a failure tells the pacer that calls come too fast.

    Some servers queue and never say 429: to a ramp their 503 or 529 says it, if it comes as often
    as a stray must to be none.
    """
    overloaded = failure.kind is Kind.OVERLOADED and isinstance(outcome, Reply)
    return throttled(outcome, failure) or (ramp and overloaded)


def why_of(outcome: Outcome, failure: Failure) -> Why:
    """What a refusal is about.

    One of another kind than a limit's (an overloaded server, or channel of a gateway) is a stray.
    """
    if failure.kind is Kind.CONCURRENCY:
        return Why.CONCURRENCY
    if failure.kind not in THROTTLED:
        return Why.STRAY
    if not isinstance(outcome, Reply):
        return Why.UNKNOWN
    return _in_words(outcome.body[:BYTES_MAX]) or _in_headers(outcome.headers) or Why.UNKNOWN


def _in_words(body: bytes) -> Why | None:
    """The limit that a body names; None where it names both or none."""
    if _SLOW_DOWN in body:
        return Why.SLOW_DOWN
    tokens, requests = _TOKENS.search(body), _REQUESTS.search(body)
    if bool(tokens) == bool(requests):
        return None
    return Why.TOKENS if tokens else Why.RATE


def _in_headers(headers: Headers) -> Why | None:
    """The limit of which nothing remains, if there is just one."""
    used = {why for name, why in _REMAINING if headers.get(name, "").strip() == "0"}
    return used.pop() if len(used) == 1 else None
