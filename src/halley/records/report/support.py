"""The text to paste into a mail to the provider's support: one call, its ids, no key, no prompt.

All of it comes from the record, whose fields are allow-listed and whose error body was redacted
when it was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from halley.records.report.calls import AttemptRow, CallRow, listed
from halley.records.report.load import Log

ID_FIELDS: Final = ("call_id", "request_id", "ray_id")
MATCHES_MAX: Final = 10
_WHERE: Final = f"""
WHERE call_id IN (
  SELECT call_id FROM attempts WHERE {" OR ".join(f"{name} = $id" for name in ID_FIELDS)}
  LIMIT {MATCHES_MAX}
)"""  # noqa: S608 - names are ours
_WIDTH: Final = 13


def matching(log: Log, sought: str) -> list[CallRow]:
    """Return the calls that bear an id: their own, or a request or ray id of an attempt."""
    return list(listed(log, _WHERE, {"id": sought}))


def support_text(call: CallRow) -> str:
    """Return one call as text for a support desk."""
    last = call.last
    head = [f"A call to {last.host or 'the API'} that {_ended(call)}. All times are UTC.", ""]
    chain = ["", "attempts"]
    for attempt in call.history:
        chain += _chain(attempt, len(call.history))
    return "\n".join([*head, *_facts(call), *chain, *_body(call)])


def utc(ms: int) -> str:
    """Return a moment as text.

    >>> utc(1795420800084)
    '2026-11-23 08:00:00.084'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _ended(call: CallRow) -> str:
    match call.outcome:
        case "answered":
            return "was answered"
        case "given_up":
            return f"failed ({call.last.stop_reason or call.last.action})"
        case "cancelled":
            return "was cancelled by the caller"
        case _:
            return "has no end in the log"


def _facts(call: CallRow) -> Iterator[str]:
    last = call.last
    known = {
        "call id": call.call_id,
        "request id": last.request_id,
        "ray id": last.ray_id,
        "began": utc(call.started_ms),
        "ended": utc(call.ended_ms),
        "host": last.host,
        "request": " ".join(filter(None, (last.method, last.path))) or None,
        "model": last.model,
        "key alias": last.key,
        "status": last.status,
        "fault": last.fault,
        "code": last.code,
        "kind": last.kind,
        "attempt": f"{last.attempt} of {len(call.history)}",
    }
    for name, value in known.items():
        if value is not None:
            yield f"{name:<{_WIDTH}}{value}"


def _chain(attempt: AttemptRow, of: int) -> Iterator[str]:
    """Tell one attempt and the decision after it, and its ids."""
    took = "" if attempt.elapsed_s is None else f" after {attempt.elapsed_s:g} s"
    rule = f" by {attempt.rule}" if attempt.rule else ""
    wait = f" in {attempt.wait_s:g} s" if attempt.wait_s else ""
    code = f", code {attempt.code}" if attempt.code else ""
    stop = f", stopped: {attempt.stop_reason}" if attempt.stop_reason else ""
    yield (
        f"  {attempt.attempt} of {of}  sent {utc(attempt.sent_ms)}  {attempt.seen}{code}{took}"
        f" -> {attempt.action}{wait}{rule}{stop}"
    )
    notes = {
        "request id": attempt.request_id,
        "ray id": attempt.ray_id,
        "repaired": attempt.repaired,
        "stream": attempt.stream,
        "ambiguous": "sent, and nobody knows whether it was accepted"
        if attempt.ambiguous
        else None,
    }
    yield from (f"        {name}: {value}" for name, value in notes.items() if value)


def _body(call: CallRow) -> Iterator[str]:
    """Give the last error body there is, with the size and digest of the exact one."""
    for attempt in reversed(call.history):
        if attempt.error_body:
            size = "" if attempt.error_bytes is None else f", {attempt.error_bytes} bytes"
            digest = f", sha256 {attempt.error_sha256}" if attempt.error_sha256 else ""
            yield ""
            yield f"error body of attempt {attempt.attempt} (redacted{size}{digest})"
            yield attempt.error_body
            return
