"""Which calls are meant: a span of time, and conditions that one attempt must fit together."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from halley.records.report.load import Log
from halley.records.report.select import (
    OF_ATTEMPTS,
    OF_CALLS,
    Selection,
    SelectionError,
    conditions,
    moment_ms,
    narrow,
)
from tests.records.report.test_load import GOOD, RETRY

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
FIRST_MS = 1_795_442_400_250
RECORDS = (
    {**RETRY, "model": "a", "key": "k1"},
    {**GOOD, "attempt": 2, "model": "b", "key": "k2", "ts": "2026-11-23T14:00:02Z"},
    {**GOOD, "call_id": "c2", "model": "a", "key": None, "ts": "2026-11-23T14:30:00Z"},
)


def left(log: Log) -> list[str]:
    """The calls that are left, and no attempt of another."""
    calls = [call for (call,) in log.rows("SELECT call_id FROM calls ORDER BY call_id")]
    attempts = log.rows("SELECT DISTINCT call_id FROM attempts ORDER BY call_id")
    assert [call for (call,) in attempts] == calls
    return calls


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["c1", "c2"]),
        ("model=a", ["c1", "c2"]),
        ("model=b", ["c1"]),
        ("kind=overloaded", ["c1"]),
        ("kind=overloaded,model=a", ["c1"]),
        ("kind=overloaded,model=b", []),
        ("key=", ["c2"]),
        ("status=503", ["c1"]),
        ("outcome=answered", ["c1", "c2"]),
        ("outcome=answered,retried=true", ["c1"]),
        ("ambiguous=true", []),
        ("call_id=c2", ["c2"]),
        ("last_kind=overloaded", []),
        ("last_kind=,last_action=ok", ["c1", "c2"]),
        ("model='; DROP TABLE calls", []),
    ],
)
def test_conditions(read, text: str, expected: list[str]):
    """All conditions on attempts must be met by one attempt; an empty value means none."""
    log = read(*RECORDS)
    narrow(log, Selection(conditions=conditions(text)))
    assert left(log) == expected


@pytest.mark.parametrize("name", [*OF_ATTEMPTS, *OF_CALLS])
def test_every_name_can_be_asked_for(read, name: str):
    """No column is misspelt."""
    narrow(read(*RECORDS), Selection(conditions=conditions(f"{name}=x")))


@pytest.mark.parametrize(
    ("since_ms", "until_ms", "expected"),
    [
        (FIRST_MS, None, ["c1", "c2"]),
        (FIRST_MS + 1, None, ["c2"]),
        (None, FIRST_MS, []),
        (None, FIRST_MS + 1, ["c1"]),
    ],
)
def test_a_span_takes_calls_by_when_they_began(read, since_ms, until_ms, expected):
    """From its first moment up to before its last; a call is never cut in two."""
    log = read(*RECORDS)
    narrow(log, Selection(since_ms, until_ms))
    assert left(log) == expected


@pytest.fixture(autouse=True)
def _zone() -> Iterator[None]:
    """Give the process its time zone back."""
    yield
    time.tzset()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T14:00", "2026-11-23T14:00:00+00:00"),
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23 21:00:00.250+07:00", "2026-11-23T14:00:00.250+00:00"),
        ("90s", "2026-11-23T14:58:30+00:00"),
        ("2h", "2026-11-23T13:00:00+00:00"),
        (" 1d ", "2026-11-22T15:00:00+00:00"),
    ],
)
def test_moments(monkeypatch, text: str, expected: str):
    """Exact ones, in UTC if they say nothing, wherever the machine stands; and so long ago."""
    monkeypatch.setenv("TZ", "Asia/Ho_Chi_Minh")
    time.tzset()
    assert moment_ms(text, NOW) == round(datetime.fromisoformat(expected).timestamp() * 1000)


@pytest.mark.parametrize("text", ["tomorrow", "-2h", "2 weeks", "", "2026-13-01"])
def test_what_is_no_moment_is_refused_with_what_is(text: str):
    """In one line."""
    with pytest.raises(SelectionError, match=r"expected a time such as 2026-11-23T14:00"):
        moment_ms(text, NOW)


@pytest.mark.parametrize("text", ["nonsense", "kinds=x", "=x"])
def test_what_is_no_condition_is_refused_with_the_names_there_are(text: str):
    """In one line."""
    with pytest.raises(SelectionError, match=r"expected NAME=VALUE with a name of model, kind"):
        conditions(text)
