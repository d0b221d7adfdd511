"""Logs to report on: a seeded day with a rate limit, an outage, an empty account and cut streams.

The records look as those that halley writes, and every one of them is drawn from the seed alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
SPAN_S = 6 * 3600.0
PATHS = {
    "gpt-5-mini": "/v1/chat/completions",
    "claude-sonnet-4-5": "/v1/messages",
    "gemini-3-flash": "/v1beta/models/gemini-3-flash:generateContent",
    "deepseek-v4": "/v1/chat/completions",
    "text-embedding-3-small": "/v1/embeddings",
    "sora-2": "/v1/videos",
}
SHARES = (38, 24, 14, 10, 11, 3)
LATENCY_S = {"text-embedding-3-small": 0.12, "sora-2": 1.4, "claude-sonnet-4-5": 2.6}
WHOLE = {"text-embedding-3-small", "sora-2"}
"""Models whose answers are never streamed."""
BODIES = {
    "rate_limit": '{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}',
    "balance": '{"error":{"message":"user quota is not enough","type":"comet_api_error"}}',
}


@dataclass(frozen=True)
class Blow:
    """A failure as a record tells it."""

    kind: str
    action: str
    rule: str
    status: int | None = None
    fault: str | None = None
    code: str | None = None
    ambiguous: bool = False


LIMIT = Blow("rate_limit", "retry", "openai.rate_limit", 429, code="rate_limit_exceeded")
BUSY = Blow("overloaded", "retry", "status.503", 503)
SLOW = Blow("timeout", "retry", "transport.timeout", fault="read_timeout")
BAD_GATEWAY = Blow("upstream_error", "retry", "status.502", 502)
EMPTY = Blow("balance", "top_up", "cometapi.quota", 403, code="insufficient_user_quota")
NO_MODEL = Blow("model_not_found", "fix_model", "cometapi.no_channel", 503, code="model_not_found")
WRONG = Blow("invalid_request", "fix_request", "openai.invalid_request", 400)
HOLLOW = Blow("bad_reply", "retry", "answers.no_choices", 200)
BOUGHT = Blow(
    "timeout", "reconcile", "transport.timeout.paid", fault="read_timeout", ambiguous=True
)
CUT = Blow("stream_cut", "stop", "stream.cut", 200, "read")


def write(path: Path, *, calls: int = 2_000, seed: int = 0) -> list[dict[str, Any]]:
    """Write a log of so many calls, in the order in which its lines would be written."""
    records = day(calls=calls, seed=seed)
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return records


def day(*, calls: int, seed: int = 0) -> list[dict[str, Any]]:
    """The records of so many calls, sorted by the time at which they were written."""
    random = Random(f"log/{seed}")
    found = [record for _ in range(calls) for record in _call(random)]
    return sorted(found, key=lambda record: record["ts"])


def _call(random: Random) -> Iterator[dict[str, Any]]:
    at = random.random()
    now = START + timedelta(seconds=at * SPAN_S)
    (model,) = random.choices(list(PATHS), SHARES)
    key = random.choices(("main", "batch", None), (60, 30, 10))[0]
    if at > 0.9 and random.random() < 0.03:
        model = "gpt-5-minni"
    call_id = f"{random.getrandbits(48):012x}"
    streamed = random.random() < 0.4 and model not in WHOLE
    for attempt in range(1, 6):
        blow = _blow(random, at, model, key, streamed=streamed)
        elapsed_s = _elapsed_s(random, model, blow)
        now += timedelta(seconds=elapsed_s)
        last = blow is None or blow.action != "retry" or attempt == 5
        wait_s = 0.0 if last else min(30, 2.0 ** (attempt - 1)) + random.random()
        yield {
            **_names(random, call_id, attempt, model, key),
            "ts": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            **_told(random, blow, streamed=streamed and (blow is None or blow is CUT)),
            "stop_reason": _stop_reason(blow) if last else None,
            "wait_s": round(wait_s, 3),
            "elapsed_s": round(elapsed_s, 3),
            "queued_s": round(random.expovariate(2), 3) if 0.4 < at < 0.5 else 0.0,
            "total_tokens": None if blow else random.randrange(40, 6_000),
        }
        if last:
            return
        now += timedelta(seconds=wait_s)


def _blow(random: Random, at: float, model: str, key: str | None, *, streamed: bool) -> Blow | None:
    """What hits an attempt, by the time of the day."""
    if model == "gpt-5-minni":
        return NO_MODEL
    risks = {
        LIMIT: 0.35 if 0.4 < at < 0.5 and key == "batch" else 0.004,
        BUSY: 0.75 if 0.7 < at < 0.76 and model == "claude-sonnet-4-5" else 0.004,
        EMPTY: 0.9 if at > 0.92 and key == "batch" else 0.0,
        BOUGHT: 0.04 if model == "sora-2" else 0.0,
        CUT: 0.012 if streamed else 0.0,
        SLOW: 0.0 if model == "sora-2" else 0.004,
        BAD_GATEWAY: 0.003,
        HOLLOW: 0.003,
        WRONG: 0.004,
    }
    draw = random.random()
    for blow, risk in risks.items():
        if (draw := draw - risk) < 0:
            return blow
    return None


def _elapsed_s(random: Random, model: str, blow: Blow | None) -> float:
    if blow is not None and blow.fault == "read_timeout":
        return 60.0
    middle_s = LATENCY_S.get(model, 1.1) if blow in (None, HOLLOW, CUT) else 0.18
    return middle_s * random.lognormvariate(0, 0.6)


def _names(
    random: Random, call_id: str, attempt: int, model: str, key: str | None
) -> dict[str, Any]:
    return {
        "v": 1,
        "call_id": call_id,
        "attempt": attempt,
        "method": "POST",
        "host": "api.cometapi.com",
        "path": PATHS.get(model, "/v1/chat/completions"),
        "model": model,
        "key": key,
        "request_id": f"2026112308{random.getrandbits(60):015x}",
        "ray_id": f"{random.getrandbits(64):016x}-HKG",
        "repaired": None,
    }


def _told(random: Random, blow: Blow | None, *, streamed: bool) -> dict[str, Any]:
    """What was seen and decided."""
    body = BODIES.get(blow.kind) if blow else None
    return {
        "status": blow.status if blow else 200,
        "fault": blow.fault if blow else None,
        "code": blow.code if blow else None,
        "action": blow.action if blow else "ok",
        "retryable": blow is not None and blow.action == "retry",
        "kind": blow.kind if blow else None,
        "rule": blow.rule if blow else None,
        "ambiguous": blow is not None and blow.ambiguous,
        "stream": (_ended(random) if blow is None else "interrupted") if streamed else None,
        "first_s": round(random.lognormvariate(-1, 0.5), 3) if streamed else None,
        "error_body": body,
        "error_bytes": len(body) if body else None,
        "error_sha256": None,
    }


def _ended(random: Random) -> str:
    return "closed" if random.random() < 0.02 else "complete"


def _stop_reason(blow: Blow | None) -> str | None:
    if blow is None:
        return None
    if blow is CUT:
        return "committed"
    return "attempts" if blow.action == "retry" else "final"
