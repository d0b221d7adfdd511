"""How long the server asked us to wait, from everywhere it may say so.

Order of precedence: ``retry-after-ms``, ``Retry-After``, the body (the longest wait stated as data
or in the text), the reset of a limit that is used up. core has no clock, so an instant counts only
against the reply's own ``Date``, and without one it is unknown. A wait of 0 is no hint.
"""

from __future__ import annotations

from typing import Final

from halley.core.durations import duration_s, finite, instant_s, number
from halley.core.evidence import Evidence
from halley.core.model import Headers

HINTED: Final = frozenset({*range(200, 300), 408, 409, 425, 429, *range(500, 600)})
"""Statuses whose text may ask for a wait, an error inside a 200 among them.

In a 400 or 403 "try again" is a figure of speech.
"""

MINUTE_S: Final = 60.0
_EPOCH_S_MIN: Final = 1e9  # a "reset" above this is an instant, below it a duration
_EPOCH_MS_MIN: Final = 1e11


def server_wait(headers: Headers, evidence: Evidence, status: int | None) -> float | None:
    """Seconds the server asked for, > 0; None when it named none.

    >>> from halley.core.envelopes import Shape
    >>> server_wait({"retry-after": "20"}, Evidence(Shape.EMPTY), 429)
    20.0
    """
    return (
        _from_retry_after_ms(headers)
        or _from_retry_after(headers)
        or stated_in_body(evidence, status)
        or _reset_s(evidence.reset, headers)
        or (_from_resets(headers) if status in HINTED else None)
        or (MINUTE_S if "quota.per_minute" in evidence.labels else None)
        or None
    )


def _from_retry_after_ms(headers: Headers) -> float | None:
    text = headers.get("retry-after-ms") or headers.get("x-ms-retry-after-ms", "")  # Azure
    value = number(text.strip())
    return None if value is None else finite(value / 1000)


def _from_retry_after(headers: Headers) -> float | None:
    """Seconds, a duration with units, or a date measured against the reply's own."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    found = duration_s(text)
    return _until(instant_s(text), headers) if found is None else found


def _until(then_s: float | None, headers: Headers) -> float | None:
    """Seconds from the reply's own date to an instant; None without a date."""
    if then_s is None:
        return None
    now_s = instant_s(headers.get("date", ""))
    return None if now_s is None else finite(then_s - now_s)


def stated_in_body(evidence: Evidence, status: int | None) -> float | None:
    """The longest wait that the body states, as data or in its text; None without one."""
    said_s = evidence.said_s if status in HINTED else None
    return max(evidence.delay_s or 0, said_s or 0) or None


# (remaining, reset): a reset counts only where nothing remains. OpenAI docs rate-limits, Anthropic
# docs rate-limits, 2026-11; a lone `x-ratelimit-reset` as OpenRouter and Groq-like gateways send.
_LIMITS: Final = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining-input-tokens", "x-ratelimit-reset-input-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("ratelimit-remaining", "ratelimit-reset"),
)


def _from_resets(headers: Headers) -> float | None:
    waits = [
        _reset_s(headers[reset], headers)
        for remaining, reset in _LIMITS
        if reset in headers and number(headers.get(remaining, "").strip()) == 0
    ]
    waits += _structured(headers.get("ratelimit", ""))
    return max((wait_s for wait_s in waits if wait_s), default=None)


def _structured(field: str) -> list[float | None]:
    """The waits of used-up policies in a ``RateLimit`` field.

    draft-ietf-httpapi-ratelimit-headers-10: ``"default";r=0;t=30``, several with commas.
    """
    policies = [policy.replace(" ", "").split(";") for policy in field[:1024].split(",")]
    return [
        number(parameter[2:])
        for policy in policies
        if "r=0" in policy
        for parameter in policy
        if parameter.startswith("t=")
    ]


def _reset_s(value: str | None, headers: Headers) -> float | None:
    """A reset as a wait: a duration, epoch seconds, epoch milliseconds, or a date."""
    text = (value or "").strip()
    if not text:
        return None
    plain = number(text)
    if plain is None:
        found = duration_s(text)
        return _until(instant_s(text), headers) if found is None else found
    if plain >= _EPOCH_MS_MIN:
        return _until(plain / 1000, headers)
    return _until(plain, headers) if plain >= _EPOCH_S_MIN else plain
