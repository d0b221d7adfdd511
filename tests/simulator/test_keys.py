"""What becomes of a key, and in which forms a key may come."""

from __future__ import annotations

import pytest

from halley.simulator import keys
from halley.simulator.model import SimRequest

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"authorization": f"Bearer {keys.VALID}"}, ""),
        ({"authorization": f"bearer  {keys.VALID} "}, ""),
        ({"x-api-key": keys.VALID}, ""),
        ({"x-goog-api-key": keys.VALID}, ""),
        ({}, f"alt=sse&key={keys.VALID}"),
    ],
)
def test_a_key_is_found_in_every_form(headers, query):
    """Bearer, x-api-key, x-goog-api-key and ?key= all carry the key."""
    assert keys.key_of(SimRequest("POST", CHAT, query, headers)) == keys.VALID


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer "}, {"authorization": "Basic x"}]
)
def test_no_key_is_empty(headers):
    """A request without a usable key has none."""
    assert keys.key_of(SimRequest("POST", CHAT, headers=headers)) == ""


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        (keys.VALID, 200, "chat.completion"),
        ("sk-" + "Zq7" * 16, 200, "chat.completion"),
        ("", 401, "未提供令牌"),
        ("no-prefix", 401, "Invalid token"),
        (keys.INVALID, 401, "Invalid token"),
        (keys.EXPIRED, 401, "该令牌已过期"),
        (keys.EXHAUSTED, 401, "TokenStatusExhausted"),
        (keys.BANNED, 403, "用户已被封禁"),
        (keys.CAPPED, 403, "pre_consume_token_quota_failed"),
        (keys.BROKE, 403, "insufficient_user_quota"),
    ],
)
def test_the_words_of_a_key_decide(caller, key, status, said):
    """Each documented key is answered as the gateway answers such a key."""
    reply = caller()(key=key)
    assert reply.status == status
    assert said in reply.body.decode()


def test_a_word_counts_only_as_a_whole_word():
    """A key of letters that happen to spell a word is good."""
    assert keys.fate_of("sk-xbrokex") is None


def test_money_is_asked_for_only_where_something_is_charged(caller):
    """A key without money may still list the models; a bad key may not."""
    assert caller().get("/v1/models", key=keys.BROKE).status == 200
    assert caller().get("/v1/models", key=keys.INVALID).status == 401


def test_the_catalogue_needs_no_key(caller):
    """`GET /api/models` is open."""
    assert caller().get("/api/models", key="").status == 200
