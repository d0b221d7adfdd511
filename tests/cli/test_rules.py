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


def test_rows_of_a_policy_come_first(halley, process, tmp_path):
    """They are a provider of their own, named policy; one with the name of another replaces it."""
    path = tmp_path / "halley.toml"
    path.write_text("""
        rules = [
          {name = "teapot", kind = "overloaded", status = [418], source = "tea"},
          {name = "cometapi.no_channel", kind = "timeout", labels = ["x"]},
        ]
    """)
    first, second, *rest = process("rules", "--policy", str(path)).out.splitlines()[1:]
    assert first.split() == ["policy.teapot", "overloaded", "retry", "upstream", "tea"]
    assert second.startswith("policy.cometapi.no_channel  ")
    assert len(rest) == len(TABLES.rows) - 1
    own = halley("rules", "policy", "--json", env={"HALLEY_POLICY": str(path)}).out.splitlines()
    assert [json.loads(line)["name"] for line in own] == [
        "policy.teapot",
        "policy.cometapi.no_channel",
    ]


def test_an_unknown_provider(halley):
    """The error names the providers there are."""
    shown = halley("rules", "nobody")
    assert (shown.code, shown.out) == (2, "")
    assert shown.said.startswith("halley: no rules for 'nobody': expected one of ")
    assert "cometapi, " in shown.said


def test_a_table_fits_a_terminal():
    """On a terminal a line that is too long is cut, and shows that it is."""
    assert table([("name", "source"), ("a", "long text")], 10) == ["name  sou…", "a     lon…"]
