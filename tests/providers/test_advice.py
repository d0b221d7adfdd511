"""Advice: every kind in both languages, naming what is known and nothing of the body."""

from __future__ import annotations

import re
import unicodedata

import pytest

from halley.core.model import Action, Failure, Kind, Origin, Scope
from halley.core.tables import NATURAL
from halley.providers import TABLES, texts_en, texts_vi
from halley.providers.advice import advice, spelled, text_of

LANGS = pytest.mark.parametrize("lang", ["en", "vi"])
KINDS = pytest.mark.parametrize("kind", Kind)


def failure(kind, **more):
    action, scope = NATURAL[kind]
    return Failure(kind, action, Origin.UPSTREAM, scope, "a.rule", **more)


@LANGS
@KINDS
def test_every_kind_has_one_or_two_sentences(kind, lang):
    """Ending in a full stop, with nothing left open."""
    text = advice(failure(kind), lang=lang)
    assert text.endswith(".")
    assert not re.search(r"[\[\]{}]", text)
    assert 1 <= len(re.findall(r"[.!](?:\s|$)", text)) <= 2


@KINDS
def test_vietnamese_is_written_with_its_marks(kind):
    """Composed diacritics, in every text."""
    text = advice(failure(kind), lang="vi")
    assert text == unicodedata.normalize("NFC", text)
    assert any(unicodedata.decomposition(char) for char in text)


@pytest.mark.parametrize("table", ["BY_KIND", "BY_ACTION", "BY_KIND_AND_ACTION"])
def test_both_languages_say_the_same_things_about_the_same_names(table):
    """The same entries, and the same names to fill in."""
    english, vietnamese = getattr(texts_en, table), getattr(texts_vi, table)
    assert english.keys() == vietnamese.keys()
    for entry, text in english.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(
            re.findall(r"\{(\w+)\}", vietnamese[entry])
        )


@LANGS
def test_field_model_key_and_wait_are_named_when_known(lang):
    """And left out, with the words around them, when not."""
    parameter = failure(Kind.UNSUPPORTED_PARAMETER, field="temperature")
    assert "`temperature`" in advice(parameter, model="gpt-5", lang=lang)
    assert "gpt-5" in advice(parameter, model="gpt-5", lang=lang)
    assert "()" not in advice(parameter, lang=lang)
    assert "work" in advice(failure(Kind.INVALID_KEY), key="work", lang=lang)
    assert "20 " in advice(failure(Kind.RATE_LIMIT, wait_s=19.2), lang=lang)


@LANGS
@pytest.mark.parametrize("field", ["a\nb", "x" * 81, ""])
def test_a_field_that_cannot_be_shown_is_not(field, lang):
    """A server could write anything there."""
    text = advice(failure(Kind.INVALID_REQUEST, field=field), lang=lang)
    assert "`" not in text


@LANGS
def test_reconcile_says_what_to_check(lang):
    """Whatever the kind was."""
    texts = {advice(failure(kind), Action.RECONCILE, lang=lang) for kind in Kind}
    assert len(texts) == 1
    words = {"en": ["task list", "console", "balance"], "vi": ["danh sách", "số dư"]}
    assert all(word in texts.copy().pop() for word in words[lang])


@LANGS
def test_no_row_that_does_not_retry_advises_to_send_again(lang):
    """The text follows the action, not only the kind."""
    again = {"en": "send again", "vi": "rồi gửi lại"}[lang]
    for row in TABLES.rows:
        if not row.chosen_action.retryable:
            text = text_of(row.kind, row.chosen_action, lang)
            assert again not in text or row.chosen_action in {Action.FAIL_OVER, Action.RECONCILE}, (
                row.name
            )


@LANGS
def test_nothing_failed_is_said_too(lang):
    """For `ok`."""
    assert advice(None, lang=lang).endswith(".")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "1 s"), (20, "20 s"), (120, "120 s"), (121, "3 min"), (7300, "3 h"), (200_000, "3 d")],
)
def test_a_wait_is_spelled_rounded_up(seconds, text):
    """So that nobody who reads it comes early."""
    assert spelled(seconds, ("s", "min", "h", "d")) == text


def test_scope_is_part_of_no_text():
    """Texts speak of things, not of our words."""
    for table in (texts_en.BY_KIND, texts_vi.BY_KIND):
        assert not any(f"scope {scope}" in text for scope in Scope for text in table.values())
