"""The wait a server asks for: where it is read from, in which order, and what is no hint."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.envelopes import Shape
from halley.core.evidence import Evidence, evidence_of
from halley.core.waits import server_wait

SAID_NOTHING = Evidence(Shape.EMPTY)
DATE = {"date": "Mon, 23 Nov 2026 15:00:00 GMT"}


def retry_after(value, **headers):
    return server_wait({"retry-after": value, **headers}, SAID_NOTHING, 429)


def in_body(body, status=429, **headers):
    return server_wait(headers, evidence_of({}, body.encode()), status)


# The values tried on six implementations in 2026; where they differ we follow openai-python 3.54,
# which falls back to its backoff on a hint that is none, and never to an earlier return.
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("20", 20),
        ("0", None),
        ("-10", None),
        ("1.5", 1.5),
        ("61", 61),
        ("121", 121),
        ("86400", 86400),
        ("9" * 35, float("9" * 35)),
        ("inf", None),
        ("nan", None),
        ("1e3", 1000),
        ("1_000", 1000),
        ("+5", 5),
        ("20, 30", None),
        ("0x10", None),
        ("", None),
        ("junk", None),
    ],
)
def test_retry_after_as_openai_reads_it_without_a_ceiling(value, seconds):
    """The ceiling of 120 s is the engine's; the wait itself is reported as it is."""
    assert retry_after(value) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 23 Nov 2026 15:00:20 GMT",
        "Monday, 23-Nov-26 15:00:20 GMT",
        "Mon Nov 23 15:00:20 2026",
        "Mon, 23 Nov 2026 15:00:20 -0000",
        "Mon, 23 Nov 2026 17:00:20 +0200",
    ],
)
def test_a_date_is_measured_against_the_replys_own(value):
    """So a client whose clock is an hour off still waits 20 s."""
    assert retry_after(value, **DATE) == 20


def test_a_date_without_the_replys_own_is_unknown():
    """The core has no clock, and a guess would be worse."""
    assert retry_after("Mon, 23 Nov 2026 15:00:20 GMT") is None


@pytest.mark.parametrize(
    "value", ["Mon, 23 Nov 2020 15:00:00 GMT", "Mon, 23 Nov 100000 15:00:00 GMT"]
)
def test_a_date_that_is_past_or_impossible_is_no_hint(value):
    """Neither an immediate retry nor a ValueError that hides the 429."""
    assert retry_after(value, **DATE) is None


# urllib3 test_retry.py. It refuses "1.0", "+1" and "-1" as invalid; we read the first two, because
# servers send fractions (urllib3#2861) and units (urllib3#1822), and pass over the third.
@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1000", 1000), ("\t42 ", 42), ("1.0", 1), ("+1", 1), ("-1", None), ("²", None), ("1m0s", 60)],
)
def test_urllib3s_rows_and_where_we_differ_on_purpose(value, seconds):
    """More is read, nothing raises."""
    assert retry_after(value) == seconds


def test_milliseconds_win_over_seconds_and_seconds_over_the_text():
    """openai-python@e43b422 _parse_retry_after_header."""
    body = '{"error":{"message":"Please try again in 9s."}}'
    both = {"retry-after-ms": "120", "retry-after": "1"}
    assert in_body(body, **both) == 0.12
    assert in_body(body, **{"retry-after": "1"}) == 1
    assert in_body(body) == 9
    assert in_body(body, **{"retry-after-ms": "junk", "retry-after": "0"}) == 9
    assert in_body(body, **{"x-ms-retry-after-ms": "800"}) == 0.8


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        ('"default";r=0;t=30', 30),
        ('"a";r=5;t=9, "b"; r=0; t=40', 40),
        ('"default";r=1;t=30', None),
        ('"default";r=0', None),
        ('"default";r=0;t=soon', None),
    ],
)
def test_a_used_up_policy_of_the_ratelimit_field_is_a_wait(field, seconds):
    """draft-ietf-httpapi-ratelimit-headers-10."""
    assert in_body("{}", ratelimit=field) == seconds


def test_of_data_and_text_the_longer_wait_holds():
    """Both are the body's; coming early is the worse mistake."""
    body = (
        '{"error":{"message":"Please retry in 12s.","details":'
        '[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"900ms"}]}}'
    )
    assert in_body(body) == 12


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ('{"cloudflare_error":true,"title":"x","status":522,"retry_after":120}', 120),
        ('{"error":{"code":429,"metadata":{"retry_after_seconds":1}}}', 1),
        ('{"error":{"code":429,"metadata":{"headers":{"Retry-After":"7"}}}}', 7),
        ('{"error":{"details":[{"retryDelay":"34.4s"}]}}', 34.4),
        ('{"error":{"details":[{"retryDelay":{"seconds":17}}]}}', 17),
        (
            '{"error":{"details":[{"metadata":{"quota_limit":"RequestsPerMinutePerProject"}}]}}',
            60,
        ),
    ],
)
def test_a_wait_stated_as_data_is_read(body, seconds):
    """RetryInfo, problem documents, OpenRouter's metadata, and a minute for a limit per minute."""
    assert in_body(body) == seconds


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [
        ("1s", 1),
        ("6m0s", 360),
        ("120ms", 0.12),
        ("30", 30),
        ("1795446030", 30),
        ("1795446030000", 30),
        ("2026-11-23T15:00:30Z", 30),
    ],
)
def test_the_reset_of_a_used_up_limit_is_a_wait(reset, seconds):
    """A duration, epoch seconds, epoch milliseconds or a date."""
    used_up = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": reset, **DATE}
    assert server_wait(used_up, SAID_NOTHING, 429) == pytest.approx(seconds)


def test_the_reset_of_a_limit_with_something_left_is_none():
    """OpenAI sends resets on every reply; they say when the bucket is full again."""
    left = {"x-ratelimit-remaining-tokens": "7", "x-ratelimit-reset-tokens": "6m0s"}
    assert server_wait(left, SAID_NOTHING, 429) is None


def test_of_two_used_up_limits_the_later_reset_holds():
    """Anthropic limits requests and tokens at once."""
    headers = DATE | {
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "2026-11-23T15:00:05Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-11-23T15:00:41Z",
    }
    assert server_wait(headers, SAID_NOTHING, 429) == 41


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_words_in_a_refusal_are_no_hint(status):
    """An advice to "modify your prompt and retry after 20 seconds" asks for nothing."""
    assert in_body('{"error":{"message":"Fix it and retry after 20 seconds."}}', status) is None


HEADER_NAMES = st.sampled_from(
    ["retry-after", "retry-after-ms", "date", "x-ratelimit-reset", "x-ratelimit-remaining"]
)


@given(headers=st.dictionaries(HEADER_NAMES, st.text(max_size=30)), status=st.integers(100, 599))
def test_a_wait_is_none_or_finite_and_above_zero(headers, status):
    """Whatever the headers hold."""
    wait_s = server_wait(headers, SAID_NOTHING, status)
    assert wait_s is None or (math.isfinite(wait_s) and wait_s > 0)
