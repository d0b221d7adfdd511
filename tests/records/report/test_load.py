"""A log becomes two tables: damaged lines are counted and named, and nothing odd is believed."""

from __future__ import annotations

import gzip
import json
import os
import signal
import stat
import threading
from pathlib import Path

import pytest

from halley.records.report import load
from halley.records.report.load import DETAILS, FIGURES, loaded
from halley.records.report.sources import EmptyLogError, LogError

GOOD = {
    "v": 1,
    "ts": "2026-11-23T14:00:00.500Z",
    "call_id": "c1",
    "attempt": 1,
    "method": "POST",
    "path": "/v1/chat/completions",
    "model": "m",
    "status": 200,
    "fault": None,
    "request_id": "r1",
    "action": "ok",
    "retryable": False,
    "kind": None,
    "rule": None,
    "stop_reason": None,
    "repaired": None,
    "wait_s": 0.0,
    "elapsed_s": 0.25,
    "total_tokens": 7,
}
"""A record of the first version of the list: none of the fields that were added since."""
RETRY = {**GOOD, "action": "retry", "status": 503, "kind": "overloaded", "wait_s": 1.5}
TURNED_AWAY = {
    **GOOD,
    "status": 503,
    "action": "fail_over",
    "kind": "overloaded",
    "rule": "local.breaker_open",
    "stop_reason": "final",
}
DAMAGED = {
    "text": "hello",
    "torn": '{"ts": "2026-11-23T14:00:00Z", "call_id": "c1", "att',
    "two in one": json.dumps(GOOD) * 2,
    "list": "[1, 2]",
    "number": "5",
    "no time": json.dumps({**GOOD, "ts": None}),
    "no such time": json.dumps({**GOOD, "ts": "yesterday"}),
    "time without end": json.dumps({**GOOD, "ts": "infinity"}),
    "another log's line": json.dumps({"ts": GOOD["ts"], "level": "info", "message": "hi"}),
    "attempt 0": json.dumps({**GOOD, "attempt": 0}),
    "zeros": "\0" * 40,
    "deep": "[" * 50_000,
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_is_counted_and_named(read, line: str):
    """By its number among all lines, blank ones too; what stands around it counts."""
    log = read(GOOD, "", line, {**GOOD, "call_id": "c2"})
    assert (log.records, log.damaged) == (2, 1)
    assert [name.rpartition(":")[2] for name in log.named] == ["3"]


def test_bytes_that_are_no_text_are_a_damaged_line(read):
    """Another encoding, or a disk that lied."""
    log = read(GOOD, b'{"ts": "\xff\xfe"}\n')
    assert (log.records, log.damaged, len(log.named)) == (1, 1, 1)


def test_many_damaged_lines_are_all_counted_and_the_first_named(tmp_path: Path):
    """Over all files."""
    for name in "ab":
        (tmp_path / name).write_text(json.dumps(GOOD) + "\n" + "junk\n" * 8)
    with loaded([str(tmp_path / "*")]) as log:
        assert (log.files, log.records, log.damaged) == (2, 2, 16)
        assert len(log.named) == load.NAMED_MAX
        assert log.named[0].endswith("a:2")
        assert log.named[-1].endswith("b:3")


def test_a_line_without_end_is_damaged_too(read):
    """Beyond the 16 MiB that DuckDB takes, as of a file that was never written to its end."""
    log = read(GOOD, b"\0" * 40_000_000 + b"\n", {**GOOD, "call_id": "c2"})
    assert (log.records, log.damaged) == (2, 1)
    assert log.named[0].endswith(":2")


def test_numbers_out_of_range_are_unknown(read):
    """They neither break the report nor enter it."""
    odd = {"wait_s": -1, "elapsed_s": 1e300, "first_s": "x", "total_tokens": 1e99, "status": "??"}
    log = read({**GOOD, **odd})
    columns = "wait_s, elapsed_s, first_s, total_tokens, status, sent_ms = ended_ms"
    assert log.rows(f"SELECT {columns} FROM attempts") == [(None, None, None, None, None, True)]


def test_what_a_field_holds_instead_of_text_is_text(read):
    """No type of a log is believed."""
    log = read({**GOOD, "model": {"a": 1}, "key": 7})
    assert log.rows("SELECT model, key FROM attempts") == [('{"a":1}', "7")]


def test_an_attempt_begins_when_it_was_sent(read):
    """The record is written at its end."""
    log = read(GOOD)
    ((sent_ms, ended_ms),) = log.rows("SELECT sent_ms, ended_ms FROM attempts")
    assert (sent_ms, ended_ms) == (1_795_442_400_250, 1_795_442_400_500)


@pytest.mark.parametrize(
    ("records", "outcome", "attempts"),
    [
        ([GOOD], "answered", 1),
        ([RETRY, {**GOOD, "attempt": 2}], "answered", 2),
        ([RETRY], "unfinished", 1),
        ([{**RETRY, "stop_reason": "attempts"}], "given_up", 1),
        ([{**GOOD, "action": "fix_request", "stop_reason": "final"}], "given_up", 1),
        ([{**GOOD, "action": "fix_request", "repaired": "x removed"}], "unfinished", 1),
        ([{**RETRY, "status": None, "stop_reason": "deadline"}], "given_up", 0),
        ([{**GOOD, "status": None, "action": "stop", "stop_reason": "cancelled"}], "cancelled", 0),
        ([{**TURNED_AWAY}], "given_up", 0),
    ],
)
def test_how_a_call_ended_is_what_its_last_record_says(read, records, outcome, attempts):
    """And only what was sent is an attempt."""
    log = read(*reversed(records))
    assert log.rows("SELECT outcome, attempts FROM calls") == [(outcome, attempts)]


def test_of_two_records_of_one_attempt_the_later_counts(read):
    """A call that is left while it waits says so after the failure it waited for."""
    left = {**RETRY, "wait_s": 0.0, "stop_reason": "cancelled", "ts": "2026-11-23T14:00:01Z"}
    log = read(left, RETRY)
    assert log.rows("SELECT outcome, attempts, wait_s FROM calls") == [("cancelled", 1, 0.0)]


def test_a_log_that_is_read_twice_counts_once(day, tmp_path: Path):
    """As when a rotated copy is still there."""
    path, records = day
    (tmp_path / "copy.jsonl").write_bytes(path.read_bytes())
    with loaded([str(path), str(tmp_path / "copy.jsonl")]) as log:
        assert log.records == 2 * len(records)
        assert log.rows("SELECT count(*) FROM attempts") == [(len(records),)]


@pytest.mark.parametrize(
    ("fields", "waste", "ambiguous"),
    [
        ({}, None, False),
        ({"stream": "interrupted", "action": "stop"}, "thrown_away", False),
        ({"kind": "bad_reply", "action": "retry"}, "thrown_away", False),
        ({"kind": "bad_reply", "action": "retry", "status": 502}, None, False),
        ({"kind": "balance", "action": "top_up", "status": 403}, "hopeless", False),
        ({"action": "fix_request", "status": 400, "rule": "preflight.refused"}, None, False),
        ({"kind": "timeout", "action": "reconcile", "status": None}, None, True),
        ({"kind": "timeout", "action": "retry", "ambiguous": True}, None, True),
    ],
)
def test_what_is_wasted_and_what_is_ambiguous(read, fields, waste, ambiguous):
    """An answer that is not used, a send that cannot succeed; sent, and nobody knows."""
    log = read({**GOOD, **fields})
    assert log.rows("SELECT waste, ambiguous FROM attempts") == [(waste, ambiguous)]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"hello\n", b'{"a": 1}\n'])
