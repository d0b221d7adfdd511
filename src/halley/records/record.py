"""The record of one attempt: a fixed list of fields that is safe to store.

`method, path, model, status, request_id, retryable` are those CometAPI documents for a log ("Error
codes and retry strategy", 2026-11); the rest says which attempt it was and what was decided. There
is no way to add a field from outside.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from halley.core.endpoints import model_of
from halley.core.model import History, Request
from halley.records.usage import total_tokens

VERSION = 1


def fields(request: Request, history: History, body: bytes, wall_s: float) -> dict[str, object]:
    """Return the last attempt of a history as the fields of a record.

    Args:
        request: What was asked.
        history: The call so far.
        body: The reply's, or its start and end, for `total_tokens` alone.
        wall_s: Seconds since 1970, for `ts` alone.
    """
    attempt = history.attempts[-1]
    failure = attempt.failure
    return {
        "v": VERSION,
        "ts": _timestamp(wall_s),
        "call_id": history.call_id,
        "attempt": attempt.number,
        "method": request.method,
        "path": request.path,
        "model": model_of(request) or None,
        "key": attempt.key,
        "status": attempt.status,
        "fault": attempt.fault,
        "request_id": attempt.request_id,
        "action": attempt.action,
        "retryable": attempt.action.retryable,
        "kind": failure.kind if failure else None,
        "rule": failure.rule if failure else None,
        "stop_reason": attempt.stop_reason,
        "repaired": attempt.repaired,
        "wait_s": round(attempt.wait_s, 3),
        "elapsed_s": round(attempt.elapsed_s, 3),
        "total_tokens": total_tokens(body),
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
    if record["stop_reason"]:
        parts.append(f"(stopped: {record['stop_reason']})")
    if record["request_id"]:
        parts.append(f"(request id: {record['request_id']})")
    return " ".join(parts)


def _timestamp(wall_s: float) -> str:
    moment = datetime.fromtimestamp(wall_s, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
