"""The figures of a log, counted by DuckDB; the page counts the same in `figures.js`.

Percentiles are interpolated between the two nearest values, as numpy and spreadsheets do.
"""

from __future__ import annotations

from typing import Final

from halley.records.report.changes import DIMENSIONS, LAST_PART, Part, changes
from halley.records.report.figures import (
    Change,
    Decided,
    Failing,
    Latency,
    Report,
    Slice,
    Stopped,
    StreamsEnded,
    Totals,
    Waited,
    Waste,
)
from halley.records.report.load import Log

SLICES_MAX: Final = 120
WIDTHS_S: Final = (
    *(1, 2, 5, 10, 15, 30),
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12)),
    *(86_400 * days for days in (1, 2, 7, 30, 365)),
)

_TOTALS: Final = """
SELECT count(*), sum(attempts)::BIGINT,
  count(*) FILTER (outcome = 'answered'), count(*) FILTER (outcome = 'given_up'),
  count(*) FILTER (outcome = 'cancelled'), count(*) FILTER (outcome = 'unfinished'),
  count(*) FILTER (outcome = 'answered' AND attempts > 1),
  sum(wait_s), min(started_ms), max(ended_ms)
FROM calls"""

_FAILING: Final = """
SELECT a.kind, a.action, count(*), count(DISTINCT a.call_id),
  count(*) FILTER (c.outcome = 'given_up' AND c.last = a.attempt),
  count(DISTINCT a.call_id) FILTER (c.outcome = 'answered'),
  max(a.ended_ms), CASE WHEN count(DISTINCT a.model) = 1 THEN any_value(a.model) END
FROM attempts a JOIN calls c ON c.call_id = a.call_id
WHERE a.action <> 'ok' AND (a.kind IS NOT NULL OR a.stop_reason = 'deadline')
GROUP BY ALL ORDER BY 5 DESC, 4 DESC, 1, 2"""

_STOPPED: Final = """
SELECT stop_reason, count(*), count(*) / sum(count(*)) OVER ()
FROM calls WHERE outcome = 'given_up' GROUP BY stop_reason ORDER BY 2 DESC, 1"""

_DECISIONS: Final = """
WITH pairs AS (SELECT model, key, count(*) AS attempts FROM attempts WHERE sent GROUP BY ALL)
SELECT a.kind, a.model, a.key, a.action, count(*), count(*) / any_value(pairs.attempts)
FROM attempts a JOIN pairs
  ON pairs.model IS NOT DISTINCT FROM a.model AND pairs.key IS NOT DISTINCT FROM a.key
WHERE a.sent AND a.action <> 'ok'
GROUP BY ALL ORDER BY 5 DESC, 1, 2, 3, 4"""

_WAITS: Final = """
WITH waits AS (
  SELECT kind, wait_s AS s FROM attempts WHERE wait_s > 0
  UNION ALL SELECT NULL, queued_s FROM attempts WHERE queued_s > 0
)
SELECT kind, count(*), sum(s), quantile_cont(s, 0.5), quantile_cont(s, 0.95), max(s)
FROM waits GROUP BY kind ORDER BY 3 DESC"""

_LATENCY: Final = """
SELECT model, count(*),
  quantile_cont(elapsed_s, 0.5), quantile_cont(elapsed_s, 0.95), quantile_cont(elapsed_s, 0.99),
  quantile_cont(ended_ms - started_ms, 0.5) / 1000,
  quantile_cont(ended_ms - started_ms, 0.95) / 1000,
  quantile_cont(ended_ms - started_ms, 0.99) / 1000,
  quantile_cont(first_s, 0.5), quantile_cont(first_s, 0.95)
FROM calls WHERE outcome = 'answered' AND elapsed_s IS NOT NULL
GROUP BY model ORDER BY 2 DESC, 1"""

_STREAMS: Final = """
SELECT stream, count(*), count(*) / sum(count(*)) OVER ()
FROM attempts WHERE stream IS NOT NULL GROUP BY stream ORDER BY 2 DESC, 1"""

