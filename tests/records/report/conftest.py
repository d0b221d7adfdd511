"""One log for the tests of the report, and a way to read any records."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from halley.records.report.load import DETAILS, Log, loaded
from tests.records.report.logs import write


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A log of 3,000 calls, and its records."""
    path = tmp_path_factory.mktemp("day") / "app.jsonl"
    return path, write(path, calls=3_000)


@pytest.fixture
def read(tmp_path: Path) -> Iterator[Callable[..., Log]]:
    """Load records, or whole lines; the log is open until the test ends."""
    with ExitStack() as stack:

        def load(*lines: dict[str, Any] | str | bytes) -> Log:
            path = tmp_path / "some.jsonl"
            path.write_bytes(b"".join(map(_line, lines)))
            return stack.enter_context(loaded([str(path)], DETAILS))

        yield load


def _line(line: dict[str, Any] | str | bytes) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line)).encode() + b"\n"
