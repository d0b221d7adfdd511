"""How the two sides are shown: one table of rows, live while they run and once at the end.

A row says how its two numbers are written and whether fewer is better, nothing more.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

import click

from halley.cli.demo.counts import Counts, count
from halley.cli.demo.side import Side
from halley.cli.terminal import has_rich, note, wants_colour

LINE_EVERY_S: Final = 2.0
TITLES: Final = ("without halley", "with halley")
Seen: TypeAlias = Callable[[Side, Side], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `good` says which number is the good one, for the colours."""

    label: str
    text: Callable[[Counts], str]
    good: Callable[[Counts], bool] | None = None


ROWS: Final = (
    Row("succeeded", lambda c: f"{c.succeeded} of {c.possible}"),
    Row("given up with an error", lambda c: f"{c.given_up}"),
    Row("of them videos, which may be bought", lambda c: f"{c.unclear}"),
    Row("answered, but not usable", lambda c: f"{c.unusable}"),
    Row("requests sent", lambda c: f"{c.attempts}"),
    Row(
        "calls retried that could never succeed",
        lambda c: f"{c.pointless}",
        lambda c: not c.pointless,
    ),
    Row("requests sooner than the server asked", lambda c: f"{c.early}", lambda c: not c.early),
    Row("videos paid for twice", lambda c: f"{c.paid_twice}", lambda c: not c.paid_twice),
    Row(
        "request ids that reached the program",
        lambda c: f"{c.ids_kept} of {c.ids_told}",
        lambda c: c.ids_kept == c.ids_told,
    ),
    Row("wall time", lambda c: f"{c.wall_s:.1f} s"),
)


def table(bare: Counts, protected: Counts, *, colour: bool) -> str:
    """Return the two sides as aligned text."""
    width = max(len(row.label) for row in ROWS)
    lines = [_line("", TITLES, width)]
    for row in ROWS:
        cells = [_coloured(row, side, colour=colour) for side in (bare, protected)]
        lines.append(_line(row.label, cells, width))
    return "\n".join(lines)


@contextmanager
def watching(*, quiet_stdout: bool) -> Iterator[Seen]:
    """Show both sides while they run: a table on a terminal if rich is there, else lines on stderr.

    Args:
        quiet_stdout: stdout belongs to a program.
    """
    if quiet_stdout or not has_rich():
        yield _lines()
        return
    from rich.console import Console  # noqa: PLC0415 - an extra, and slow to import
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    with Live(console=Console(), refresh_per_second=5, transient=True) as live:

        def seen(bare: Side, protected: Side) -> None:
            counts = count(bare, protected)
            ended = " and ".join(f"{side.calls}" for side in counts)
            shown = table(*counts, colour=wants_colour(sys.stdout))
            shown += f"\n{ended} of {len(bare.calls)} calls have ended"
            live.update(Text.from_ansi(shown))

        yield seen


def _lines() -> Seen:
    next_at = time.monotonic() + LINE_EVERY_S

    def seen(bare: Side, protected: Side) -> None:
        nonlocal next_at
        if time.monotonic() < next_at:
            return
        next_at += LINE_EVERY_S
        note("halley: " + "; ".join(map(_progress, TITLES, count(bare, protected))))

    return seen


def _progress(title: str, counts: Counts) -> str:
    return (
        f"{title} {counts.calls} calls ended, {counts.succeeded} succeeded, "
        f"{counts.attempts} requests"
    )


def _coloured(row: Row, counts: Counts, *, colour: bool) -> str:
    text = row.text(counts)
    if not colour or row.good is None:
        return text
    return click.style(text, fg="green" if row.good(counts) else "red")


def _line(label: str, cells: tuple[str, ...] | list[str], width: int) -> str:
    shown = (" " * (16 - len(click.unstyle(cell))) + cell for cell in cells)
    return f"{label:<{width}}" + "".join(shown)
