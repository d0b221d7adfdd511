"""A table on the terminal: laid out by rich where it is installed, else as aligned text.

Text of a log is printed as it is, but for control characters; markup in it means nothing. On a
narrow terminal a sentence goes beneath its row.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Final

import click

from halley.cli.terminal import columns, has_rich, one_line, wants_colour

NARROW: Final = 100
"""Below so many columns there is no room for sentences beside numbers."""
INDENT: Final = "      "


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    Attributes:
        numbers: Columns that are aligned to the right and never folded.
        spare: Columns that a narrow terminal does without.
        sentences: The last column holds sentences.
        loud: Rows whose first word is printed in red.
    """

    title: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int] = frozenset()
    spare: frozenset[int] = frozenset()
    sentences: bool = False
    loud: frozenset[int] = frozenset()


def show(table: Table) -> None:
    """Print a table, if it has rows."""
    if not table.rows:
        return
    click.secho(f"\n{table.title}", bold=True)
    width = columns()
    if width is not None and width < NARROW:
        table = narrowed(table)
    if width is not None and width < NARROW and table.sentences:
        click.echo("\n".join(beneath(table, width)))
    elif has_rich():
        _show_rich(table)
    else:
        click.echo("\n".join(lines(table)))


def lines(table: Table) -> list[str]:
    """Return a table as aligned text, heading first.

    >>> lines(Table("", ("kind", "n"), [("a", "10")], numbers=frozenset({1})))
    ['  kind   n', '  a     10']
    """
    rows = [table.headings, *(tuple(map(one_line, row)) for row in table.rows)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"  {_aligned(row, widths, table, loud=number in table.loud)}"
        for number, row in enumerate(rows, -1)
    ]


def beneath(table: Table, width: int) -> list[str]:
    """Return a table as text with its sentences beneath their rows.

    >>> table = Table("", ("kind", "do"), [("a", "wait a while")], sentences=True)
    >>> beneath(table, 14)
    ['  kind', '  a', '      wait a', '      while']
    """
    head, *rows = lines(_without(table, {len(table.headings) - 1}))
    found = [head]
    for line, (*_, sentence) in zip(rows, table.rows, strict=True):
        told = wrap(one_line(sentence), width, initial_indent=INDENT, subsequent_indent=INDENT)
        found += [line, *told]
    return found


def narrowed(table: Table) -> Table:
    """Return a table without what a narrow terminal can do without."""
    return _without(table, table.spare)


def _without(table: Table, dropped: frozenset[int] | set[int]) -> Table:
    kept = [at for at in range(len(table.headings)) if at not in dropped]
    return replace(
        table,
        headings=tuple(table.headings[at] for at in kept),
        rows=[tuple(row[at] for at in kept) for row in table.rows],
        numbers=frozenset(n for n, at in enumerate(kept) if at in table.numbers),
        spare=frozenset(),
    )


def _aligned(row: Sequence[str], widths: Sequence[int], table: Table, *, loud: bool) -> str:
    cells = [
        f"{cell:>{width}}" if at in table.numbers else f"{cell:<{width}}"
        for at, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    if loud:
        cells[0] = click.style(cells[0], fg="red", bold=True)
    return "  ".join(cells).rstrip()


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
    for number, row in enumerate(table.rows):
        first, *others = (Text(one_line(cell)) for cell in row)
        first.stylize("bold red" if number in table.loud else "")
        shown.add_row(first, *others)
    console = Console(color_system="auto" if wants_colour(sys.stdout) else None)
    console.print(Padding(shown, (0, 0, 0, 2)))
