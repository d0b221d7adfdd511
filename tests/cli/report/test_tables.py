"""The report on a real terminal: as wide as it is, coloured where wanted, plain without rich."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import command_line, environment
from tests.records.report.logs import write

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("log") / "app.jsonl"
    write(path, calls=600)
    return path


def on_terminal(
    log: Path, columns: int, changes: Mapping[str, str] = {}, *, rich: bool = True
) -> str:
    """What a terminal of so many columns gets to see."""
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    command = command_line("report", str(log))
    if not rich:
        hide = "import sys; sys.modules['rich'] = None; from halley.cli import main; main()"
        command = [sys.executable, "-c", hide, *command[3:]]
    env = {**environment({"TERM": "xterm-256color", **changes})}
    env.pop("COLUMNS", None)
    running = subprocess.Popen(command, stdout=follower, stderr=follower, env=env)
    os.close(follower)
    seen = b""
    try:
        while piece := os.read(leader, 65536):
            seen += piece
    except OSError:  # Linux says so when the last writer is gone
        pass
    os.close(leader)
    assert running.wait(timeout=60) == 0
    return seen.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_tables_fit_the_terminal(log, columns: int):
    """Words fold, numbers stay whole, no word of the advice is lost."""
    shown = ESCAPE.sub("", on_terminal(log, columns))
    tables = shown[shown.index("What failed") : shown.index("The calls behind")]
    assert max(map(len, tables.splitlines())) <= columns
    for word in ("balance", "overloaded", "credit", "spending", "limit."):
        assert word in tables


def test_colours_say_what_is_bad(log):
    """And nothing does with NO_COLOR."""
    assert "\x1b[1;31m" in on_terminal(log, 100)
    assert "\x1b[31m" in on_terminal(log, 80)
    assert "\x1b" not in on_terminal(log, 100, {"NO_COLOR": "1"})


@pytest.mark.parametrize(
    "how", [{"rich": False}, {"changes": {"TERM": "dumb"}}], ids=["no rich", "dumb"]
)
def test_without_rich_it_is_aligned_text(log, how):
    """The same rows."""
    shown = ESCAPE.sub("", on_terminal(log, 120, **how))
    assert re.search(
        r"^  balance +top_up +\d+ .* The account is out of money: add credit", shown, re.MULTILINE
    )
