"""The redactor as a whole: configured keys in any form, bounds, failures, and properties."""

from __future__ import annotations

import base64
import json
import pickle
from unicodedata import category
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halley
from halley.records.redact import Redactor, redactor
from halley.records.redact.known import masked, masker
from halley.records.redact.plain import written_bytes
from tests.records.corpus import payloads, secrets, survivors
from tests.records.corpus.making import WORD, made

KEY = made("configured", (WORD, 24), "+/", (WORD, 24))
KNOWING = Redactor([halley.Secret(KEY)])
PLAIN = Redactor()
PARTS = [
    *(row.text for row in secrets.rows()),
    *(row.text[:600] for row in payloads.rows()),
    *survivors.ROWS,
    *("\n", '"', ", ", " ", "\\", "=", ": ", "\x1b[31m", "\u202e", "<redacted>", "<cut chars=1>"),
]
MIXTURES = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=12)), max_size=12).map(
    "".join
)


def packed(shift: int) -> str:
    """Base64 of something that has the key in its middle."""
    return base64.b64encode(b"x" * shift + KEY.encode() + b"yz").decode()


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY, safe=""),
        quote(KEY, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
        json.dumps(KEY),
        json.dumps(json.dumps(KEY)),
        KEY.replace("/", "\\/"),
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        *map(packed, range(6)),
        packed(0).replace("+", "-").replace("/", "_"),
        KEY[:20],
        KEY[-12:],
        KEY[7:19],
    ],
)
def test_a_configured_key_is_found_in_every_form(form: str):
    """Whole, in pieces of twelve, and as it could come back encoded."""
    shown = KNOWING.text(f"the server said {form} is bad")
    assert "<redacted>" in shown
    inner = form.strip('"\\')
    begins, ends = (8, -8) if inner in map(packed, range(6)) else (0, None)  # its neighbours' bits
    inner = inner[begins:ends]
    assert not any(inner[at : at + 12] in shown for at in range(len(inner) - 11))


@pytest.mark.parametrize("form", [KEY, KEY.encode().hex(), packed(1)[2:68]])
def test_twelve_characters_are_found_wherever_they_stand(form: str):
    """A text is looked at by steps: no place and no piece falls between two of them."""
    for start in range(len(form) - 11):
        piece = form[start : start + 12]
        for before in range(19):
            text = "é" * before + piece
            assert KNOWING.text(text) == "é" * before + "<redacted>"
            assert KNOWING.text(f"{text}\n") == "é" * before + r"<redacted>\n"


def test_eleven_characters_of_a_key_are_no_key():
    """Words that happen to begin like one stay."""
    assert KNOWING.text(f"x {KEY[:11]} y") == f"x {KEY[:11]} y"


def test_a_word_is_no_key():
    """A configured `EMPTY` or `test`, as local servers take it, hides nothing."""
    assert Redactor(["EMPTY", "test", ""]).text("EMPTY test") == "EMPTY test"


def test_a_short_key_is_found_as_a_whole():
    """Eight characters are enough."""
    assert Redactor(["hunter2!"]).text("with hunter2! it fails") == "with <redacted> it fails"


def test_many_keys_cost_no_more_than_one():
    """Each of fifty is found, and no other word."""
    keys = [made(str(number), (WORD, 40)) for number in range(50)]
    mask = masker(keys)
    assert mask(" ".join(keys)) == " ".join(["<redacted>"] * 50)
    assert mask("nothing to see") == "nothing to see"


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(0, 4),
    st.sampled_from([row for row in secrets.rows() if "openai error" in row.name]),
)
def test_no_surroundings_hide_a_secret(before: str, after: str, depth: int, row):
    """At any depth of JSON in JSON."""
    text = f"{before} {row.secret} {after}"
    for _ in range(depth):
        text = json.dumps({"a": text})
    assert row.secret not in PLAIN.text(text)


