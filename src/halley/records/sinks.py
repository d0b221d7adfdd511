"""Where records go: always to the logger `halley`, and to a file or stderr if the policy says so.

The logger gets a sentence at INFO for a retry and at WARNING for a call that was given up, with the
record as `extra={"halley": ...}`; a success is DEBUG. A sink that fails never breaks a call.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TextIO

from halley.core.model import Action, Attempt, History, Request
from halley.drivers.session import Sink
from halley.records.record import fields, line

LOGGER = logging.getLogger("halley")
LOGGER.addHandler(logging.NullHandler())


def sink_of(destination: str | None) -> Sink:
    """Return the sink for a policy's `records`: None, "stderr" or the path of a JSON-lines file."""
    return log if destination is None else JsonLines(destination)


def level_of(attempt: Attempt) -> int:
    """Return the level at which an attempt is logged."""
    if attempt.stop_reason is not None:
        return logging.WARNING
    return logging.DEBUG if attempt.action is Action.OK else logging.INFO


def log(describe: Callable[[], Request], history: History, body: bytes) -> None:
    """Write to the logger `halley`."""
    level = level_of(history.attempts[-1])
    if LOGGER.isEnabledFor(level):
        record = fields(describe(), history, body, time.time())
        LOGGER.log(level, "%s", line(record), extra={"halley": record})


class JsonLines:
    """One JSON object a line, appended to a file that only its owner may read, or to stderr."""

    __slots__ = ("_file", "_lock", "_path")

    def __init__(self, destination: str) -> None:
        self._path = destination
        self._file: TextIO | None = None
        self._lock = threading.Lock()

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Append a record, and log it as well."""
        log(describe, history, body)
        record = fields(describe(), history, body, time.time())
        text = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            with self._lock:
                file = self._open()
                file.write(text)
                file.flush()
        except (OSError, ValueError) as error:
            LOGGER.error("records cannot be written to %s: %s", self._path, type(error).__name__)

    def _open(self) -> TextIO:
        if self._path == "stderr":
            return sys.stderr
        if self._file is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = os.open(self._path, flags, 0o600)
            self._file = os.fdopen(descriptor, "a", encoding="utf-8")
        return self._file
