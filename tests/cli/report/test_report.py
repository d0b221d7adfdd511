"""`halley report`: one command from a log to an answer, and one line where there is none."""

from __future__ import annotations

import gzip
import json
import re

import pytest

from halley.records.report import load
from tests.records.report import oracle
from tests.records.report.logs import write
from tests.records.report.test_load import GOOD


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of 600 calls and its records."""
    path = tmp_path_factory.mktemp("log") / "app.jsonl"
    return path, write(path, calls=600)


@pytest.fixture
def places(log, tmp_path):
    """Logs by what is in them."""
    empty = tmp_path / "empty.jsonl"
    empty.touch()
    return {"log": log[0], "empty": empty}


def test_it_says_at_a_glance_what_failed_and_what_to_do(halley, log):
    """How many calls, how they ended, then what failed with the advice, the worst first."""
    shown = halley("report", str(log[0]))
    assert (shown.code, shown.err) == (0, "")
    totals = oracle.totals(log[1])
    lines = shown.out.splitlines()
    assert lines[0].startswith("600 calls in ")
    assert f"{totals['answered']} answered" in lines[2]
    at = lines.index("What failed, and what to do")
    assert re.match(
        r" +balance +top_up +\d+ +\d+ +0 +\d\d:\d\d:\d\d +The account is out", lines[at + 2]
    )


def test_json_for_programs(halley, log):
    """Everything that is counted, and how to list the calls behind it."""
    shown = halley("report", str(log[0]), "--json")
    said = json.loads(shown.out)
    expected = oracle.totals(log[1])
    assert {name: said["totals"][name] for name in expected} == expected
    assert said["log"] == {"files": 1, "records": len(log[1]), "damaged": 0}
    assert said["failing"][0]["calls"] == "kind=balance,action=top_up"


def test_stdin_gzip_and_several_files(halley, log, tmp_path):
    """All of them together are one log."""
    half = len(log[1]) // 2
    lines = [json.dumps(record).encode() + b"\n" for record in log[1]]
    (tmp_path / "app.jsonl.1.gz").write_bytes(gzip.compress(b"".join(lines[:half])))
    shown = halley("report", f"{tmp_path}/*.gz", "-", "--json", stdin=b"".join(lines[half:]))
    assert json.loads(shown.out)["totals"]["calls"] == 600
    assert json.loads(shown.out)["log"]["files"] == 2


def test_damaged_lines_are_named_and_do_not_matter(halley, log, tmp_path):
    """One line on stderr, exit 0, the same numbers."""
    damaged = tmp_path / "app.jsonl"
    damaged.write_bytes(b"hello\n" + log[0].read_bytes() + b'{"ts": "2026-')
    shown = halley("report", str(damaged), "--json")
    assert shown.code == 0
    assert shown.said == (
        f"halley: 2 lines are no record: {damaged}:1, {damaged}:{len(log[1]) + 2}"
    )
    assert json.loads(shown.out)["totals"]["calls"] == 600


def test_calls_are_listed_one_a_line(halley, log):
    """When, which, how it ended, what came, and the id for the support."""
    calls = [
        call for call in oracle.calls_of(log[1]) if any(one["kind"] == "rate_limit" for one in call)
    ]
    shown = halley("report", str(log[0]), "--calls", "kind=rate_limit")
    lines = shown.out.splitlines()
    assert len(lines) == len(calls) > 3
    for call in calls:
        (line,) = (line for line in lines if call[0]["call_id"] in line)
        assert line.endswith(call[-1]["request_id"])
        assert line.count(" > ") == len(call) - 1
        assert "429 rate_limit" in line
    assert lines == sorted(lines)


def test_calls_as_json_carry_every_attempt(halley, log):
    """One object a line."""
    shown = halley("report", str(log[0]), "--calls", "retried=true,outcome=answered", "--json")
    calls = [json.loads(line) for line in shown.out.splitlines()]
    assert len(calls) == oracle.totals(log[1])["recovered"]
    for call in calls:
        assert [one["attempt"] for one in call["history"]] == list(range(1, call["attempts"] + 1))


def test_filters_narrow_everything(halley, log):
    """The report, the list and the page alike."""
    args = ("--model", "sora-2", "--since", "2026-11-23T09:00", "--until", "2026-11-23T12:00")
    expected = [
        call
        for call in oracle.calls_of(log[1])
        if call[0]["model"] == "sora-2" and "T09" <= call[0]["ts"][10:13] < "T12"
    ]
    said = json.loads(halley("report", str(log[0]), *args, "--json").out)
    assert said["totals"]["calls"] == len(expected) > 3
    listed = halley("report", str(log[0]), *args, "--calls", "").out.splitlines()
    assert len(listed) == len(expected)


def test_a_filter_and_a_list_are_two_conditions(halley, log):
    """Calls that met both kinds, in whichever attempts; the list does not replace the filter."""
    calls = [{one["kind"] for one in call} for call in oracle.calls_of(log[1])]
    both = [kinds for kinds in calls if {"overloaded", "rate_limit"} <= kinds]
    args = ("--kind", "overloaded", "--calls", "kind=rate_limit")
    shown = halley("report", str(log[0]), *args)
    assert len(shown.out.splitlines()) == len(both)
    assert shown.code == (0 if both else 1)


def test_the_page_is_written_and_said(halley, log, tmp_path):
    """One line on stderr, nothing on stdout."""
    target = tmp_path / "report.html"
    shown = halley("report", str(log[0]), "--html", str(target))
    assert (shown.code, shown.out) == (0, "")
    assert shown.said.endswith("MB, opens in a browser without a network")
    assert target.read_text().startswith("<!doctype html>")


def test_a_call_for_the_support(halley, log):
    """By any of its ids."""
    record = next(one for one in log[1] if one["error_body"])
    shown = halley("report", str(log[0]), "--support", record["request_id"])
    assert (shown.code, shown.err) == (0, "")
    for name in ("call_id", "request_id", "ray_id", "host", "path", "model", "error_body"):
        assert record[name] in shown.out


def test_a_log_cannot_write_on_the_screen(halley, tmp_path):
    """Control characters of a record are gone in every form of it."""
    names = ("model", "key", "kind", "action", "rule", "host", "error_body", "request_id", "code")
    evil = dict.fromkeys(names, "a\x1b]0;title\x07\u202eb")
    path = tmp_path / "app.jsonl"
    path.write_text(json.dumps({**GOOD, **evil, "stop_reason": "final"}))
    for args in ((), ("--calls", ""), ("--support", "c1")):
        shown = halley("report", str(path), *args)
        assert shown.code == 0
        assert not set("\x1b\x07\u202e") & set(shown.out)
        assert "a]0;titleb" in shown.out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        ((), 2, "halley: missing argument 'LOG...'; see 'halley report --help'"),
        (("no.jsonl",), 2, "halley: no.jsonl: cannot be read: No such file or directory"),
        (("{log}", "--since", "soon"), 2, "halley: 'soon': expected a time such as"),
        (("{log}", "--calls", "colour=red"), 2, "halley: 'colour=red': expected NAME=VALUE"),
        (("{log}", "--html", "/dev/null/x"), 2, "halley: /dev/null/x: cannot be written: Not a"),
        (
            ("{log}", "--calls", "", "--support", "x"),
            2,
            "halley: --html, --calls and --support exclude each other",
        ),
        (
            ("{log}", "--html", "x.html", "--json"),
            2,
            "halley: --json goes with the report and with --calls alone",
        ),
        (("{log}", "--support", "nope"), 1, "halley: no call, request or ray id 'nope' among"),
        (("{log}", "--model", "nope"), 1, "halley: no call fits; the log goes from 2026-11-23"),
        (("{empty}",), 1, "halley: {empty}: nothing in it; a record is a JSON line of the file"),
    ],
)
def test_what_cannot_be_done_is_one_line(halley, places, args, code, message):
    """With the right exit code: 2 for what was asked, 1 for what is not in the log."""
    shown = halley("report", *(arg.format(**places) for arg in args))
    assert (shown.code, shown.out) == (code, "")
    assert shown.said.startswith(message.format(**places))


def test_without_duckdb_the_extra_is_named(halley, log, monkeypatch):
    """One line, exit 2."""
    monkeypatch.setattr(load, "find_spec", lambda _: None)
    shown = halley("report", str(log[0]))
    assert (shown.code, shown.out) == (2, "")
    assert shown.said == 'halley: reports need DuckDB: pip install "halley[report]"'


def test_help_costs_no_duckdb(process):
    """It is imported for a report alone."""
    shown = process("report", "--help")
    assert shown.code == 0
    assert "--support ID" in shown.out


def test_a_reader_that_has_seen_enough_ends_it_quietly(log):
    """As `head` does."""
    import subprocess  # noqa: PLC0415

    from tests.cli.conftest import command_line, environment  # noqa: PLC0415

    running = subprocess.Popen(
        command_line("report", str(log[0]), "--calls", ""),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    with running:
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
