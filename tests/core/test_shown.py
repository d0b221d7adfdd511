"""How values are shown in errors: in one line, short, and never a key."""

from __future__ import annotations

import datetime as dt

import pytest

from halley.core.shown import inside, may_be_key, shown

HEX = "9f2c41aa"


@pytest.mark.parametrize(
    "text",
    [
        "sk-" + "abc",
        "my sk-" + "proj-abc",
        "Bearer " + "abc",
        "Basic " + "YTpi",
        "AIza" + "SyD-1",
        "eyJ" + "hbGciOi",
        "https://user:pass@host/x",
        "redis://:pass@host:6379/0",
        HEX * 4,
        f"{HEX}-{HEX[:4]}-{HEX[:4]}-{HEX[:4]}-{HEX}{HEX[:4]}",
        "k" * 32,
        "x9" * 10,
    ],
)
def test_what_has_the_form_of_a_key_is_described(text):
    """Its length, and that it is not shown."""
    assert may_be_key(text)
    told = shown(text)
    assert told == f"text of {len(text)} characters, not shown: it could be a key"
    assert inside("models", text) == 'models."…"'


@pytest.mark.parametrize(
    "text",
    [
        "documented",
        "full_jitter_with_a_long_name_that_nobody_has",
        "gpt-5-mini-2025-08-07",
        "claude-sonnet-4-5-20250929",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "ft:gpt-4o-mini:acme:support",
        "/var/log/halley/records.jsonl",
        "redis://localhost:6379/0",
        "risk-free",
        "task-abcdef",
    ],
)
def test_an_ordinary_word_is_shown(text):
    """Names of models and files are what an error is about."""
    assert not may_be_key(text)
    assert shown(text) == repr(text)


@pytest.mark.parametrize(
    "path", ["keys[0].value", "api_key", "models.a.password", "x.auth-token", "proxy.secret"]
)
def test_what_is_named_like_a_key_is_described(path):
    """However short it is."""
    assert shown("abc", path) == "text of 3 characters, not shown: it could be a key"
    assert shown(["abc"], path) == "[text of 3 characters, not shown: it could be a key]"
    assert shown(5, path) == "5"


@pytest.mark.parametrize("path", ["monkey", "tokens_per_minute", "backoff", "keyboard"])
def test_a_word_that_holds_the_letters_is_no_key(path):
    """`tokens` are LLM tokens."""
    assert shown("abc", path) == "'abc'"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, "true"),
        (None, "None"),
        (float("nan"), "nan"),
        (10**30, "a number too large"),
        pytest.param(10**5000, "a number too large", id="more digits than Python prints"),
        ([1, "a"], "[1, 'a']"),
        ([1] * 5, "a list of 5"),
        ({"a": 1}, "a table"),
        (dt.date(2026, 11, 25), "a date"),
        ("two\nlines", r"'two\nlines'"),
        ("ab " * 50, f"'{'ab ' * 20}…'"),
    ],
)
def test_every_value_is_one_short_line(value, told):
    """Whatever TOML or a caller brings."""
    assert shown(value) == told


def test_a_path_is_written_as_in_toml():
    """Bare where TOML takes it bare, else in quotes with what they need."""
    assert inside("models", "o3") == "models.o3"
    assert inside("models", "gpt-5*") == 'models."gpt-5*"'
    assert inside("models", 'a"b\n') == r'models."a\"b\n"'
