"""Durations and instants in every spelling seen on the wire."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.durations import duration_s, instant_s, wait_in

DAY_S = 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("644ms", 0.644),
        ("900.2ms", 0.9002),
        ("3.89s", 3.89),
        ("0.539477544s", 0.539477544),
        ("9m38.016s", 578.016),
        ("6m0s", 360),
        ("19h14m47s", 69287),
        ("1d", DAY_S),
        ("2 hours", 7200),
        ("1 minute 30 seconds", 90),
        ("20", 20),
        ("5 秒", 5),
        (30, 30),
        (1.5, 1.5),
    ],
)
def test_every_unit_seen_is_read(text, seconds):
    """OpenAI, Groq, Gemini, Azure and the gateways each spell a wait their own way."""
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "junk", ["", "soon", "-5s", "nan", "inf", "ms", "20, 30", "0x10", None, True, [], -1, math.inf]
)
def test_what_is_no_duration_is_none(junk):
    """Junk, negatives and infinities are no waits."""
    assert duration_s(junk) is None


@given(st.text(max_size=40) | st.integers() | st.floats())
def test_a_duration_is_always_finite_and_not_negative(value):
    """Whatever is sent."""
    seconds = duration_s(value)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 15:00:20 GMT",
        "Monday, 23-Nov-26 15:00:20 GMT",
        "Mon Nov 23 15:00:20 2026",
        "Mon, 23 Nov 2026 15:00:20 -0000",
        "Mon, 23 Nov 2026 17:00:20 +0200",
        "2026-11-23T15:00:20Z",
        "2026-11-23T17:00:20+02:00",
    ],
)
def test_an_instant_is_read_in_every_form_of_rfc_9110_and_3339(text):
    """IMF, RFC 850, asctime, offsets, and Anthropic's RFC 3339."""
    assert instant_s(text) == 1795446020


@pytest.mark.parametrize("text", ["", "tomorrow", "Mon, 23 Nov 100000 15:00:20 GMT", "2026-99-99"])
def test_what_is_no_instant_is_none(text):
    """A year 100000 hides no 429 behind a ValueError (anthropic-sdk-python 2.12 does)."""
    assert instant_s(text) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("please try again in 644ms. visit us", 0.644),
        ("please try again in 9m38.016s.", 578.016),
        ("please retry after 20 seconds.", 20),
        ("please retry in 44.097740004s.", 44.097740004),
        ("try again in 2 seconds.", 2),
        ("please wait 23 seconds before retrying", 23),
        ("your quota will reset after 19h14m47s.", 69287),
        ("please try again after 1 seconds", 1),
        ("maximum 60 requests in 1 minutes", 60),
        ("1分钟内最多请求60次", 60),
        ("请在 20 秒后重试", 20),
        ("请 30 秒后再试", 30),
        ("vui lòng thử lại sau 15 giây", 15),
        ("try again in 5s. retry after 30 seconds", 30),
        ("try again in 5-10 minutes", 600),
        ("try again in 1,200 seconds", 1200),
        ("quota will be replenished in 02:11:45.", 7905),
        ("please wait one minute before the next request", 60),
        ("wait an hour", 3600),
        ("retry_after=9s", 9),
        ("retry-after: 4", 4),
        ("back off for 15 seconds", 15),
        ("expected to be available in 45 seconds", 45),
        ("请1分30秒后重试", 90),
        ("请在2个小时后再试", 7200),
        ("60s后重试", 60),
        ("thử lại sau 2 phút", 120),
    ],
)
def test_a_wait_is_read_from_every_wording(text, seconds):
    """The longest one named, so that nobody comes early."""
    assert wait_in(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "please try again later",
        "try again with a pdf",
        "retry your request with the id 20260101",
        "limit 30000, used 29937, requested 385",
        "you can retry your request, or contact us",
        "usage limit. try again at 12:16 pm",
        "5-hour limit reached, resets 6am",
        "session limit, resets 3:20pm",
        "it will reset at 2026-08-29 23:59:59 +0800",
        "resets 2026-08-29",
        "reset 50% of it",
    ],
)
def test_prose_about_retrying_is_no_wait(text):
    """A number is a wait only right behind the words that announce one."""
    assert wait_in(text) is None