@settings(max_examples=150, deadline=None)
@given(MIXTURES, st.sampled_from([None, 100, 400]))
def test_it_never_fails_never_grows_and_never_changes_its_mind(text: str, bytes_max: int | None):
    """Any mixture: one line, bounded; redacted again it is the same, unless it was cut."""
    shown = KNOWING.text(text, bytes_max)
    assert "<unloggable" not in shown
    assert not {category(char) for char in shown if char != "\t"} & {"Cc", "Cs", "Zl", "Zp"}
    assert bytes_max is None or written_bytes(shown) <= bytes_max
    assert bytes_max is not None or KNOWING.text(shown) == shown


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=3000), st.integers(64, 500))
def test_a_cut_text_fits_and_says_how_much_is_missing(text: str, bytes_max: int):
    """In bytes of a line of JSON, whatever the characters."""
    shown = PLAIN.text(text, bytes_max)
    assert written_bytes(shown) <= bytes_max


@pytest.mark.parametrize("unit", ["pwd=x,", "pwd=x,dsn=y,&sig=z,", "api_key='a' "])
def test_where_names_stand_closer_than_in_any_log_the_rest_is_masked(unit: str):
    """Its cost stays bounded, and nothing after it is shown; nor does it change its mind."""
    text = f"before {unit * 5000} hidden"
    shown = PLAIN.text(text)
    assert shown.startswith("before ")
    assert shown.endswith("<redacted>")
    assert shown.count("<redacted>") <= len(text) // 14 + 1
    assert PLAIN.text(shown) == shown


def test_names_as_close_as_in_a_log_leave_the_rest_alone():
    """A file of settings with a thousand passwords keeps what stands between them."""
    rows = [f"user-{n} pwd=xyz{n:04d} on" for n in range(1000)]
    shown = PLAIN.text("; ".join(rows))
    assert shown == "; ".join(f"user-{n} pwd=<redacted> on" for n in range(1000))


def test_of_a_huge_text_only_its_start_is_read():
    """And the mark counts all that is missing."""
    text = "a comet " * 1_000_000
    shown = PLAIN.text(text, 100)
    assert shown.startswith("a comet a comet")
    kept = len(shown.partition("<cut")[0])
    assert shown.endswith(f"<cut chars={len(text) - kept}>")


def test_control_characters_and_directions_become_escapes():
    """A log line can neither forge another nor rewrite the screen."""
    text = "a\r\nFORGED\x1b[2J\x00\u2028\u202eb\u2066\ud800\U000e0041\x9b"
    assert PLAIN.text(text) == (r"a\r\nFORGED\x1b[2J\x00\u2028\u202eb\u2066\ud800\U000e0041\x9b")


def test_what_fails_is_not_shown(monkeypatch: pytest.MonkeyPatch):
    """A bug in a rule costs the text, never the secret."""

    def broken(*_: object) -> str:
        raise RecursionError

    monkeypatch.setattr(redactor, "shaped", broken)
    assert PLAIN.text("secret " * 3) == "<unloggable event=text bytes=21>"


def test_a_redactor_shows_no_key():
    """Not by repr, nor by pickle; it has no attributes to look at."""
    assert KEY[:12] not in repr(KNOWING)
    assert not hasattr(KNOWING, "__dict__")
    with pytest.raises(TypeError, match="keys"):
        pickle.dumps(KNOWING)


@pytest.mark.parametrize("form", [KEY, KEY[:15], quote(KEY, safe=""), packed(1)[2:68]])
def test_in_a_body_every_character_of_a_key_becomes_an_asterisk(form: str):
    """Length and all other bytes stay; of base64 what the key alone decides."""
    body = f'{{"error":"bad {form}, été","it":"{form}"}}'.encode()
    hidden = masked(body, [halley.Secret(KEY)])
    assert len(hidden) == len(body)
    assert hidden == body.replace(form.encode(), b"*" * len(form))


def test_in_a_long_body_a_bare_key_is_found_to_the_end():
    """Its encoded forms only at its start, where messages stand."""
    body = b"x" * 300_000 + KEY.encode()
    assert masked(body, [halley.Secret(KEY)]) == b"x" * 300_000 + b"*" * len(KEY)
