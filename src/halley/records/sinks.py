"""Where records go: always to the logger `halley`, and to a file or stderr if the policy says so.

The logger gets a sentence at INFO for a retry and at WARNING for a call that was given up, with the
record as `extra={"halley": ...}`; a success is DEBUG. A path that cannot be used is told when the
client is made; a sink that fails later never breaks a call.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import Final

from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.model import Action, Attempt, History, Request
from halley.core.secret import Secret
from halley.core.shown import shown
from halley.drivers.session import Sink
from halley.records.capture import Capture, require_directory
from halley.records.record import fields, line
from halley.records.redact import Redactor

LOGGER = logging.getLogger("halley")
LOGGER.addHandler(logging.NullHandler())

STDERR: Final = "stderr"
REDACTORS_MAX: Final = 64
"""Sets of keys that are remembered; a program uses few."""


def no_keys() -> tuple[Secret, ...]:
    """Return no keys: those of a client without a ring."""
    return ()


def sink_of(
    destination: str | None,
    capture: str | None = None,
    keys: Callable[[], Iterable[Secret]] = no_keys,
) -> Sink:
    """Return the sink that a policy asks for; its file and its directory are made now.

    Args:
        destination: Its `records`: None, "stderr" or the path of a JSON-lines file.
        capture: Its `capture`: None or the path of a directory for raw error bodies.
        keys: Asked for every key of the client when a record is made.

    Raises:
        PolicyError: a path cannot be used.
    """
    mistakes = Mistakes()
    if destination is not None and destination != STDERR:
        with mistakes:
            require_file(destination)
    if capture is not None:
        with mistakes:
            require_directory(capture)
    mistakes.settle()
    records = Records(keys)
    sink: Sink = Log(records) if destination is None else JsonLines(destination, records)
    return sink if capture is None else Capture(capture, sink, keys)


def require_file(destination: str) -> None:
    """Make sure that records can be appended to a file, which is made if it is not there.

    Raises:
        PolicyError: they cannot.
    """
    try:
        os.close(_opened(destination))
    except OSError as error:
        expected = "'stderr', or a file to append to where one is or can be made"
        message = f"expected {expected}, got {shown(destination)}: {error.strerror}"
        raise PolicyError(Mistake("records", message)) from None


class Records:
    """Makes the records of one client: what it must hide changes with its keys."""

    __slots__ = ("_keys", "_redactors")

    def __init__(self, keys: Callable[[], Iterable[Secret]] = no_keys) -> None:
        self._keys = keys
        self._redactors: dict[frozenset[Secret], Redactor] = {}

    def record(self, request: Request, history: History, body: bytes) -> dict[str, object]:
        """Return the last attempt of a history as the fields of a record."""
        return fields(request, history, body, time.time(), self.redactor(request))

    def redactor(self, request: Request) -> Redactor:
        """Return what knows every key that a request could carry."""
        keys = frozenset((*self._keys(), *request.credentials))
        found = self._redactors.get(keys)
        if found is None:
            if len(self._redactors) >= REDACTORS_MAX:
                self._redactors.clear()
            found = self._redactors[keys] = Redactor(keys)
        return found


def level_of(attempt: Attempt) -> int:
    """Return the level at which an attempt is logged."""
    if attempt.stop_reason is not None:
        return logging.WARNING
    return logging.DEBUG if attempt.action is Action.OK else logging.INFO


class Log:
    """The logger `halley`."""

    __slots__ = ("_records",)

    def __init__(self, records: Records) -> None:
        self._records = records

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Log a record, if anybody listens."""
        level = level_of(history.attempts[-1])
        if LOGGER.isEnabledFor(level):
            log(self._records.record(describe(), history, body), level)


class JsonLines:
    """One JSON object a line, appended to a file that only its owner may read, or to stderr."""

    __slots__ = ("_destination", "_records")

    def __init__(self, destination: str, records: Records) -> None:
        self._destination = destination
        self._records = records

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Append a record, and log it as well."""
        record = self._records.record(describe(), history, body)
        level = level_of(history.attempts[-1])
        if LOGGER.isEnabledFor(level):
            log(record, level)
        text = json.dumps(record, ensure_ascii=False) + "\n"
        try:
            if self._destination == STDERR:
                sys.stderr.write(text)
            else:
                append(self._destination, text)
        except (OSError, ValueError) as error:
            reason = type(error).__name__
            LOGGER.error("records cannot be written to %s: %s", self._destination, reason)  # noqa: TRY400 - a trace would only point here


def log(record: dict[str, object], level: int) -> None:
    """Write a record to the logger `halley`."""
    LOGGER.log(level, "%s", line(record), extra={"halley": record})


def append(path: str, text: str) -> None:
    """Append to a file in one write, so that lines of threads and processes do not mix.

    Nothing stays open between two records: the file may be moved away at any time.

    Raises:
        OSError: it cannot be written.
    """
    descriptor = _opened(path)
    try:
        # A lone surrogate, legal in a JSON escape, is written as the escape it came from.
        os.write(descriptor, text.encode(errors="backslashreplace"))
    finally:
        os.close(descriptor)


def _opened(path: str) -> int:
    """Return the file's descriptor; it is made if it is not there."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
