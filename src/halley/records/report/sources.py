"""Where the records of a report are: files, globs, rotated and compressed ones, stdin.

DuckDB reads plain files itself. What is compressed, comes through a pipe, or has a name that DuckDB
would take for a pattern is copied into a private folder first, as far as it can be read: of a file
that breaks off, what was there counts, and the report says so.
"""

from __future__ import annotations

import glob
import gzip
import os
import shutil
import sys
import zlib
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

STDIN: Final = "-"
GZIP: Final = b"\x1f\x8b"
PATTERN: Final = frozenset("*?[")
COPY_BYTES: Final = 1 << 20


class LogError(Exception):
    """A log cannot be read; the message is one line that names it and says why."""


class EmptyLogError(LogError):
    """Logs were read, and what was asked for is not in them."""


@dataclass(frozen=True, slots=True)
class Source:
    """One log: its name for a person, a plain file that holds it, and whether it broke off."""

    name: str
    path: Path
    cut: bool = False


def opened(names: Iterable[str], folder: Path) -> list[Source]:
    """Make every log a plain file; a file that is named twice counts once.

    Args:
        names: Paths, glob patterns, or `-` for stdin.
        folder: Where copies go.

    Raises:
        LogError: One is not there, or may not be read.
    """
    return [_plain(name, folder / f"{n}.jsonl") for n, name in enumerate(expanded(names))]


def expanded(names: Iterable[str]) -> list[str]:
    """Return the files that these names stand for, each once.

    Raises:
        LogError: A pattern fits no file, or a name is a directory.
    """
    found: dict[object, str] = {}
    for name in names:
        for path in _files(name):
            found.setdefault(_identity(path), path)
    return list(found.values())


def _files(name: str) -> list[str]:
    if not name:
        raise LogError("expected the name of a log, got an empty one")
    if name == STDIN or Path(name).is_file():
        return [name]
    if Path(name).is_dir():
        raise LogError(f"{name}: is a directory: name its files, as in '{name.rstrip('/')}/*'")
    if not PATTERN & set(name):
        return [name]
    if not (files := [path for path in sorted(glob.glob(name)) if Path(path).is_file()]):  # noqa: PTH207 - takes absolute patterns
        raise LogError(f"{name}: fits no file")
    return files


def _identity(name: str) -> object:
    """Tell files apart by what they are, for one may have two names."""
    if name == STDIN:
        return name
    try:
        status = Path(name).stat()
    except OSError as error:
        raise LogError(f"{name}: cannot be read: {error.strerror}") from None
    return status.st_dev, status.st_ino


def _plain(name: str, copy: Path) -> Source:
    """Make a log a plain file; what must be copied goes into `copy`."""
    try:
        path = _file(name, copy)
        with path.open("rb") as file:
            packed = file.read(len(GZIP)) == GZIP
        if packed:
            unpacked = copy.with_suffix(".unpacked")
            return Source(_shown(name), unpacked, cut=_unpack(path, unpacked))
    except OSError as error:
        raise LogError(f"{name}: cannot be read: {error.strerror or error}") from None
    return Source(_shown(name), path)


def _file(name: str, copy: Path) -> Path:
    """Return a file that can be read twice and by name, or copy it."""
    path = Path(name)
    if name != STDIN and path.is_file() and not PATTERN & set(name):
        return path
    source = nullcontext(sys.stdin.buffer) if name == STDIN else path.open("rb")
    with source as file, open(copy, "wb", opener=_private) as target:
        shutil.copyfileobj(file, target)
    return copy


def _unpack(path: Path, copy: Path) -> bool:
    """Unpack what can be unpacked; say whether it breaks off."""
    with gzip.open(path) as source, open(copy, "wb", opener=_private) as target:
        try:
            # Unlike read, read1 hands over what comes before the break.
            target.writelines(iter(lambda: source.read1(COPY_BYTES), b""))
        except (EOFError, zlib.error, gzip.BadGzipFile):
            return True
    return False


def _shown(name: str) -> str:
    return "stdin" if name == STDIN else name


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def trimmed(source: Source, copy: Path, line_bytes_max: int) -> Source:
    """Copy a log with every line beyond the limit made a damaged one, so that the numbers stay."""
    with source.path.open("rb") as file, open(copy, "wb", opener=_private) as target:
        while line := file.readline(line_bytes_max):
            whole = len(line) < line_bytes_max
            target.write(line if whole else b"!\n")
            while not whole:
                rest = file.readline(line_bytes_max)
                whole = len(rest) < line_bytes_max
    return Source(source.name, copy, source.cut)
