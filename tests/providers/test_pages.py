"""The pages about failures: one per kind, in step with the tables."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from halley.core.model import Kind
from halley.core.tables import NATURAL
from halley.providers import TABLES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "failures"


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_has_its_page(kind):
    """Cause, decision, how to override, source; and the decision of the tables."""
    page = (PAGES / f"{kind}.md").read_text("utf-8")
    headings = re.findall(r"^## (.+)$", page, re.MULTILINE)
    assert headings == ["Cause", "Decision", "How to override", "Rules and sources"]
    assert f"`{NATURAL[kind][0]}`" in page


@pytest.mark.parametrize("kind", Kind)
def test_each_page_is_the_output_of_the_tool(kind):
    """`python tools/failure_pages.py` would change nothing."""
    tool = runpy.run_path(str(ROOT / "tools" / "failure_pages.py"))
    written = (PAGES / f"{kind}.md").read_text("utf-8")
    assert tool["page"](kind, written) == written


@pytest.mark.parametrize("kind", Kind)
def test_each_page_lists_the_rules_of_its_kind_with_their_sources(kind):
    """Each rule, its decision and its source as in the table, and no rule that is gone."""
    page = (PAGES / f"{kind}.md").read_text("utf-8")
    listed = re.findall(r"^\| `([^`]+)` \| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    rows = [(r.name, str(r.chosen_action), r.source) for r in TABLES.rows if r.kind is kind]
    assert listed == rows


def test_the_index_links_every_page():
    """And no page is left out."""
    index = (PAGES / "index.md").read_text("utf-8")
    assert set(re.findall(r"\]\((\w+)\.md\)", index)) == set(Kind)
    assert {path.stem for path in PAGES.glob("*.md")} == {*Kind, "index"}


def test_the_example_of_the_index_runs():
    """As printed."""
    index = (PAGES / "index.md").read_text("utf-8")
    code = re.search(r"```python\n(.+?)```", index, re.DOTALL)
    assert code
    names: dict[str, object] = {}
    exec(code[1], names)
    assert names["tables"].rows[0].name == "policy.teapot"
