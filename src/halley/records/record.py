"""The record of one attempt: a fixed list of fields that is safe to store.

`method, path, model, status, request_id, retryable` are those CometAPI documents for a log ("Error
codes and retry strategy", 2026-11); the rest says which attempt it was and what was decided. There
is no way to add a field from outside. What came from elsewhere is redacted and bounded, so that a
line takes at most 8 KiB whatever was asked and answered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from halley.core.endpoints import model_of
from halley.core.model import Attempt, History, Request
from halley.core.usage import total_tokens
from halley.records.echo import without_echo
from halley.records.redact import Redactor
from halley.records.redact.marks import elided
from halley.records.redact.redactor import SCANNED_CHARS_MAX

VERSION = 1


BYTES_MAX = {"path": 512, "error_body": 4096}
"""What a text may take in a line; `OTHER_BYTES_MAX` where it is not named."""
OTHER_BYTES_MAX = 256
OUTSIDE = (
    *("method", "host", "path", "model", "key", "code", "request_id", "ray_id", "rule", "repaired"),
)
"""Fields whose texts come from elsewhere, without the error's body."""
CONTENT = (b'"content"', b'"text"', b'"delta"', b'"parts"', b'"output"', b'"b64_json"')
"""Members of an answer: a 2xx that holds one is no error body, whatever is wrong with it."""


def fields(
    request: Request, history: History, body: bytes, wall_s: float, redactor: Redactor
) -> dict[str, object]:
    """Return the last attempt of a history as the fields of a record.

    Args:
        request: What was asked.
        history: The call so far.
        body: The reply's, as far as it was read and decoded, or its start and end.
        wall_s: Seconds since 1970, for `ts` alone.
        redactor: Knows every key that the request could carry.
    """
    attempt = history.attempts[-1]
    record = {**_fields(request, history, attempt, wall_s), **_error(attempt, request, body)}
    record["total_tokens"] = total_tokens(body)
    return _redacted(record, redactor)


def _fields(
    request: Request, history: History, attempt: Attempt, wall_s: float
) -> dict[str, object]:
    failure = attempt.failure
    return {
        "v": VERSION,
        "ts": _timestamp(wall_s),
        "call_id": history.call_id,
        "attempt": attempt.number,
        "method": request.method,
        "host": request.origin.partition("://")[2] or None,
        "path": request.path,
        "model": model_of(request) or None,
        "key": attempt.key,
        "status": attempt.status,
        "fault": attempt.fault,
        "code": (failure.code if failure else None) or None,
        "request_id": attempt.request_id,
        "ray_id": failure.ray_id if failure else None,
        "action": attempt.action,
        "retryable": attempt.action.retryable,
        "kind": failure.kind if failure else None,
        "rule": failure.rule if failure else None,
        "ambiguous": failure.ambiguous if failure else False,
        "stop_reason": attempt.stop_reason,
        "repaired": attempt.repaired,
        "wait_s": round(attempt.wait_s, 3),
        "elapsed_s": round(attempt.elapsed_s, 3),
        "stream": attempt.stream,
        "first_s": None if attempt.first_s is None else round(attempt.first_s, 3),
    }


def _error(attempt: Attempt, request: Request, body: bytes) -> dict[str, object]:
    """Return an error's body, its size and its hash; of a success, a fault or a part, nothing."""
    if attempt.failure is None or attempt.fault is not None or attempt.stream or not body:
        return dict.fromkeys(("error_body", "error_bytes", "error_sha256"))
    start = body[:SCANNED_CHARS_MAX]
    shown: str | None = None
    if b"\0" in start:
        shown = elided("binary", body)
    elif not _is_answer(attempt.status, start):
        shown = without_echo(start.decode(errors="replace"), request.body, request.private)
    digest = hashlib.sha256(body).hexdigest()
    return {"error_body": shown, "error_bytes": len(body), "error_sha256": digest}


def _is_answer(status: int | None, body: bytes) -> bool:
    if status is not None and status >= 300:  # noqa: PLR2004 - RFC 9110 §15.4
        return False
    return not body.lstrip().startswith(b"{") or any(name in body for name in CONTENT)


def _redacted(record: dict[str, object], redactor: Redactor) -> dict[str, object]:
    """Redact and bound every text that came from elsewhere."""
    record.update(
        safe({name: text for name in OUTSIDE if isinstance(text := record[name], str)}, redactor)
    )
    if isinstance(error := record["error_body"], str):
        record["error_body"] = redactor.text(error, BYTES_MAX["error_body"])
    return record


def safe(texts: Mapping[str, str], redactor: Redactor) -> Mapping[str, str]:
    """Return texts redacted and bounded, by the name of their field; most need one look at all."""
    together = " | ".join(texts.values())
    if len(together) <= OTHER_BYTES_MAX and redactor.text(together) == together:
        return texts
    return {
        name: redactor.text(text, BYTES_MAX.get(name, OTHER_BYTES_MAX))
        for name, text in texts.items()
    }


def line(record: Mapping[str, object]) -> str:
    """Return a record as a sentence for a person reading a log.

    >>> line({"method": "POST", "path": "/v1/x", "attempt": 1, "status": 503, "fault": None,
    ...       "kind": "overloaded", "action": "retry", "wait_s": 1.5, "stop_reason": None,
    ...       "request_id": "req_1"})
    'POST /v1/x attempt 1: 503 overloaded -> retry in 1.5 s (request id: req_1)'
    """
    seen = record["status"] if record["status"] is not None else record["fault"]
    parts = [f"{record['method']} {record['path']} attempt {record['attempt']}:"]
    parts += [str(part) for part in (seen, record["kind"]) if part is not None]
    parts.append(f"-> {record['action']}")
    if record["wait_s"]:
        parts.append(f"in {record['wait_s']:g} s")
    if record.get("repaired"):
        parts.append(f"(repaired: {record['repaired']})")
    if record.get("stream") not in (None, "complete"):
        parts.append(f"(stream: {record['stream']})")
    if record["stop_reason"]:
        parts.append(f"(stopped: {record['stop_reason']})")
    if record["request_id"]:
        parts.append(f"(request id: {record['request_id']})")
    return " ".join(parts)


def _timestamp(wall_s: float) -> str:
    moment = datetime.fromtimestamp(wall_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
