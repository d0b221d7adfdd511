"""The record: fixed fields, golden lines, and how many tokens an answer says it used."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halley
from halley.core.model import (
    Action,
    Attempt,
    Failure,
    History,
    Kind,
    Origin,
    Request,
    Scope,
    StopReason,
)
from halley.records.record import fields, line, total_tokens
from halley.records.redact import Redactor
from tests.lines import ANSWER, CHAT, EVENTS, Answer, Line, failing, fault, stream

DOCUMENTED = {"method", "path", "model", "status", "request_id", "retryable"}
ALWAYS = {
    "v": 1,
    "method": "POST",
    "host": "api.cometapi.com",
    "path": "/v1/chat/completions",
    "model": "gpt-5-mini",
    "ambiguous": False,
}
OF_NOTHING = dict.fromkeys(("code", "ray_id", "error_body", "error_bytes", "error_sha256"))
BUSY = b'{"error":{"message":"upstream is busy (request id: 2026AbC)","type":"comet_api_error"}}'
OF_BUSY = {
    **OF_NOTHING,
    "code": "comet_api_error",
    "error_body": BUSY.decode(),
    "error_bytes": len(BUSY),
    "error_sha256": hashlib.sha256(BUSY).hexdigest(),
}


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture):
    """The records written, without what changes from run to run, which is checked to be there."""
    caplog.set_level("DEBUG", "halley")

    def read() -> list[dict[str, Any]]:
        records = [dict(r.halley) for r in caplog.records if r.name == "halley"]
        calls = {record.pop("call_id") for record in records}
        assert len(calls) == 1
        assert all(len(call) == 12 for call in calls)
        for record in records:
            if record["stream"] is None:
                assert (record.pop("stream"), record.pop("first_s")) == (None, None)
            assert record.pop("ts").endswith("Z")
            assert 0 <= record.pop("elapsed_s") < 60
        return records

    return read


def test_a_retry_and_the_success_after_it(line: Line, lines):
    """One line an attempt: what was seen, decided, and how long it waits."""
    caller = line.client(
        failing(503, BUSY, retry_after="3"), Answer(headers={"x-request-id": "req_2"})
    )
    caller.post()
    retry, success = lines()
    assert 3 <= retry.pop("wait_s") < 4
    assert retry.pop("rule")
    assert retry == {
        **ALWAYS,
        **OF_BUSY,
        "ambiguous": True,
        "attempt": 1,
        "status": 503,
        "fault": None,
        "request_id": "2026AbC",
        "action": "retry",
        "retryable": True,
        "kind": "overloaded",
        "stop_reason": None,
        "repaired": None,
        "key": None,
        "total_tokens": None,
    }
    assert success == {
        **ALWAYS,
        **OF_NOTHING,
        "attempt": 2,
        "status": 200,
        "fault": None,
        "request_id": "req_2",
        "action": "ok",
        "retryable": False,
        "kind": None,
        "rule": None,
        "stop_reason": None,
        "wait_s": 0.0,
        "repaired": None,
        "key": None,
        "total_tokens": 7,
    }


def test_a_call_that_is_given_up(line: Line, lines):
    """The last line says why it ended."""
    line.client(failing(400, BUSY)).post()
    (final,) = lines()
    assert final.pop("rule")
    assert final == {
        **ALWAYS,
        **OF_BUSY,
        "attempt": 1,
        "status": 400,
        "fault": None,
        "request_id": "2026AbC",
        "action": "fix_request",
        "retryable": False,
        "kind": "invalid_request",
        "stop_reason": "final",
        "wait_s": 0.0,
        "repaired": None,
        "key": None,
        "total_tokens": None,
    }


def test_a_fault(line: Line, lines):
    """No status, and the kind of fault in its place; retryable, though it was given up."""
    caller = line.client(fault("ReadTimeout"), policy=halley.Policy(attempts=1))
    with pytest.raises(line.error("ReadTimeout")):
        caller.post()
    (final,) = lines()
    assert (final["status"], final["fault"], final["kind"]) == (None, "read_timeout", "timeout")
    assert (final["action"], final["retryable"], final["stop_reason"]) == (
        "retry",
        True,
        "attempts",
    )


def test_a_stream_that_is_cut(line: Line, lines):
    """Status 200, and yet a failure: bytes were delivered, nothing is sent again."""
    opened = line.client(stream(EVENTS[0], error="ReadError")).open()
    with pytest.raises(halley.StreamInterrupted):
        opened.rest()
    opened.close()
    (cut,) = lines()
    assert (cut["status"], cut["fault"], cut["kind"]) == (200, "read", "stream_cut")
    assert (cut["action"], cut["retryable"], cut["stop_reason"]) == ("stop", False, "committed")
    assert cut["stream"] == "interrupted"
    assert 0 <= cut["first_s"] < 60


ENDINGS = {
    "complete": (stream(), 9),
    "closed": (stream(), 1),
    "failed": (stream(EVENTS[0], b'data: {"error":{"message":"busy"}}\n\n', EVENTS[0]), 9),
    "stalled": (stream(EVENTS[0], error="ReadTimeout"), 9),
}


@pytest.mark.filterwarnings(  # httpx's own generators complain when an iteration is left
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("state", ENDINGS)
def test_a_stream_says_how_it_ended(line: Line, lines, state: str):
    """By its finish, by the caller's hand, by an error inside it, by silence."""
    answer, chunks = ENDINGS[state]
    opened = line.client(answer).open()
    with contextlib.suppress(halley.StreamInterrupted):
        for _ in range(chunks):
            opened.next()
    opened.close()
    (record,) = lines()
    assert (record["stream"], record["status"]) == (state, 200)
    assert record["action"] == ("stop" if state in ("failed", "stalled") else "ok")