def test_a_log_without_a_record_is_an_error_that_says_so(tmp_path: Path, content: bytes):
    """With what a record is."""
    path = tmp_path / "other.log"
    path.write_bytes(content)
    with (
        pytest.raises(EmptyLogError, match=r"other\.log: .*a record is a JSON line"),
        loaded([str(path)]),
    ):
        pass


def test_without_duckdb_the_extra_is_named(monkeypatch):
    """Before anything is opened."""
    monkeypatch.setattr(load, "find_spec", lambda _: None)
    with pytest.raises(LogError, match=r'pip install "halley\[report\]"'), loaded(["missing"]):
        pass


def test_nothing_is_left_behind(day, tmp_path: Path, monkeypatch):
    """No file where it runs; copies and spills are in one private folder, which goes."""
    packed = tmp_path / "app.jsonl.gz"
    packed.write_bytes(gzip.compress(day[0].read_bytes()))
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with loaded([str(packed)], DETAILS) as log:
        (private,) = temporary.iterdir()
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert log.rows("SELECT current_setting('temp_directory')") == [(str(private),)]
        assert list(home.iterdir()) == []
    assert list(temporary.iterdir()) == []


def test_a_log_beyond_memory_spills_or_says_so(day, monkeypatch):
    """In one line that says what to do."""
    settings = {**load.SETTINGS, "memory_limit": "1MB"}
    monkeypatch.setattr(load, "SETTINGS", settings)
    expected = "too large to be counted at once: give fewer logs"
    with pytest.raises(LogError, match=expected), loaded([str(day[0])]):
        pass


def test_ctrl_c_while_it_counts_is_ctrl_c(day):
    """And not an error of the database; this query would take years."""

    def count() -> None:
        with loaded([str(day[0])]) as log:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
            log.rows("SELECT sum(a.range % b.range) FROM range(10000000) a, range(1, 10000000) b")

    with pytest.raises(KeyboardInterrupt):
        count()


def test_the_fields_of_a_record_are_the_ones_that_are_read():
    """A field that a record no longer has would be unknown for ever."""
    from halley.core.model import Action, Attempt, History, Request  # noqa: PLC0415
    from halley.records.record import fields  # noqa: PLC0415
    from halley.records.redact import Redactor  # noqa: PLC0415

    request = Request("POST", "https://a.test", "/v1/x", b'{"model":"m"}')
    history = History("c", (Attempt(1, Action.OK, 0.1, 200),))
    record = fields(request, history, b"", 1.0, Redactor())
    assert set(record) - {"v", "retryable"} <= set(DETAILS)
    assert set(FIGURES) < set(DETAILS)
