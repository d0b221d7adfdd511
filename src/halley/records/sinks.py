"""Where records go: always to the logger `halley`, and to a file or stderr if the policy says so.

The logger gets a sentence at INFO for a retry and at WARNING for a call that was given up, with the
record as `extra={"halley": ...}`; a success is DEBUG. A sink that fails never breaks a call.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable

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

    __slots__ = ("_destination",)

    def __init__(self, destination: str) -> None:
        self._destination = destination

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Append a record, and log it as well."""
        log(describe, history, body)
        record = fields(describe(), history, body, time.time())
        text = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            if self._destination == "stderr":
                sys.stderr.write(text)
            else:
                append(self._destination, text)
        except (OSError, ValueError) as error:
            reason = type(error).__name__
            LOGGER.error("records cannot be written to %s: %s", self._destination, reason)  # noqa: TRY400 - a trace would only point here


def append(path: str, text: str) -> None:
    """Append to a file in one write, so that lines of threads and processes do not mix.

    Nothing stays open between two records: the file may be moved away at any time.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        # A lone surrogate, legal in a JSON escape, is written as the escape it came from.
        os.write(descriptor, text.encode(errors="backslashreplace"))
    finally:
        os.close(descriptor)