_WASTE: Final = """
SELECT what, count(*), count(DISTINCT call_id) FROM (
  SELECT 'ambiguous' AS what, call_id FROM attempts WHERE ambiguous
  UNION ALL SELECT waste, call_id FROM attempts WHERE waste IS NOT NULL
) GROUP BY what ORDER BY what"""

_SLICES: Final = """
WITH begun AS (
  SELECT started_ms // $width AS slice, count(*) AS offered, sum(attempts)::BIGINT AS attempts
  FROM calls GROUP BY slice
), answered AS (
  SELECT ended_ms // $width AS slice, count(*) AS answered
  FROM calls WHERE outcome = 'answered' GROUP BY slice
)
SELECT slice, coalesce(offered, 0), coalesce(answered, 0), coalesce(attempts, 0)
FROM begun FULL JOIN answered USING (slice)"""

_PARTS: Final = """
SELECT started_ms >= $split AS late, count(*), count(*) FILTER (outcome = 'given_up'),
  sum(attempts)::BIGINT, quantile_cont(ended_ms - started_ms, 0.95) / 1000
FROM calls GROUP BY late"""

_MET: Final = """
SELECT c.started_ms >= $split AS late, a.kind, count(DISTINCT a.call_id)
FROM attempts a JOIN calls c ON c.call_id = a.call_id
WHERE a.kind IS NOT NULL GROUP BY ALL"""
_USED: Final = """
SELECT started_ms >= $split AS late, {0}, count(*) FROM calls WHERE {0} IS NOT NULL GROUP BY ALL"""


def report(log: Log) -> Report:
    """Count everything in a log that has a call."""
    totals = Totals(*log.rows(_TOTALS)[0])
    split_ms = round(totals.to_ms - (totals.to_ms - totals.from_ms) * LAST_PART)
    slice_s, slices = _slices(log, totals)
    return Report(
        totals=totals,
        failing=tuple(Failing(*row) for row in log.rows(_FAILING)),
        stopped=tuple(Stopped(*row) for row in log.rows(_STOPPED)),
        changes=_changes(log, totals, split_ms),
        changes_from_ms=split_ms,
        slice_s=slice_s,
        slices=slices,
        decisions=tuple(Decided(*row) for row in log.rows(_DECISIONS)),
        waits=tuple(Waited(*row) for row in log.rows(_WAITS)),
        latency=tuple(Latency(*row) for row in log.rows(_LATENCY)),
        streams=tuple(StreamsEnded(*row) for row in log.rows(_STREAMS)),
        waste=tuple(Waste(*row) for row in log.rows(_WASTE)),
    )


def width_s(span_s: float) -> int:
    """Return how long a slice of time is, so that no more than `SLICES_MAX` show the whole.

    >>> width_s(6 * 3600)
    300
    """
    return next((width for width in WIDTHS_S if span_s <= width * (SLICES_MAX - 1)), WIDTHS_S[-1])


def _slices(log: Log, totals: Totals) -> tuple[int, tuple[Slice, ...]]:
    """Cut the time into slices, with those in which nothing happened."""
    width = width_s(totals.span_s)
    width_ms = width * 1000
    counted = {number: row for number, *row in log.rows(_SLICES, {"width": width_ms})}
    numbers = range(totals.from_ms // width_ms, totals.to_ms // width_ms + 1)
    return width, tuple(
        Slice(number * width_ms, *counted.get(number, (0, 0, 0))) for number in numbers
    )


def _changes(log: Log, totals: Totals, split_ms: int) -> tuple[Change, ...]:
    parts = {row[0]: row[1:] for row in log.rows(_PARTS, {"split": split_ms})}
    if len(parts) < 2:  # noqa: PLR2004 - before and after
        return ()
    met: dict[bool, dict[str, dict[str, int]]] = {
        late: {what: {} for what in DIMENSIONS} for late in parts
    }
    for what in DIMENSIONS:
        sql = _MET if what == "kind" else _USED.format(what)
        for late, name, count in log.rows(sql, {"split": split_ms}):
            met[late][what][name] = count
    seconds = {
        False: (split_ms - totals.from_ms) / 1000,
        True: (totals.to_ms - split_ms) / 1000,
    }
    before, after = (Part(*(*parts[late], seconds[late], met[late])) for late in (False, True))
    return changes(before, after)
