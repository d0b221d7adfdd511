"""What the shell is told: the exit codes, and the error that carries one.

0 is an answer; 1 a defect in the data or in halley; 130 and 141 are Ctrl-C and a closed pipe, as
shells count signals (128 + 2, 128 + 13).
"""

from __future__ import annotations

from enum import IntEnum
from typing import IO, Any

import click


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    DEFECT = 1
    USAGE = 2
    FIX = 3
    KEY = 4
    MONEY = 5
    GAVE_UP = 6
    RECONCILE = 7
    INTERRUPTED = 130
    PIPE_CLOSED = 141


class CommandError(click.ClickException):
    """A command cannot go on; the message is one line that says what to do."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code

    def show(self, file: IO[Any] | None = None) -> None:
        """Print nothing: the guard prints every error in one form."""