def test_a_call_that_is_cancelled_while_it_waits(lines, monkeypatch: pytest.MonkeyPatch):
    """The failure it waited after, and that the caller left."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("halley.drivers.clock.Clock.sleep", interrupted)
    with Line("httpx2", "threads") as line, pytest.raises(KeyboardInterrupt):
        line.client(failing(503)).post()
    retry, cancelled = lines()
    assert (retry["stop_reason"], cancelled["stop_reason"]) == (None, "cancelled")
    assert (cancelled["attempt"], cancelled["status"], cancelled["wait_s"]) == (1, 503, 0.0)


def test_a_call_that_gets_no_permit(line: Line, lines):
    """Nothing was sent."""
    caller = line.client(stream(), policy=halley.Policy(in_flight_max=1, deadline_s=0.05))
    opened = caller.open()
    caller.post()
    (refused,) = lines()
    assert (refused["status"], refused["rule"]) == (429, "local.no_permit")
    assert refused["stop_reason"] == "deadline"
    opened.close()


def test_the_documented_fields_are_all_there(line: Line, lines):
    """Those that CometAPI asks its users to log."""
    line.client().post(CHAT + "?api-version=2&secret=1")
    (record,) = lines()
    assert record.keys() >= DOCUMENTED
    assert record["path"] == "/v1/chat/completions"


def test_the_page_names_every_reason_why_a_call_ends():
    """In the order of the words."""
    page = (Path(__file__).parents[2] / "docs" / "records.md").read_text()
    row = re.search(r"^\| `stop_reason` \| .+: `(.+)` \|$", page, re.MULTILINE)
    assert row is not None
    assert row[1].split(", ") == list(StopReason)


def test_a_record_is_json_as_it_stands():
    """Enumerations are their values; times are in UTC with milliseconds."""
    request = Request("POST", "https://a.test", "/v1/x", b'{"model":"m"}')
    history = History("c", (Attempt(1, Action.OK, 0.12345, 200),))
    record = json.loads(json.dumps(fields(request, history, b"", 1_767_225_600.5, Redactor())))
    assert record["ts"] == "2026-01-01T00:00:00.500Z"
    assert (record["action"], record["elapsed_s"]) == ("ok", 0.123)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (ANSWER, 7),
        (b'{"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}', 0),
        (b'{"usage": {"input_tokens": 5, "output_tokens": 7}, "model": "x"}', 12),
        (b'{"usage":{"input_tokens":5,"cache_read_input_tokens":900,"output_tokens":7}}', 12),
        (b'{"usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12},"user":null}', 12),
        (
            b'{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7,"totalTokenCount":40}}',
            40,
        ),
        (b'{"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":7}}', 12),
        (b'{"usage":{"total_tokens":5}}\n\ndata: {"usage":{"total_tokens":9}}\n\n', 9),
        (b'{"choices":[{"message":{"content":"{\\"total_tokens\\": 1}"}}]}', None),
        (b'{"usage":{"total_tokens":12', None),
        (b'{"usage":{"total_tokens":-3}}', None),
        (b'{"usage":null}', None),
        (b"", None),
    ],
)
def test_tokens_are_what_the_answer_says(body: bytes, expected: int | None):
    """In all four formats; what is cut, quoted or missing is unknown, not zero."""
    assert total_tokens(body) == expected


@given(st.binary(max_size=300))
def test_any_body_may_come(body: bytes):
    """Tokens are a number or unknown."""
    found = total_tokens(body + b'"total_tokens"' + body)
    assert found is None or found >= 0


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["m", '"', "\\", "\x00", "\u2028", "\U0001f30d", "a ", "é"]),
    st.sampled_from([b"e", b'"', b"\x1b", b"\xff", "\U0001f30d".encode(), b"a comet ", b"<"]),
)
def test_a_line_stays_within_its_bounds(name: str, said: bytes):
    """8 KiB, whatever the model, the path, the code, the ids and the body are made of."""
    body = json.dumps({"model": name * 50_000, "messages": [{"content": "x" * 2_000_000}]})
    request = Request(name * 5000, "https://" + name * 5000, "/" + name * 5000, body.encode())
    long = name * 5000
    failure = Failure(
        *(Kind.UNKNOWN, Action.STOP, Origin.GATEWAY, Scope.REQUEST, long, 500, long),
        request_id=long,
        ray_id=long,
    )
    attempt = Attempt(
        1, Action.STOP, 0.1, 500, failure=failure, request_id=long, repaired=long, key=long
    )
    record = fields(request, History("c", (attempt,)), said * 100_000, 0.0, Redactor())
    written = json.dumps(record, ensure_ascii=False).encode(errors="backslashreplace")
    assert len(written) <= 8192
    assert record["error_bytes"] == len(said) * 100_000


def test_an_answer_that_is_no_success_is_not_shown():
    """Half an answer is the user's: size and hash are enough. An error inside a 200 is shown."""
    failure = Failure(Kind.BAD_REPLY, Action.STOP, Origin.GATEWAY, Scope.REQUEST, "x", 200)
    history = History("c", (Attempt(1, Action.STOP, 0.1, 200, failure=failure),))
    request = Request("POST", "https://a.test", "/v1/x", b"{}")
    half = b'{"choices":[{"message":{"content":"a secret answ'
    error = b'{"error":{"message":"busy"}}'
    shown = [fields(request, history, b, 0.0, Redactor())["error_body"] for b in (half, error)]
    assert shown == [None, error.decode()]


def test_the_sentence_for_a_person():
    """What was seen, what is done, when, and the id to quote; a fault in the place of a status."""
    record = {
        "method": "POST",
        "path": "/v1/x",
        "attempt": 5,
        "status": None,
        "fault": "read_timeout",
        "kind": "timeout",
        "action": "retry",
        "wait_s": 0.0,
        "stop_reason": "attempts",
        "request_id": None,
    }
    assert line(record) == "POST /v1/x attempt 5: read_timeout timeout -> retry (stopped: attempts)"
