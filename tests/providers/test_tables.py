"""The tables as data: named, sourced, spelled so that they can match."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import halley.providers
from halley.core.model import Action, Kind
from halley.core.tables import within
from halley.providers import TABLES, status

MODULES = list(Path(halley.providers.__file__).parent.glob("*.py"))
ROWS = pytest.mark.parametrize("row", TABLES.rows, ids=lambda row: row.name)


@ROWS
def test_each_row_names_itself_and_its_source(row):
    """`provider.what`, and a page or repository with a date, a commit, an issue or a section."""
    assert re.fullmatch(r"[a-z]+\.[a-z0-9_]+", row.name)
    assert re.search(
        r"\d{4}|@[0-9a-f]{7}|#\d+|§|\.(go|proto|c|json)\b|[a-z]+/[a-z-]+", row.source
    ), row.source


@ROWS
def test_each_row_is_spelled_in_lower_case(row):
    """Evidence is lower case, so anything else would never match."""
    for word in row.labels + row.needs + row.unless + row.texts + row.unless_texts:
        assert word == word.lower()


@ROWS
def test_each_text_fits_itself_and_says_enough(row):
    """Four letters at least, or two Chinese signs."""
    for needle in row.texts:
        assert within(needle, needle.replace("*", " and "))
        assert len(needle) >= (2 if not needle.isascii() else 4)


def test_every_status_from_100_to_599_has_a_last_witness():
    """Nothing falls through."""
    covered = {code for row in status.ROWS for code in row.status}
    assert covered >= set(range(100, 600))


def test_a_bare_status_is_retried_exactly_where_the_documentation_says():
    """The documented table, 408, 409, 425, 502, 520 to 529, and RFC 9110's x00 for the others."""
    retried = {
        code
        for code in range(100, 600)
        if (row := TABLES.first(frozenset(), "", code)) and row.chosen_action.retryable
    }
    documented = {408, 409, 425, 429, 500, 502, 503, 504, *range(520, 530)}
    never = {501, 505, 506, 507, 508, 509, 510, 511, 530}
    assert retried == documented | (set(range(512, 600)) - never)


def test_every_kind_but_one_is_known_from_some_row():
    """`region` and `conflict` as much as `rate_limit`."""
    assert {row.kind for row in TABLES.rows} == set(Kind)


def test_the_tables_use_every_action_that_a_row_can_choose():
    """`ok` is no failure."""
    assert {row.chosen_action for row in TABLES.rows} == set(Action) - {Action.OK}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_module_holds_more_than_it_can_explain(path):
    """Under 400 lines: a table is read from top to bottom."""
    assert len(path.read_text("utf-8").splitlines()) < 400
