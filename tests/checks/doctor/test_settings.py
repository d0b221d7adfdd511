"""The form of key and base URL: each mistake by name, and the key never shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.checks.doctor.settings import check_key, check_url

BODY = "Ab1" * 16
HOST = "api.cometapi.com"
GOOD = "sk-" + BODY


@pytest.mark.parametrize(
    ("key", "mistake"),
    [
        ("", "not set"),
        (f'"{GOOD}"', "in quotes"),
        (f"\u201c{GOOD}\u201d", "in quotes"),
        (f"Bearer {GOOD}", 'begins with "Bearer "'),
        (f"Authorization: Bearer {GOOD}", 'begins with "Bearer "'),
        ("$COMETAPI_KEY", "a placeholder"),
        ("<your key>", "a placeholder"),
        ("your_api_key_goes_here_please", "a placeholder"),
        (f"COMETAPI_KEY={GOOD}", "a placeholder or an unresolved variable"),
        (f"{GOOD}\n", "holds a line break"),
        (f"{GOOD}\r", "holds a line break"),
        (f" {GOOD}", "begins or ends with a space"),
        (f"{GOOD[:20]} {GOOD[20:]}", "holds a space"),
        (f"{GOOD}\u200b", "holds a character that no key has"),
        (f"{GOOD}\x07", "holds a character that no key has"),
        (f"sk-{BODY[:10]}", "too short"),
        (f"sk-ant-{BODY}", "of Anthropic's form"),
        (f"AIza{BODY}", "of Google's form"),
        (f"gsk_{BODY}", "of Groq's form"),
        (BODY, "not of CometAPI's form"),
    ],
)
def test_each_mistake_is_named_with_its_fix(key, mistake):
    """What is wrong, what to do, and nothing of the key but prefix and length."""
    found = check_key(key, HOST)
    assert found.status == "wrong"
    assert found.message.startswith(mistake)
    assert found.fix
    assert BODY[:10] not in found.message + found.fix


def test_a_good_key_is_described_by_prefix_and_length():
    """As much as helps to tell two keys apart, and no more."""
    assert check_key(GOOD, HOST).message == "51 characters, begins with sk-"


@pytest.mark.parametrize("key", [f"sk-ant-{BODY}", f"xai-{BODY}", BODY])
def test_another_providers_key_is_right_for_another_host(key):
    """Prefixes are CometAPI's affair at CometAPI's hosts alone."""
    assert check_key(key, "api.example.org").status == "ok"


@given(key=st.text(max_size=60), host=st.sampled_from([HOST, "localhost"]))
def test_no_key_makes_it_raise_or_appears(key, host):
    """Any text is described, and six characters of it in a row are never repeated."""
    canary = "QzXwVy"
    found = check_key(key + canary, host)
    assert canary not in found.message + found.fix


@pytest.mark.parametrize(
    ("url", "mistake", "fix"),
    [
        ("https://api.cometapi.com", "/v1 is missing", "use https://api.cometapi.com/v1"),
        ("https://api.cometapi.com/", "/v1 is missing", "use https://api.cometapi.com/v1"),
        ("https://api.cometapi.com/api", "/v1 is missing", "use https://api.cometapi.com/v1"),
        ("https://api.cometapi.com/v1/v1", "the version stands", "use https://api.cometapi.com/v1"),
        (
            "https://api.cometapi.com/v1/chat/completions",
            "goes on after the version",
            "use https://api.cometapi.com/v1",
        ),
        ("http://api.cometapi.com/v1", "http sends the key", "use https://api.cometapi.com/v1"),
        (
            "https://www.cometapi.com/v1",
            "www.cometapi.com is not",
            "use https://api.cometapi.com/v1",
        ),
        ("http://127.0.0.1:8080", "/v1 is missing", "use http://127.0.0.1:8080/v1"),
        ("https://example.org/api/v1/x", "goes on after", "use https://example.org/api/v1"),
        ("api.cometapi.com/v1", "not an address", "set it to an address such as"),
        ('"https://api.cometapi.com/v1"', "not an address", "set it to an address such as"),
        ("https://api.cometapi.com:99999/v1", "not an address", "set it to an address such as"),
        ("https://api.cometapi.com/v1 ", "not an address", "set it to an address such as"),
        ("https://[::1/v1", "not an address", "set it to an address such as"),
        ("", "not an address", "set it to an address such as"),
        ("https://u:p@api.cometapi.com/v1", "holds more than", "leave out"),
        ("https://api.cometapi.com/v1?key=x", "holds more than", "leave out"),
    ],
)
def test_each_mistake_in_a_base_url_has_its_fix(url, mistake, fix):
    """Missing, doubled and trailing paths; scheme, host, and what is no address."""
    found = check_url(url)
    assert found.status == "wrong"
    assert found.message.startswith(mistake)
    assert found.fix.startswith(fix)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.cometapi.com/v1",
        "https://api.cometapi.com/v1/",
        "https://api.cometapi.com/v1beta",
        "https://openrouter.ai/api/v1",
        "http://localhost:8080/v1",
        "http://[::1]:8080/v1",
        "https://example.org/gateway",
    ],
)
def test_a_good_base_url_passes(url):
    """Versions of every spelling, mounts, this machine over http."""
    assert check_url(url).status == "ok"


@given(url=st.text(max_size=60) | st.text(max_size=20).map("https://".__add__))
def test_no_base_url_makes_it_raise(url):
    """Any text is right or wrong."""
    assert check_url(url).status in {"ok", "wrong"}
