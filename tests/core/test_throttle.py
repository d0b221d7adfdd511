"""What a 429 says: which limit it is, or that it is none of this key's."""

from __future__ import annotations

import pytest

from halley.core.classify import classify
from halley.core.model import Fault, FaultKind, Reply
from halley.core.signals import Why
from halley.core.throttle import throttled, why_of
from halley.providers import TABLES

from .worlds import CHAT, error

TPM = (
    "Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000."
)
RPM = "Rate limit reached for gpt-5 on requests per min (RPM): Limit 60, Used 60, Requested 1."
ANTHROPIC = (
    "This request would exceed your organization's rate limit of 40,000 input tokens per minute"
)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (error(429, message="Too many requests, please try again later"), Why.UNKNOWN),
        (error(429, message=TPM, code="rate_limit_exceeded"), Why.TOKENS),
        (error(429, message=RPM, code="rate_limit_exceeded"), Why.RATE),
        (error(429, message=ANTHROPIC, type="rate_limit_error"), Why.TOKENS),
        (error(429, {"x-ratelimit-remaining-requests": "0"}), Why.RATE),
        (error(429, {"anthropic-ratelimit-output-tokens-remaining": "0"}), Why.TOKENS),
        (
            error(
                429, {"x-ratelimit-remaining-requests": "0", "x-ratelimit-remaining-tokens": "0"}
            ),
            Why.UNKNOWN,
        ),
        (error(429, {"x-ratelimit-remaining-requests": "17"}), Why.UNKNOWN),
        (error(429, message="当前分组上游负载已饱和，请稍后再试"), Why.STRAY),
        (error(429, message="Your current concurrency is 5, the limit is 5"), Why.CONCURRENCY),
    ],
    ids=lambda value: value.value if isinstance(value, Why) else "",
)
def test_a_refusal_says_what_it_is_about(reply: Reply, why: Why):
    """In its words, or in the header whose remainder is 0; both or none are unknown."""
    failure = classify(CHAT, reply, TABLES)
    assert failure is not None
    assert throttled(reply, failure)
    assert why_of(reply, failure) is why


def test_what_is_no_429_and_no_limit_is_not_the_pacers():
    """An overload, or a lost connection."""
    for outcome in (error(503), Fault(FaultKind.READ)):
        failure = classify(CHAT, outcome, TABLES)
        assert failure is not None
        assert not throttled(outcome, failure)
