"""Where records go, and what happens when they cannot."""

from __future__ import annotations

import json
import logging
import os
import shutil
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import halley
from halley.core.model import Action, Attempt, History, Request, StopReason
from halley.records.sinks import JsonLines, Log, Records, level_of, sink_of
from tests.lines import Answer, Line, failing

REQUEST = Request("POST", "https://a.test", "/v1/x", b'{"model":"m"}')
HISTORY = History("c", (Attempt(1, Action.OK, 0.1, 200),))


def read(path: Path) -> list[dict]:
    """The records of a file."""
    return [json.loads(text) for text in path.read_text().splitlines()]


@pytest.mark.parametrize(
    ("attempt", "level"),
    [
        (Attempt(1, Action.OK, 0.1), logging.DEBUG),
        (Attempt(1, Action.RETRY, 0.1), logging.INFO),
        (Attempt(1, Action.RETRY, 0.1, stop_reason=StopReason.ATTEMPTS), logging.WARNING),
        (Attempt(1, Action.FIX_REQUEST, 0.1, stop_reason=StopReason.FINAL), logging.WARNING),
    ],
)
def test_how_loud_an_attempt_is(attempt: Attempt, level: int):
    """Success is for debugging, a retry is news, a call given up is a warning."""
    assert level_of(attempt) == level


def test_the_logger_gets_a_sentence_and_the_record(line: Line, caplog: pytest.LogCaptureFixture):
    """In that order: retry, then the warning."""
    caplog.set_level("INFO", "halley")
    line.client(failing(503), failing(400)).post()
    assert [(r.levelname, r.halley["status"]) for r in caplog.records] == [
        ("INFO", 503),
        ("WARNING", 400),
    ]
    assert caplog.records[1].getMessage().startswith("POST /v1/chat/completions attempt 2: 400 ")


