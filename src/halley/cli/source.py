"""What a command reads: the file that is named, or stdin, which may be a person's keyboard."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from halley.cli.exits import CommandError, Exit
from halley.cli.terminal import note


class FileName(click.Path):
    """The name of a file; an empty one is what the shell makes of a variable that is not set."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401 - click's signature
        """Take a name."""
        if not value:
            self.fail("expected the name of a file, got an empty one", param, ctx)
        return super().convert(value, param, ctx)


FILE: Final = FileName(allow_dash=True, path_type=Path)
"""A file to read, or - for stdin."""


def opened(file: Path | None, noun: str) -> BinaryIO:
    """Open a file; none and - are stdin.

    Raises:
        CommandError: It cannot be read.
    """
    if file is None or str(file) == "-":
        return stdin(noun)
    try:
        return file.open("rb")
    except OSError as error:
        raise CommandError(f"{file}: cannot be read: {error.strerror}", Exit.USAGE) from None


def stdin(noun: str) -> BinaryIO:
    """Return stdin, and say to a person at a keyboard what is expected there."""
    if sys.stdin.isatty():
        note(f"halley: reading from the keyboard: paste the {noun}, end with Ctrl-D")
    return sys.stdin.buffer
