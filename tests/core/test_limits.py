"""What has run out, in words: a thing and its end in one sentence, held back by a pace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core import vocabulary
from halley.core.limits import limits_in
from halley.core.tables import words_in

MARKS = {"@limit.money", "@limit.key", "@limit.period", "@limit.quota", "@limit.pace"}
WORD_SETS = {
    name: words
    for name, words in vars(vocabulary).items()
    if name.isupper() and isinstance(words, frozenset | tuple)
}


def read(text, codes=()):
    lowered = text.lower()
    return {mark.removeprefix("@limit.") for mark in limits_in(lowered, words_in(lowered), codes)}


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("You have run out of your free trial quota. Upgrade your plan.", "money"),
        ("Your wallet is empty.", "money"),
        ("No active subscription found for this account", "money"),
        ("Your bill is overdue.", "money"),
        ("Monthly spend cap reached for workspace 'prod'.", "money"),
        ("Hard cap of $50 met.", "money"),
        ("This API key has reached its usage limit", "key"),
        ("You've hit your daily quota. Come back tomorrow.", "period"),
        ("5-hour limit reached", "period"),
        ("The usage limit has been reached", "period"),
        ("Quota exceeded.", "quota"),
        ("Quota exceeded: 60 requests per minute", "pace"),
        ("Too many concurrent requests for the free plan. Maximum 2.", "pace"),
        ("Account request limit exceeded, please wait", "pace"),
        ("The quota for nodes is exceeded temporarily", "pace"),
        ("账户余额不足，无法完成本次请求", "money"),
        ("您的套餐已到期", "money"),
        ("该令牌的额度已用完", "key"),
        ("今日免费额度已用完", "period"),
        ("配额不足", "quota"),
        ("请求频率超出配额限制，每分钟最多 10 次", "pace"),
    ],
)
def test_a_sentence_that_names_a_thing_and_its_end_is_read(text, mark):
    """In English and in Chinese."""
    assert read(text) == {mark}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The thinking budget 50000 exceeds the maximum of 32768",
        "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
        "image exceeds 5 MB",
        "invalid subscription key or wrong API endpoint",
        "please add a payment method to your account to increase your rate limit",
        "see https://host/billing/credits/exceeded",
        "contact support about your plan",
        "failed to reach the billing service",
    ],
)
def test_other_crafts_are_left_alone(text):
    """A request at fault, an address and an advertisement run out of nothing."""
    assert read(text) == set()


def test_the_thing_and_its_end_stand_in_one_sentence():
    """A sentence about the plan does not end because another one ends something else."""
    assert read("The timeout was exceeded. See your plan.") == set()


@pytest.mark.parametrize(
    ("code", "marks"),
    [
        ("not_enough_credits", {"money"}),
        ("daily_limit_exceeded", {"period"}),
        ("rate_limit_exceeded", set()),
        ("invalid_request_error", set()),
        ("@limit_exceeded_quota", {"quota"}),
    ],
)
def test_a_code_is_a_sentence_too(code, marks):
    """But one that names a pace does not hold back what the text says."""
    assert read("", [code]) == marks


@pytest.mark.parametrize("name", WORD_SETS)
def test_the_words_are_spelled_so_that_they_can_match(name):
    """Lower case, trimmed, and single where they are compared with single words."""
    for word in WORD_SETS[name]:
        assert word == word.strip().lower()
        assert word
        if isinstance(WORD_SETS[name], frozenset):
            assert words_in(word) == {word}


@given(
    st.lists(st.sampled_from(sorted(vocabulary.THINGS | vocabulary.USED | {"。", ". ", "额度"})))
)
def test_any_text_gives_marks_of_the_closed_set(words):
    """Whatever the words and their order."""
    text = " ".join(words)
    assert limits_in(text, words_in(text)) <= MARKS
