"""Wrong uses of every command: one line, exit code 2, what was found and what is allowed.

Files that are none, words that are near a right one, streams that whoever started us has closed,
and a disk that is full.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from halley.cli.reading import READ_BYTES_MAX
from tests.cli.conftest import command_line, environment

EMPTY = "expected the name of a file, got an empty one"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place with a directory, an empty file, one that is no text, and a small one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(bytes(range(255, 0, -1)))
    (tmp_path / "ok.jsonl").write_text('{"status": 429, "headers": {}, "body": "x"}\n')
    return tmp_path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("expalin", "no such command 'expalin' (did you mean 'explain'?)"),
        ("policy chek", "no such command 'chek'"),
        ("explain --lng vi", "no such option '--lng'"),
        ("explain ''", EMPTY),
        ("explain --policy ''", EMPTY),
        ("explain d", "d: cannot be read: Is a directory"),
        ("explain empty", "expected a failure to read, got nothing"),
        ("explain binary", "expected the output of 'curl -i', a JSON line"),
        ("explain --jsonl empty", "expected JSON lines, got nothing"),
        ("explain --policy binary", "binary: expected UTF-8 text"),
        ("explain --policy d", "d: cannot be read: Is a directory"),
        ("rules --policy ''", EMPTY),
        ("rules --policy nowhere", "nowhere: cannot be read: No such file or directory"),
        ("check ''", EMPTY),
        ("check d", "d: cannot be read: Is a directory"),
        ("check empty", "expected a body, got nothing"),
        ("redact ok.jsonl", "unexpected extra argument"),
        ("call hi --policy ''", EMPTY),
        ("call hi --model ''", "--model: expected the name of a model, got none"),
        ("call hi --base-url here", "--base-url or COMETAPI_BASE_URL: expected an address"),
        ("doctor --model", "requires an argument"),
        ("policy check", "no policy file: name one, or set HALLEY_POLICY"),
        ("policy show ''", EMPTY),
        ("policy show d", "d: cannot be read: Is a directory"),
        ("sim --port 99999", "99999 is not in the range"),
        ("sim --profile nice", "'nice' is not one of 'calm'"),
    ],
)
def test_a_wrong_use_is_one_line(halley, folder: Path, line: str, message: str) -> None:
    """It says what was found, or what is allowed, and nothing is on stdout."""
    shown = halley(*shlex.split(line))
    assert (shown.code, shown.out) == (2, "")
    assert message in shown.said
    assert shown.said.startswith("halley: ")


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("report ''", 2, "expected the name of a log, got an empty one"),
        ("report ok.jsonl --html ''", 2, EMPTY),
        ("report d", 2, "d: is a directory: name its files, as in 'd/*'"),
        ("report empty", 1, "empty: nothing in it"),
        ("report ok.jsonl", 1, "ok.jsonl: one line, which is no record"),
    ],
)
def test_a_wrong_log_is_one_line(halley, folder: Path, *, line: str, code: int, message: str):
    """The same for reports; a log without records is no wrong use."""
    pytest.importorskip("duckdb", reason="reports are an extra")
    shown = halley(*shlex.split(line))
    assert (shown.code, shown.out) == (code, "")
    assert message in shown.said


@pytest.mark.parametrize(
    ("name", "message"), [("''", EMPTY), ("d", "Is a directory"), ("no/where", "No such file")]
)
def test_a_demo_begins_only_if_its_records_can_be_kept(halley, folder: Path, name: str, message):
    """Half a minute of work is not thrown away."""
    pytest.importorskip("openai", reason="the demo needs it")
    shown = halley(*shlex.split(f"demo --calls 10 --records {name}"))
    assert shown.code == 2
    assert message in shown.said


def test_a_json_line_that_is_too_long_to_be_read_as_one_failure(halley) -> None:
    """It is no body alone, and --jsonl reads it."""
    case = b'{"status": 429, "headers": {}, "body": "' + b"x" * READ_BYTES_MAX + b'"}'
    shown = halley("explain", stdin=case)
    assert shown.code == 2
    assert "longer than 320 KiB: read a JSON line with --jsonl" in shown.said
    assert halley("explain", "--jsonl", stdin=case).code == 0


CLOSED = [
    ("rules <&- >&-", 0),
    ("explain --status 500 <&-", 0),
    ("explain <&-", 2),
    ("call <&-", 2),
    ("check - <&-", 2),
    ("redact <&- >&-", 0),
    ("rules nobody 2>&-", 2),
    ("explain --status 500 >&- 2>&-", 0),
]


@pytest.mark.skipif(os.name != "posix", reason="needs a shell")
@pytest.mark.parametrize(("line", "code"), CLOSED)
def test_a_stream_that_is_closed_is_an_empty_one(line: str, code: int) -> None:
    """As cron jobs and daemons start programs; it is no bug of halley's."""
    command = f"{shlex.join(command_line())} {line}"
    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environment(), capture_output=True, timeout=60, check=False
    )
    assert done.returncode == code
    assert b"bug" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full disk")
@pytest.mark.parametrize("line", ["rules", "explain --status 500", "redact", "--help"])
def test_a_full_disk_is_told(line: str) -> None:
    """One line, exit code 1, and Python does not complain on its way out."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command_line(*shlex.split(line)),
            input=b"one line\n",
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    (said,) = done.stderr.decode().splitlines()
    assert said == "halley: the output cannot be written: No space left on device"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signal for it")
@pytest.mark.parametrize("line", ["policy show", "explain --status 500", "--help", "call hi"])
def test_nobody_reads_on(line: str) -> None:
    """A pipe that is closed at once: the code of SIGPIPE and not a word about it."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            command_line(*shlex.split(line)),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=write,
            stderr=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    assert done.returncode == 141
    said = done.stderr.decode()
    assert not [word for word in ("Traceback", "Broken", "bug") if word in said]
