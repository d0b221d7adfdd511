"""Raw error bodies in a private directory, for those who ask for it with `capture` in the policy.

The directory is its owner's alone (0700), so is every file (0600). A link in the place of either is
refused, and so is a directory that others may enter; a client is told of it when it is made, and a
call never: what goes wrong later is logged. The oldest files go when there are too many,
or too many bytes. A key of the client that a server echoed is masked here too.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from halley.core.errors import Mistake, PolicyError
from halley.core.model import History, Request
from halley.core.secret import Secret
from halley.core.shown import shown
from halley.drivers.session import Sink
from halley.records.redact.known import masked

LOGGER: Final = logging.getLogger("halley")
FILES_MAX: Final = 1000
BYTES_MAX: Final = 100 * 1024 * 1024
SUFFIX: Final = ".body"
OTHERS: Final = 0o077
"""Permissions of the group and of everybody."""


class Capture:
    """A sink that keeps the body of each error, and hands everything on.

    A file is named ``<UTC time>-<call id>-<attempt>.body``, so names sort by time.
    """

    __slots__ = ("_directory", "_keys", "_then")

    def __init__(self, directory: str, then: Sink, keys: Callable[[], Iterable[Secret]]) -> None:
        self._directory = directory
        self._then = then
        self._keys = keys

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Keep the body, then hand on; what goes wrong is logged and costs no call."""
        attempt = history.attempts[-1]
        if body and attempt.failure is not None and attempt.fault is None:
            secrets = (*self._keys(), *describe().credentials)
            stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
            name = f"{stamp}-{history.call_id}-{attempt.number}{SUFFIX}"
            try:
                keep(self._directory, name, masked(body, secrets))
            except OSError as error:
                reason = error.strerror or type(error).__name__
                LOGGER.error("bodies cannot be kept in %s: %s", self._directory, reason)  # noqa: TRY400 - a trace would only point here
        self._then(describe, history, body)


def require_directory(directory: str) -> None:
    """Make sure that bodies can be kept in a directory, which is made if it is not there.

    Raises:
        PolicyError: it is no place for secrets, or takes no file.
    """
    try:
        os.close(_opened(directory))
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        expected = "a writable directory of yours with mode 0700, or a new one where it can be made"
        message = f"expected {expected}, got {shown(directory)}: {error.strerror}"
        raise PolicyError(Mistake("capture", message)) from None


def keep(directory: str, name: str, body: bytes) -> None:
    """Write a file that only its owner may read, and let the oldest go.

    Raises:
        OSError: the directory is no place for secrets, or cannot be written.
    """
    folder = _opened(directory)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(name, flags, 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        _rotate(folder)
    finally:
        os.close(folder)


def _opened(directory: str) -> int:
    """Return the directory's descriptor; it is made if it is not there."""
    with suppress(FileExistsError):
        os.mkdir(directory, 0o700)  # noqa: PTH102 - its mode matters, and nothing above it is made
    folder = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    found = os.fstat(folder)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & OTHERS:
        os.close(folder)
        raise PermissionError(0, "expected a directory of yours with mode 0700")
    return folder


def _rotate(folder: int) -> None:
    """Remove the oldest files of ours that are too many."""
    with os.scandir(folder) as entries:
        sizes = {e.name: e.stat(follow_symlinks=False).st_size for e in entries if _is_ours(e)}
    total = sum(sizes.values())
    for name in sorted(sizes):
        if len(sizes) <= FILES_MAX and total <= BYTES_MAX:
            return
        total -= sizes.pop(name)
        os.unlink(name, dir_fd=folder)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(SUFFIX) and entry.is_file(follow_symlinks=False)
