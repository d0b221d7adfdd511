"""The report as one page that needs nothing else: no network, no server, no file beside it.

The log is in it as columns, JSON in gzip in base64, so that no text of it can end a tag; the script
makes text nodes of what it shows. A content security policy allows this script and this style by
their hashes, and no connection at all.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from base64 import b64encode
from importlib.resources import files
from typing import Final

from halley.records.report.figures import advice_on
from halley.records.report.load import OUTCOMES, Log

SCRIPTS: Final = (
    "uplot.js",
    "format.js",
    "data.js",
    "figures.js",
    "charts.js",
    "view.js",
    "main.js",
)
STYLES: Final = ("uplot.css", "page.css")
IDS_MAX: Final = 5_000
"""Calls whose ids are in the page: those that did not go well come first."""
GZIP_LEVEL: Final = 6
"""9 takes seven times as long and saves a twentieth."""
WORDS: Final = (
    "model",
    "key",
    "kind",
    "action",
    "rule",
    "fault",
    "stop_reason",
    "stream",
    "waste",
)
"""Columns of words; an attempt has the number of its word, or -1."""
TIMES: Final = ("elapsed", "wait", "first", "queued")

_WORDS: Final = """
CREATE OR REPLACE TEMP TABLE {0}_words AS
SELECT {0} AS word, row_number() OVER (ORDER BY {0}) - 1 AS code
FROM (SELECT DISTINCT {0} FROM attempts WHERE {0} IS NOT NULL)"""
_ATTEMPTS: Final = f"""
CREATE OR REPLACE TEMP TABLE shown AS
SELECT started_ms, attempts.call_id, attempt, status, request_id,
  sent_ms - started_ms AS "offset", sent::INTEGER AS sent, ambiguous::INTEGER AS ambiguous,
  {", ".join(f"round({name}_s * 1000)::BIGINT AS {name}" for name in TIMES)},
  {", ".join(f"coalesce({name}_words.code, -1) AS {name}" for name in WORDS)}
FROM attempts JOIN (SELECT call_id, started_ms FROM calls) USING (call_id)
{" ".join(f"LEFT JOIN {name}_words ON {name}_words.word = attempts.{name}" for name in WORDS)}"""  # noqa: S608 - names are ours
_SORTED: Final = """sorted AS MATERIALIZED (
  SELECT list(shown ORDER BY started_ms, call_id, attempt) AS attempts FROM shown
)"""
_CALLS: Final = """
WITH ordered AS (
  SELECT call_id, started_ms, outcome, size,
    started_ms - lag(started_ms, 1, started_ms) OVER (ORDER BY started_ms, call_id) AS gap
  FROM calls JOIN (SELECT call_id, count(*) AS size FROM attempts GROUP BY call_id) USING (call_id)
)
SELECT """
_IDS: Final = """
WITH numbered AS (
  SELECT *, row_number() OVER (ORDER BY started_ms, call_id) - 1 AS number FROM calls
), worst AS (
  SELECT call_id, number FROM numbered
  ORDER BY outcome = 'answered', attempts <= 1, started_ms DESC LIMIT $most
)
SELECT number, call_id, list(request_id ORDER BY attempt)
FROM worst JOIN attempts USING (call_id) GROUP BY ALL ORDER BY number"""


def page(log: Log) -> str:
    """Return the page of a log, which must be loaded with its details."""
    script = "\n".join(map(_asset, SCRIPTS))
    style = f"/* {_asset('uplot.LICENSE')} */\n" + "\n".join(map(_asset, STYLES))
    parts = {
        "script-hash": _hash(script),
        "style-hash": _hash(style),
        "style": style,
        "data": _packed(columns(log)),
        "script": script,
    }
    text = _asset("page.html")
    for name, part in parts.items():
        text = text.replace(f"{{{{{name}}}}}", part)
    return text


def _packed(text: str) -> str:
    small = gzip.compress(text.encode(), GZIP_LEVEL, mtime=0)
    return b64encode(small).decode()


def columns(log: Log) -> str:
    """Return the log as the page holds it: JSON columns of calls and of attempts, by time."""
    ((base_ms, to_ms),) = log.rows("SELECT min(started_ms), max(ended_ms) FROM calls")
    words = {name: _words(log, name) for name in WORDS}
    log.rows(_ATTEMPTS)
    numbers, ids, requests = zip(*log.rows(_IDS, {"most": IDS_MAX}), strict=True)
    small = {
        "base_ms": base_ms,
        "to_ms": to_ms,
        "notes": _notes(log),
        "advice": _advice(log),
        "words": {**words, "outcome": OUTCOMES},
        "ids": {"call": numbers, "call_id": ids, "request_ids": requests},
    }
    parts = {name: json.dumps(value) for name, value in small.items()}
    return _object({**parts, "calls": _calls(log), "attempts": _attempts(log)})


def _words(log: Log, name: str) -> list[str]:
    log.rows(_WORDS.format(name))
    return [word for (word,) in log.rows(f"SELECT word FROM {name}_words ORDER BY code")]  # noqa: S608


def _calls(log: Log) -> str:
    outcome = f"list_position({list(OUTCOMES)}, outcome) - 1"
    order = "ORDER BY started_ms, call_id"
    listed = (f"to_json(list({one} {order}))::VARCHAR" for one in ("gap", "size", outcome))
    (row,) = log.rows(f"{_CALLS} {', '.join(listed)} FROM ordered")
    return _object(dict(zip(("gap", "size", "outcome"), row, strict=True)))


def _attempts(log: Log) -> str:
    names = ("offset", "status", "sent", "ambiguous", *TIMES, *WORDS)
    listed = (
        f'to_json(list_transform(attempts, lambda row: row."{name}"))::VARCHAR' for name in names
    )
    # Sorted once, and not once a column.
    (row,) = log.rows(f"WITH {_SORTED} SELECT {', '.join(listed)} FROM sorted")  # noqa: S608
    return _object(dict(zip(names, row, strict=True)))


def _object(parts: dict[str, str]) -> str:
    """Join members that are JSON already; DuckDB writes the long ones."""
    return "{" + ",".join(f"{json.dumps(name)}:{part}" for name, part in parts.items()) + "}"


def _advice(log: Log) -> dict[str, str]:
    """Return what to do, by kind and action."""
    pairs = log.rows("SELECT DISTINCT kind, action FROM attempts WHERE action <> 'ok'")
    return {f"{kind or ''} {action}": advice_on(kind, action) for kind, action in pairs}


def _notes(log: Log) -> list[str]:
    """Say what the page was made from."""
    notes = [f"{_counted(log.records, 'record')} of {_counted(log.files, 'log')}"]
    if log.damaged:
        more = ", …" if log.damaged > len(log.named) else ""
        named = ", ".join(log.named) + more
        notes.append(f"{_counted(log.damaged, 'line')} passed over, no record: {named}")
    return notes + [f"{name} breaks off" for name in log.cut]


def _counted(count: int, thing: str) -> str:
    return f"1 {thing}" if count == 1 else f"{count:,} {thing}s"


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{b64encode(digest).decode()}"


def _asset(name: str) -> str:
    return files(__package__).joinpath("assets", name).read_text("utf-8")
