"""The text for the support: every id, the whole chain, in UTC; no key and no prompt."""

from __future__ import annotations

import pytest

from halley.records.report.support import ID_FIELDS, MATCHES_MAX, matching, support_text
from tests.records.report.test_load import GOOD, RETRY

BODY = '{"error":{"message":"upstream is busy"}}'
FULL = {
    **RETRY,
    "host": "api.cometapi.com",
    "key": "main",
    "request_id": "req-1",
    "ray_id": "8f2c-HKG",
    "rule": "status.503",
    "code": "busy",
    "error_body": BODY,
    "error_bytes": 40,
    "error_sha256": "ab12",
}
LAST = {
    **FULL,
    "attempt": 2,
    "ts": "2026-11-23T14:00:02.250Z",
    "request_id": "req-2",
    "ray_id": "8f2d-HKG",
    "status": None,
    "fault": "read_timeout",
    "kind": "timeout",
    "code": None,
    "action": "reconcile",
    "rule": "transport.timeout.paid",
    "stop_reason": "final",
    "ambiguous": True,
    "wait_s": 0.0,
    "error_body": None,
}
TEXT = """\
A call to api.cometapi.com that failed (final). All times are UTC.

call id      c1
request id   req-2
ray id       8f2d-HKG
began        2026-11-23 14:00:00.250
ended        2026-11-23 14:00:02.250
host         api.cometapi.com
request      POST /v1/chat/completions
model        m
key alias    main
fault        read_timeout
kind         timeout
attempt      2 of 2

attempts
  1 of 2  sent 2026-11-23 14:00:00.250  503 overloaded, code busy after 0.25 s -> retry in 1.5 s \
by status.503
        request id: req-1
        ray id: 8f2c-HKG
  2 of 2  sent 2026-11-23 14:00:02.000  read_timeout timeout after 0.25 s -> reconcile \
by transport.timeout.paid, stopped: final
        request id: req-2
        ray id: 8f2d-HKG
        ambiguous: sent, and nobody knows whether it was accepted

error body of attempt 1 (redacted, 40 bytes, sha256 ab12)
{"error":{"message":"upstream is busy"}}"""


def test_one_call_as_text(read):
    """All there is to know of it, in the order in which a support desk asks."""
    (call,) = matching(read(FULL, LAST), "c1")
    assert support_text(call) == TEXT


@pytest.mark.parametrize("sought", ["c1", "req-1", "req-2", "8f2c-HKG"])
def test_a_call_is_found_by_any_of_its_ids(read, sought: str):
    """Its own, or a request or ray id of any attempt; always with all of its attempts."""
    log = read(FULL, LAST, {**GOOD, "call_id": "c2"})
    (call,) = matching(log, sought)
    assert (call.call_id, len(call.history)) == ("c1", 2)


@pytest.mark.parametrize("sought", ["c", "req", "", "%", "' OR true --"])
def test_only_the_whole_id_is_an_id(read, sought: str):
    """A part of one would describe another call."""
    assert matching(read(FULL, LAST), sought) == []


def test_an_id_of_many_calls_describes_some(read):
    """As where a gateway gives all of them the same one."""
    log = read(*({**GOOD, "call_id": f"c{number}"} for number in range(30)))
    assert 1 <= len(matching(log, "r1")) <= MATCHES_MAX


def test_a_record_of_the_first_version_has_less_to_say(read):
    """What is not known is left out, not made up."""
    (call,) = matching(read(GOOD), "r1")
    text = support_text(call)
    assert text.startswith("A call to the API that was answered.")
    assert "None" not in text
    assert "host" not in text


@pytest.mark.parametrize(
    ("fields", "ended"),
    [
        ({"action": "retry"}, "has no end in the log"),
        ({"action": "stop", "stop_reason": "cancelled"}, "was cancelled by the caller"),
    ],
)
def test_how_it_ended(read, fields, ended):
    """In words."""
    (call,) = matching(read({**GOOD, **fields}), "c1")
    assert ended in support_text(call)


def test_the_ids_are_fields_of_an_attempt():
    """Names in SQL are ours."""
    assert ID_FIELDS == ("call_id", "request_id", "ray_id")
