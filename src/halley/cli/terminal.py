"""What may be written to a terminal, and in which colours.

Colours are for terminals alone and never with NO_COLOR (no-color.org) or TERM=dumb. Text that came
from a server loses its control characters first: an escape sequence could rewrite the screen.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from typing import TextIO

import click

_KEPT = frozenset("\n\t")


def wants_colour(stream: TextIO) -> bool:
    """Say whether colours may be written to this stream."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return stream.isatty()


def columns() -> int | None:
    """Return how wide stdout is; None where it is no terminal, and nothing needs to fit."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def has_rich() -> bool:
    """Say whether rich may draw on stdout: it is a terminal that can, and rich is installed."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return False
    return find_spec("rich") is not None


def printable(text: str) -> str:
    r"""Return the text without control characters, but with its lines and tabs.

    >>> printable("red \x1b[31m\u202e\n")
    'red [31m\n'
    """
    if text.isprintable():
        return text
    return "".join(c for c in text if c in _KEPT or c == " " or c.isprintable())


def one_line(text: str) -> str:
    r"""Return the text as a single line.

    >>> one_line("a\n  b\x07")
    'a b'
    """
    return " ".join(printable(text).split())


def note(text: str, *, colour: str | None = None) -> None:
    """Say something about the work on stderr, where it never mixes with a result."""
    line = one_line(text)
    styled = click.style(line, fg=colour) if colour else line
    click.echo(styled, err=True, color=wants_colour(sys.stderr))
