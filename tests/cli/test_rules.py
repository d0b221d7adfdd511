"""`halley rules`: the whole table, one provider of it, and as JSON."""

import json

from halley.cli.rules import table
from halley.providers import TABLES


def test_every_row_with_its_source(halley):
    """All rows in the order in which they are tried, none without a source."""
    shown = halley("rules")
    head, *lines = shown.out.splitlines()
    assert shown.code == 0
    assert head.split() == ["name", "kind", "action", "scope", "source"]
    assert [line.split()[0] for line in lines] == [row.name for row in TABLES.rows]
    assert all(line.endswith(row.source) for line, row in zip(lines, TABLES.rows, strict=True))


def test_as_json(halley):
    """One JSON object a row, with the action and scope that apply."""
    rows = [json.loads(line) for line in halley("rules", "--json").out.splitlines()]
    assert len(rows) == len(TABLES.rows)
    (not_found,) = [row for row in rows if row["name"] == "cometapi.no_channel"]
    assert (not_found["kind"], not_found["action"]) == ("model_not_found", "fix_model")


def test_one_provider(halley):
    """The first word of the names chooses."""
    lines = halley("rules", "cloudflare").out.splitlines()[1:]
    assert lines
    assert all(line.startswith("cloudflare.") for line in lines)


def test_an_unknown_provider(halley):
    """The error names the providers there are."""
    shown = halley("rules", "nobody")
    assert (shown.code, shown.out) == (2, "")
    assert shown.said.startswith("halley: no rules for 'nobody': expected one of ")
    assert "cometapi, " in shown.said


def test_a_table_fits_a_terminal():
    """On a terminal a line that is too long is cut, and shows that it is."""
    assert table([("name", "source"), ("a", "long text")], 10) == ["name  sou…", "a     lon…"]
