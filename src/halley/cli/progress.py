"""One changing line on stderr for work that takes more than a second; on terminals alone.

A thread redraws it, since the work may be waiting for a server. Whatever else is said on stderr
meanwhile goes through `note`, which clears the line first.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

import click

from halley.cli.terminal import note

APPEARS_S: Final = 1.0
REDRAWN_S: Final = 0.5
_CLEAR: Final = "\r\x1b[2K"


class Progress:
    """Shows `say(elapsed_s)` until the block is left."""

    def __init__(self, say: Callable[[float], str]) -> None:
        self._say = say
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._drawn = False
        self._thread = threading.Thread(target=self._draw, daemon=True)

    def __enter__(self) -> Self:
        """Begin, where stderr is a terminal."""
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End, and leave nothing on the line."""
        self.stop()

    def stop(self) -> None:
        """Clear the line for good."""
        self._over.set()
        with self._lock:
            self._clear()

    def note(self, text: str, *, colour: str | None = None) -> None:
        """Say something that stays."""
        with self._lock:
            self._clear()
            note(text, colour=colour)

    def _draw(self) -> None:
        started = time.monotonic()
        wait_s = APPEARS_S
        while not self._over.wait(wait_s):
            wait_s = REDRAWN_S
            with self._lock:
                if not self._over.is_set():
                    line = self._say(time.monotonic() - started)
                    click.echo(f"{_CLEAR}{line}", err=True, nl=False, color=True)
                    self._drawn = True

    def _clear(self) -> None:
        if self._drawn:
            click.echo(_CLEAR, err=True, nl=False, color=True)
            self._drawn = False
