"""A table on the terminal: laid out by rich where it is installed, else as aligned text.

Text of a log is printed as it is, but for control characters; markup in it means nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import click

from halley.cli.terminal import one_line, wants_colour


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings; the first `texts` columns are words, the others numbers, but the last.

    Attributes:
        loud: Words that are printed in red, in the first column.
    """

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    loud: frozenset[str] = frozenset()


def show(table: Table) -> None:
    """Print a table, if it has rows."""
    if not table.rows:
        return
    click.echo()
    click.secho(table.title, bold=True)
    if _has_rich():
        _show_rich(table)
    else:
        click.echo("\n".join(lines(table)))


def lines(table: Table) -> list[str]:
    """Return a table as aligned text.

    >>> lines(Table("", ("kind", "n"), [("a", "10")], frozenset({1})))
    ['  kind   n', '  a     10']
    """
    rows = [table.headings, *(tuple(map(one_line, row)) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  " + _aligned(row, widths, table.numbers) for row in rows]


def _aligned(row: Sequence[str], widths: Sequence[int], numbers: frozenset[int]) -> str:
    cells = (
        f"{cell:>{width}}" if at in numbers else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    )
    return "  ".join(cells).rstrip()


def _has_rich() -> bool:
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return find_spec("rich") is not None


def _show_rich(table: Table) -> None:
    from rich.console import Console  # noqa: PLC0415 - an extra, and slow to import
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table as Rich  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Rich(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for at, heading in enumerate(table.headings):
        if at in table.numbers:
            shown.add_column(heading, justify="right", no_wrap=True)
        else:
            shown.add_column(heading, overflow="fold")
    for row in table.rows:
        style = "bold red" if row[0] in table.loud else ""
        first, *others = (Text(one_line(cell)) for cell in row)
        first.stylize(style)
        shown.add_row(first, *others)
    Console(no_color=not wants_colour(sys.stdout)).print(Padding(shown, (0, 0, 0, 2)))