def test_a_program_that_does_not_log_sees_nothing():
    """The default is the logger alone, and that is silent: nothing on stdout or stderr."""
    code = (
        "import halley, httpx2\n"
        "client = halley.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(400)))\n"
        "assert client.post('https://a.test/v1/x').status_code == 400"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_file_gets_one_line_an_attempt(line: Line, tmp_path: Path, caplog):
    """Appended to what is there, and logged as well."""
    caplog.set_level("DEBUG", "halley")
    path = tmp_path / "records.jsonl"
    policy = halley.Policy(records=str(path), backoff="full_jitter", backoff_base_s=0.001)
    for _ in range(2):
        line.client(failing(503), Answer(), policy=policy).post()
    assert [(r["attempt"], r["status"]) for r in read(path)] == [(1, 503), (2, 200)] * 2
    assert [r.halley["status"] for r in caplog.records if r.name == "halley"] == [503, 200] * 2


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_file_is_for_its_owner_alone(tmp_path: Path):
    """Whatever the umask allows."""
    path = tmp_path / "records.jsonl"
    before = os.umask(0)
    try:
        JsonLines(str(path), Records())(lambda: REQUEST, HISTORY, b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_many_threads_tear_no_line(tmp_path: Path):
    """Two sinks of one file, sixteen threads, long lines."""
    path = tmp_path / "records.jsonl"
    sinks = [JsonLines(str(path), Records()), JsonLines(str(path), Records())]
    model = "m" * 150
    request = Request(
        "POST", "https://a.test", "/v1/" + "x" * 3000, b'{"model":"%s"}' % model.encode()
    )

    def write(number: int) -> None:
        for _ in range(50):
            sinks[number % 2](lambda: request, HISTORY, b"")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(path)) == 800


def test_a_file_may_be_moved_away(tmp_path: Path):
    """As logrotate does: the next record opens a new one, and nothing was left open."""
    path = tmp_path / "records.jsonl"
    sink = JsonLines(str(path), Records())
    sink(lambda: REQUEST, HISTORY, b"")
    path.rename(tmp_path / "old")
    sink(lambda: REQUEST, HISTORY, b"")
    assert len(read(path)) == len(read(tmp_path / "old")) == 1


def test_no_descriptor_stays_open(tmp_path: Path):
    """A thousand clients, one file each, would run out of them."""

    def lowest_free() -> int:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        os.close(descriptor)
        return descriptor

    before = lowest_free()
    sinks = [JsonLines(str(tmp_path / f"{number}.jsonl"), Records()) for number in range(3)]
    for sink in sinks:
        sink(lambda: REQUEST, HISTORY, b"")
    assert lowest_free() == before


def test_text_that_is_no_text_is_written_as_escapes(tmp_path: Path):
    """A model named by a lone surrogate, and line breaks: one line each, that any tool can read."""
    path = tmp_path / "records.jsonl"
    for name in (r"\ud800", r"a\nb", r"\u2028"):
        request = Request("POST", "https://a.test", "/v1/x", b'{"model":"%s"}' % name.encode())
        JsonLines(str(path), Records())(lambda request=request: request, HISTORY, b"")
    lines = path.read_bytes().splitlines()
    assert [json.loads(one)["model"] for one in lines] == [r"\ud800", r"a\nb", r"\u2028"]


@pytest.mark.parametrize(
    ("place", "reason"),
    [(".", "Is a directory"), ("missing/log", "No such file or directory")],
)
def test_a_path_that_cannot_be_used_makes_no_client(monkeypatch, tmp_path: Path, place, reason):
    """The setting, its value, what is allowed and what is wrong, in one line; nothing is made."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(halley.PolicyError) as caught:
        halley.Client(policy=halley.Policy(records=place))
    allowed = "'stderr', or a file to append to where one is or can be made"
    assert str(caught.value) == f"records: expected {allowed}, got '{place}': {reason}"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_makes_no_client_fail():
    """Nothing is written for a client: what the disk has no room for is a record's affair."""
    halley.Client(policy=halley.Policy(records="/dev/full")).close()


@pytest.mark.parametrize("place", ["/dev/full", "gone/records.jsonl"])
def test_a_file_that_cannot_be_written_later_costs_no_call(
    line: Line, tmp_path: Path, caplog, place: str
):
    """The disk is full, or the directory is gone: the call succeeds, and the log says so."""
    caplog.set_level("ERROR", "halley")
    gone = tmp_path / "gone"
    gone.mkdir()
    caller = line.client(policy=halley.Policy(records=str(tmp_path / place)))
    shutil.rmtree(gone)
    assert caller.post().status_code == 200
    assert "records cannot be written to" in caplog.text
    assert "Error" in caplog.text


def test_stderr_gets_json_lines(line: Line, capsys: pytest.CaptureFixture[str]):
    """If the policy says so, and nothing else goes there."""
    line.client(failing(400), policy=halley.Policy(records="stderr")).post()
    captured = capsys.readouterr()
    assert [json.loads(text)["status"] for text in captured.err.splitlines()] == [400]
    assert captured.out == ""


@pytest.mark.parametrize("stderr", [None, "closed"])
def test_a_program_without_stderr_is_served(
    line: Line, monkeypatch, tmp_path: Path, stderr: str | None
):
    """Under pythonw, or after it was closed."""
    file = (tmp_path / "err").open("w")
    file.close()
    monkeypatch.setattr(sys, "stderr", file if stderr else None)
    assert line.client(policy=halley.Policy(records="stderr")).post().status_code == 200


def test_a_handler_that_raises_costs_no_call(line: Line, caplog: pytest.LogCaptureFixture):
    """The user's own logging is broken: the call is not."""
    caplog.set_level("DEBUG", "halley")

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise RuntimeError("handler")

    handler = Broken()
    logger = logging.getLogger("halley")
    logger.addHandler(handler)
    try:
        assert line.client(failing(503), Answer()).post().status_code == 200
    finally:
        logger.removeHandler(handler)


def test_a_record_that_nobody_wants_is_not_made(caplog: pytest.LogCaptureFixture):
    """The request is described only for a level that is on."""
    caplog.set_level("INFO", "halley")

    def describe() -> Request:
        raise AssertionError("was described")

    Log(Records())(describe, HISTORY, b"")


def test_the_policy_chooses_the_sink():
    """Nothing: the logger. Otherwise a path, or stderr."""
    assert isinstance(sink_of(None), Log)
    assert isinstance(sink_of("stderr"), JsonLines)
