"""The report in a terminal: how bad it is, what failed, why and what to do, then the rest.

A section is a function from figures to a table, nothing more; `--calls` lists what is behind a row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import click

from halley.cli.report.tables import Table
from halley.cli.report.tables import show as show_table
from halley.cli.terminal import printable
from halley.records.report.calls import CallRow
from halley.records.report.figures import (
    Change,
    Decided,
    Failing,
    Latency,
    Report,
    Slice,
    Stopped,
    StreamsEnded,
    Waited,
    Waste,
)
from halley.records.report.load import OUTCOMES, Log
from halley.records.report.support import utc

NONE: Final = "-"
NO_PERMIT: Final = "no permit"
ROWS_MAX: Final = 12
DAY_S: Final = 86_400
SPARKS: Final = " ▁▂▃▄▅▆▇█"
SPARKS_MAX: Final = 60
HEALTHY_AMPLIFICATION: Final = 1.05
"""Google SRE and AWS advise retry budgets of 10 to 20 %; a healthy day stays far below."""
BROKEN_STREAMS: Final = frozenset({"interrupted", "stalled", "failed"})
WASTES: Final = {
    "ambiguous": "sent, and nobody knows whether it was accepted: look before you buy again",
    "hopeless": "no repeat helps: the request, model, key or account must change first",
    "thrown_away": "answered in part or unusably, and thrown away; it may have been billed",
}
STOPS: Final = {
    "final": "no repeat helps, or it could do harm",
    "attempts": "every attempt that the policy allows was made",
    "budget": "too many calls were being sent again: the retry budget was used up",
    "breaker": "the target had failed in a row: nothing was sent",
    "queue": "too many calls waited for a permit already",
    "deadline": "the next attempt did not fit before the deadline",
    "server_wait": "the server asked for a longer wait than the policy allows",
    "committed": "part of the answer had reached the program",
    "not_replayable": "the body could not be sent a second time",
}
CHANGED: Final = {
    "failed": "calls given up",
    "amplification": "attempts a call",
    "offered": "calls a second",
    "call_p95": "95 % of calls within",
}


def show(report: Report, log: Log) -> None:
    """Print the whole report."""
    click.echo("\n".join([*summary(report, log), *timeline(report)]))
    for table in tables(report):
        show_table(table)
    click.echo("\nThe calls behind a row: --calls kind=…,model=…,key=…; one call: --support ID.")


def line(call: CallRow) -> str:
    """Return one call as a line of a listing."""
    last = call.last
    parts = (
        utc(call.started_ms),
        call.call_id,
        f"{call.outcome:<10}",
        f"{seconds((call.ended_ms - call.started_ms) / 1000):>6}",
        last.model or NONE,
        last.key or NONE,
        " > ".join(attempt.seen for attempt in call.history),
        last.request_id or NONE,
    )
    return "  ".join(printable(part).replace("\n", " ") for part in parts)


def summary(report: Report, log: Log) -> list[str]:
    """Say how many calls there were, and what became of them."""
    totals = report.totals
    counts = {name: getattr(totals, name) for name in OUTCOMES}
    parts = [
        f"{count:,} {name.replace('_', ' ')} ({share(count / totals.calls)})"
        for name, count in counts.items()
        if count
    ]
    span = f"{utc(totals.from_ms)[:-4]} to {utc(totals.to_ms)[:-4]} UTC"
    logs = "1 log" if log.files == 1 else f"{log.files} logs"
    amplification = (
        f"{totals.amplification:.3f} attempts a call, healthy up to {HEALTHY_AMPLIFICATION}; "
        f"{totals.recovered:,} calls recovered, {duration(totals.wait_s)} waited"
    )
    offered, goodput = totals.calls / totals.span_s, totals.answered / totals.span_s
    return [
        f"{totals.calls:,} calls in {totals.attempts:,} attempts, {span}, {logs}",
        "",
        _coloured(", ".join(parts), good=totals.given_up == 0),
        _coloured(amplification, good=totals.amplification <= HEALTHY_AMPLIFICATION),
        f"offered {offered:.3g} calls/s, goodput {goodput:.3g} calls/s",
    ]


def timeline(report: Report) -> list[str]:
    """Draw what was offered and what was answered, on one scale."""
    slices = merged(report.slices)
    if len(slices) < 2:  # noqa: PLR2004 - nothing to compare
        return []
    top = max(max(each.offered, each.answered) for each in slices)
    retries = [max(0, each.attempts - each.offered) for each in slices]
    return [
        f"  offered   {sparks([each.offered for each in slices], top)}",
        f"  answered  {sparks([each.answered for each in slices], top)}",
        f"  retries   {sparks(retries, max(retries))}",
    ]


def tables(report: Report) -> list[Table]:
    """Return every section, the most urgent first."""
    return [
        failing(report.failing, long=report.totals.span_s >= DAY_S),
        stopped(report.stopped),
        changed(report.changes, report.changes_from_ms),
        decided(report.decisions),
        waste(report.waste),
        streams(report.streams),
        latency(report.latency),
        waits(report.waits),
    ]


def failing(rows: Sequence[Failing], *, long: bool) -> Table:
    """What failed, why, what to do; in a long log with the day."""
    return Table(
        "What failed, and what to do",
        ("kind", "decision", "calls", "given up", "recovered", "last", "do"),
        [
            (
                row.kind or NO_PERMIT,
                row.action,
                f"{row.calls_met:,}",
                f"{row.given_up:,}",
                f"{row.recovered:,}",
                utc(row.last_ms)[5 if long else 11 : 19],
                row.advice,
            )
            for row in rows
        ],
        numbers=frozenset({2, 3, 4}),
        spare=frozenset({1}),
        sentences=True,
        loud=frozenset(n for n, row in enumerate(rows) if row.given_up),
    )


def stopped(rows: Sequence[Stopped]) -> Table:
    """Calls that were given up, by the reason."""
    return Table(
        "Why calls were given up",
        ("reason", "calls", "share", "which means"),
        [
            (
                row.stop_reason or NONE,
                f"{row.calls_met:,}",
                share(row.share),
                STOPS.get(row.stop_reason or "", ""),
            )
            for row in rows
        ],
        numbers=frozenset({1, 2}),
        sentences=True,
    )


def changed(rows: Sequence[Change], from_ms: int) -> Table:
    """What moved in the last part of the log."""
    return Table(
        f"What changed since {utc(from_ms)[11:19]}, the last fifth of the log",
        ("figure", "before", "after"),
        [(told(row), shown(row, row.before), shown(row, row.after)) for row in rows],
        numbers=frozenset({1, 2}),
    )


def told(row: Change) -> str:
    """Name a figure that changed."""
    return CHANGED.get(row.what) or f"calls with {row.what} {row.name}"


def shown(row: Change, value: float | None) -> str:
    """Write one side of a change in its unit."""
    if value is None:
        return "new"
    match row.what:
        case "amplification" | "offered":
            return f"{value:.3g}"
        case "call_p95":
            return seconds(value)
        case _:
            return share(value)


def decided(rows: Sequence[Decided]) -> Table:
    """Decisions by kind, model and key."""
    return Table(
        _titled("Decisions by kind, model and key", len(rows)),
        ("kind", "model", "key", "decision", "attempts", "share"),
        [
            (
                row.kind or NONE,
                row.model or NONE,
                row.key or NONE,
                row.action,
                f"{row.attempts:,}",
                share(row.share),
            )
            for row in rows[:ROWS_MAX]
        ],
        numbers=frozenset({4, 5}),
    )


def waste(rows: Sequence[Waste]) -> Table:
    """Ambiguous and wasted attempts."""
    return Table(
        "Ambiguous and wasted",
        ("what", "attempts", "calls", "which means"),
        [
            (
                row.what.replace("_", " "),
                f"{row.attempts:,}",
                f"{row.calls_met:,}",
                WASTES.get(row.what, ""),
            )
            for row in rows
        ],
        numbers=frozenset({1, 2}),
        sentences=True,
        loud=frozenset(n for n, row in enumerate(rows) if row.what == "ambiguous"),
    )


def streams(rows: Sequence[StreamsEnded]) -> Table:
    """Streams by how they ended."""
    return Table(
        "Streams by how they ended",
        ("end", "streams", "share"),
        [(row.stream, f"{row.attempts:,}", share(row.share)) for row in rows],
        numbers=frozenset({1, 2}),
        loud=frozenset(n for n, row in enumerate(rows) if row.stream in BROKEN_STREAMS),
    )


def latency(rows: Sequence[Latency]) -> Table:
    """Latency of answers by model: the attempt, the whole call, the first content."""
    return Table(
        _titled("Latency of answers: attempt, whole call, first content", len(rows)),
        ("model", "answered", "p50", "p95", "p99", "call p50", "p95", "p99", "first p50", "p95"),
        [
            (
                row.model or NONE,
                f"{row.answered:,}",
                *map(seconds, (row.p50_s, row.p95_s, row.p99_s)),
                *map(seconds, (row.call_p50_s, row.call_p95_s, row.call_p99_s)),
                *map(seconds, (row.first_p50_s, row.first_p95_s)),
            )
            for row in rows[:ROWS_MAX]
        ],
        numbers=frozenset(range(1, 10)),
        spare=frozenset({4, 7, 8, 9}),
    )


def waits(rows: Sequence[Waited]) -> Table:
    """Waits by what they came after."""
    return Table(
        "Waits before the next attempt",
        ("after", "waits", "together", "p50", "p95", "max"),
        [
            (
                row.kind or "for a permit",
                f"{row.waits:,}",
                duration(row.total_s),
                *map(seconds, (row.p50_s, row.p95_s, row.max_s)),
            )
            for row in rows
        ],
        numbers=frozenset(range(1, 6)),
    )


def merged(slices: Sequence[Slice]) -> list[Slice]:
    """Put neighbours together until they fit on a line."""
    step = -(-len(slices) // SPARKS_MAX)
    groups = (slices[at : at + step] for at in range(0, len(slices), step))
    return [
        Slice(
            group[0].at_ms,
            sum(each.offered for each in group),
            sum(each.answered for each in group),
            sum(each.attempts for each in group),
        )
        for group in groups
    ]


def sparks(values: Sequence[int], top: int) -> str:
    """Draw values as a line of bars; a value above zero is never drawn as nothing.

    >>> sparks([0, 1, 50, 100], 100)
    ' ▁▄█'
    """
    return "".join(SPARKS[-(-value * (len(SPARKS) - 1) // max(1, top))] for value in values)


def share(value: float) -> str:
    """Write a share.

    >>> share(0.0213), share(0.00004), share(1.0)
    ('2.1 %', '<0.1 %', '100 %')
    """
    if 0 < value < 0.001:  # noqa: PLR2004
        return "<0.1 %"
    return f"{value:.1%}".replace("%", " %").replace(".0 ", " ")


def seconds(value: float | None) -> str:
    """Write a short time.

    >>> seconds(0.1204), seconds(2.9), seconds(75), seconds(None)
    ('120 ms', '2.9 s', '75 s', '-')
    """
    if value is None:
        return NONE
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"  # noqa: PLR2004


def duration(value_s: float) -> str:
    """Write a time that may be long.

    >>> duration(5.2), duration(300), duration(9000), duration(400_000)
    ('5.2 s', '5 min', '2.5 h', '4.6 d')
    """
    for unit, size_s in (("d", 86_400), ("h", 3600), ("min", 60)):
        if value_s >= 2 * size_s:
            return f"{value_s / size_s:.1f}".removesuffix(".0") + f" {unit}"
    return seconds(value_s)


def _titled(title: str, rows: int) -> str:
    return title if rows <= ROWS_MAX else f"{title}: the first {ROWS_MAX} of {rows}"


def _coloured(text: str, *, good: bool) -> str:
    return click.style(text, fg="green" if good else "red")
