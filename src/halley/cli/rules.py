"""`halley rules`: the table behind the decisions, in the order in which its rows are tried."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from halley.cli import policies
from halley.cli.exits import CommandError, Exit
from halley.cli.terminal import columns
from halley.core.tables import Row, Tables

HEADINGS: Final = ("name", "kind", "action", "scope", "source")
EXAMPLES: Final = """\b
Examples:
  halley rules cometapi
  halley rules policy --policy halley.toml   those of your own policy
  halley rules --json | jq 'select(.action == "retry")'
"""


@click.command(epilog=EXAMPLES)
@click.argument("provider", required=False)
@policies.option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a row.")
def command(provider: str | None, *, policy: Path | None, as_json: bool) -> None:
    """Print the table of rules: what is known of failures, and where from.

    The first row that fits a failure decides; those of a policy come first. PROVIDER shows the rows
    of one alone; it is the first word of their names.
    """
    rows = chosen(provider, policies.tables(policy))
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(zip(HEADINGS, cells(row), strict=True)), ensure_ascii=False))
        return
    click.echo("\n".join(table([HEADINGS, *(cells(row) for row in rows)], columns())))


def chosen(provider: str | None, tables: Tables) -> list[Row]:
    """Return all rows, or those of one provider.

    Raises:
        CommandError: There is no such provider; the message names those there are.
    """
    rows = [row for row in tables.rows if provider in (None, provider_of(row))]
    if not rows:
        known = ", ".join(dict.fromkeys(provider_of(row) for row in tables.rows))
        raise CommandError(f"no rules for {provider!r}: expected one of {known}", Exit.USAGE)
    return rows


def provider_of(row: Row) -> str:
    """Return the first word of a row's name."""
    return row.name.partition(".")[0]


def cells(row: Row) -> tuple[str, ...]:
    """Return what is shown of a row, as under `HEADINGS`."""
    return (row.name, row.kind, row.chosen_action, row.chosen_scope, row.source)


def table(rows: Sequence[Sequence[str]], width: int | None) -> list[str]:
    """Return rows as aligned lines, cut at `width` columns if it is given.

    >>> table([("a", "bcd"), ("efg", "h")], None)
    ['a    bcd', 'efg  h']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return lines if width is None else [_cut(line, width) for line in lines]


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: width - 1] + "…"
