"""docs/policy.md and the code say the same: every setting, its default, its range, its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from halley.core.policy import SETTINGS, Policy
from halley.policy import tables

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "policy.md").read_text("utf-8")
ROWS = {
    cells[0].strip("`"): cells[1:]
    for line in PAGE.splitlines()
    if line.startswith("| `") and len(cells := [c.strip() for c in line.strip("|").split("|")]) == 5
}
BLOCKS = [
    block
    for page in sorted(DOCS.glob("*.md"))
    for block in re.findall(
        r"^```toml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
]


def plain(cell: str) -> str:
    """The words of a cell."""
    return cell.replace("`", "")


def in_words(value: object) -> str:
    """A default as the page has it."""
    if value is None or value in ([], {}):
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("False", "false")


def test_every_setting_has_a_row_and_no_row_is_left_over():
    """In the order of the fields."""
    assert list(ROWS) == list(SETTINGS)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_row_says_default_range_and_whose_it_is(name: str):
    """As the field has them, and as errors tell them."""
    default, allowed, per_model, meaning = ROWS[name]
    assert plain(default) == in_words(SETTINGS[name].give(getattr(Policy(), name)))
    assert plain(allowed) == SETTINGS[name].allowed
    assert per_model == ("no" if SETTINGS[name].shared else "yes")
    assert meaning


@pytest.mark.parametrize("block", BLOCKS)
def test_every_policy_file_in_the_docs_loads(block: str):
    """As it is printed."""
    assert Policy().override(tables(block.encode())) != Policy()


def test_there_are_policy_files_in_the_docs():
    """Else the test above would prove nothing."""
    assert len(BLOCKS) > 3
