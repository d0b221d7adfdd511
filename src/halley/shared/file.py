"""The store of a process and those it forked: a file without a name, locked for each exchange.

The kernel frees the lock of whoever dies while holding it. What is then half written is no record,
and the next one begins anew.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields

from halley.shared.record import Record, exchange
from halley.shared.store import LANE_S, Answer, Report, StoreError


class FileStore:
    """Lanes in a file that only this process and its forks can reach.

    Args:
        now: Monotonic seconds, the same for all processes of a machine.

    Raises:
        OSError: there is no place for a temporary file.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        with tempfile.TemporaryFile(prefix="halley-") as file:
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)
        self._now = now

    def exchange(self, lane: str, report: Report) -> Answer:
        """Take a report in, and return what the member does not know yet.

        Raises:
            StoreError: the file cannot be written.
        """
        try:
            with self._locked():
                now, records = self._now(), self._read()
                records[lane], answer = exchange(records.get(lane), report, now)
                self._write({name: r for name, r in records.items() if now - r.used_at < LANE_S})
        except OSError as error:
            raise StoreError(f"{type(error).__name__}: {error.strerror}") from error
        return answer

    @contextmanager
    def _locked(self) -> Iterator[None]:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)

    def _read(self) -> dict[str, Record]:
        text = os.pread(self._file, os.fstat(self._file).st_size, 0)
        try:
            return {name: Record.of(values) for name, values in json.loads(text).items()}
        except (LookupError, TypeError, ValueError):
            return {}

    def _write(self, records: dict[str, Record]) -> None:
        values = {
            lane: {spec.name: getattr(record, spec.name) for spec in fields(Record)}
            for lane, record in records.items()
        }
        text = json.dumps(values, separators=(",", ":")).encode()
        os.pwrite(self._file, text, 0)
        os.ftruncate(self._file, len(text))

    def close(self) -> None:
        """Keep the file: it is what the forks have in common."""
