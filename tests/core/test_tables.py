"""Rows and their index: the first that fits wins, and the index never changes which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.model import Action, Kind, Scope
from halley.core.tables import NATURAL, Row, Tables, within, words_in
from halley.providers import TABLES

NONE = frozenset[str]()


def row(name, **conditions):
    return Row(name, Kind.OVERLOADED, "a test", **conditions)


def first(tables, labels=(), text="", status=None):
    found = tables.first(frozenset(labels), text, status)
    return found and found.name


def test_the_first_row_that_fits_wins():
    """Whatever brings the rows up."""
    tables = Tables(
        (row("text", texts=("too busy",)), row("label", labels=("x",)), row("s", status=(500,)))
    )
    assert first(tables, ["x"], "we are too busy now", 500) == "text"
    assert first(tables, ["x"], "", 500) == "label"
    assert first(tables, [], "", 500) == "s"
    assert first(tables, [], "", 501) is None


def test_every_condition_must_hold():
    """Any label, any text, any status; all needs, none of the exceptions."""
    tables = Tables(
        (row("r", labels=("a", "b"), texts=("c", "d"), needs=("n",), unless=("u",), status=(1, 2)),)
    )
    assert first(tables, ["b", "n"], "d", 2) == "r"
    assert first(tables, ["b"], "d", 2) is None
    assert first(tables, ["n"], "d", 2) is None
    assert first(tables, ["b", "n", "u"], "d", 2) is None
    assert first(tables, ["b", "n"], "e", 2) is None
    assert first(tables, ["b", "n"], "d", 3) is None


def test_an_exception_in_the_text_counts():
    """OpenAI's quota message is a part of Gemini's."""
    tables = Tables((row("r", texts=("over quota",), unless_texts=("retry in",)),))
    assert first(tables, text="over quota") == "r"
    assert first(tables, text="over quota. retry in 4s") is None


def test_the_parts_of_a_needle_stand_in_order():
    """`a*b`."""
    assert within("no*channel", "no free channel")
    assert not within("no*channel", "channel no")


def test_the_last_word_of_a_needle_may_be_a_stem():
    """So "no available channel" finds "channels"."""
    tables = Tables((row("r", texts=("no available channel",)),))
    assert first(tables, text="no available channels for model x") == "r"


def test_chinese_needles_need_no_spaces():
    """They are looked for as they are."""
    assert first(Tables((row("r", texts=("余额不足",)),)), text="您的余额不足请充值") == "r"


@given(st.text(alphabet="ab_1 .-\u00e9\u4f59", max_size=30))
def test_words_are_found_alike_in_ascii_and_beyond(text):
    """The fast way and the thorough one agree."""
    assert words_in(text) == words_in(f"{text} \u4f59")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((row("a", status=(1,)), row("a", status=(2,))), "unique names, got twice: a"),
        ((row("bare"),), "at least one condition, got none in bare"),
    ],
)
def test_a_table_that_cannot_work_is_refused(rows, message):
    """Named, with what is wrong."""
    with pytest.raises(ValueError, match=message):
        Tables(rows)


def test_a_row_takes_action_and_scope_from_its_kind_unless_it_says_otherwise():
    """The natural ones."""
    assert row("r", status=(1,)).chosen_action is Action.RETRY
    assert row("r", status=(1,), action=Action.STOP).chosen_action is Action.STOP
    assert row("r", status=(1,), scope=Scope.KEY).chosen_scope is Scope.KEY
    assert set(NATURAL) == set(Kind)


ALL_LABELS = sorted({label for r in TABLES.rows for label in r.labels + r.needs})
ALL_TEXTS = sorted({needle.replace("*", " ") for r in TABLES.rows for needle in r.texts})


@given(
    labels=st.sets(st.sampled_from(ALL_LABELS), max_size=5),
    texts=st.lists(st.sampled_from(ALL_TEXTS), max_size=3),
    status=st.none() | st.integers(100, 599),
)
def test_the_index_never_changes_which_row_wins(labels, texts, status):
    """Against the plain reading of the table, row by row."""
    text = " … ".join(texts)
    marks = frozenset(labels)
    plain = next((r for r in TABLES.rows if r.fits(marks, text, status)), None)
    assert TABLES.first(marks, text, status) is plain
