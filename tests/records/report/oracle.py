"""The figures of a report, counted from the records by the plainest code there is."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

Record = dict[str, Any]
Call = list[Record]


def calls_of(records: Iterable[Record]) -> list[Call]:
    """The attempts of each call, in order."""
    found: dict[str, Call] = defaultdict(list)
    for record in records:
        found[record["call_id"]].append(record)
    return [sorted(call, key=lambda record: record["attempt"]) for call in found.values()]


def ended_ms(record: Record) -> int:
    return round(datetime.fromisoformat(record["ts"]).timestamp() * 1000)


def sent_ms(record: Record) -> int:
    return ended_ms(record) - round(record["elapsed_s"] * 1000)


def took_s(call: Call) -> float:
    return (ended_ms(call[-1]) - sent_ms(call[0])) / 1000


def is_answered(call: Call) -> bool:
    return call[-1]["action"] == "ok"


def totals(records: list[Record]) -> dict[str, Any]:
    calls = calls_of(records)
    answered = [call for call in calls if is_answered(call)]
    return {
        "calls": len(calls),
        "attempts": len(records),
        "answered": len(answered),
        "given_up": len(calls) - len(answered),
        "recovered": sum(len(call) > 1 for call in answered),
        "from_ms": min(map(sent_ms, records)),
        "to_ms": max(map(ended_ms, records)),
    }


def failing(records: list[Record]) -> dict[tuple[str, str], dict[str, int]]:
    """By kind and action."""
    found: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for call in calls_of(records):
        met = [(one["kind"], one["action"]) for one in call if one["kind"]]
        for pair in met:
            found[pair]["attempts"] += 1
        for pair in set(met):
            found[pair]["calls_met"] += 1
            found[pair]["recovered"] += is_answered(call)
        if not is_answered(call):
            found[met[-1]]["given_up"] += 1
    names = ("attempts", "calls_met", "given_up", "recovered")
    return {pair: {name: row[name] for name in names} for pair, row in found.items()}


def stopped(records: list[Record]) -> Mapping[str, int]:
    """Calls given up by the reason in their last record."""
    ends = (call[-1] for call in calls_of(records) if not is_answered(call))
    return Counter(one["stop_reason"] for one in ends)


def decisions(records: list[Record]) -> Mapping[tuple[str, str, str | None, str], int]:
    """Attempts by kind, model, key and action."""
    failed = (one for one in records if one["kind"])
    return Counter((one["kind"], one["model"], one["key"], one["action"]) for one in failed)


def waits(records: list[Record]) -> dict[str | None, list[float]]:
    """Waits by the kind before them; those for a permit under None."""
    found: dict[str | None, list[float]] = defaultdict(list)
    for record in records:
        if record["wait_s"]:
            found[record["kind"]].append(record["wait_s"])
        if record["queued_s"]:
            found[None].append(record["queued_s"])
    return found


def percentile(values: list[float], percent: int) -> float:
    """Between the two nearest values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
