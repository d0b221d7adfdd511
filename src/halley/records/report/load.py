"""A log as two tables of DuckDB: `attempts`, one row a send, and `calls`, one row a call.

A line that is no record is counted and named, never fatal. Nothing is believed of a record beyond
its types: numbers out of range are unknown, and of two records of one attempt the later one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeVar

from halley.providers import local
from halley.records.report.sources import EmptyLogError, LogError, Source, opened, trimmed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

T = TypeVar("T")

EXTRA: Final = 'reports need DuckDB: pip install "halley[report]"'
INTERRUPTED: Final = "Query interrupted"
LINE_BYTES_MAX: Final = 1 << 20
NAMED_MAX: Final = 10
"""How many damaged lines are looked up by their number; all are counted."""

FIGURES: Final[Mapping[str, str]] = {
    "ts": "TIMESTAMP",
    "call_id": "VARCHAR",
    "attempt": "INTEGER",
    "model": "VARCHAR",
    "key": "VARCHAR",
    "status": "INTEGER",
    "fault": "VARCHAR",
    "action": "VARCHAR",
    "kind": "VARCHAR",
    "rule": "VARCHAR",
    "stop_reason": "VARCHAR",
    "repaired": "VARCHAR",
    "stream": "VARCHAR",
    "ambiguous": "BOOLEAN",
    "wait_s": "DOUBLE",
    "elapsed_s": "DOUBLE",
    "first_s": "DOUBLE",
    "queued_s": "DOUBLE",
}
"""The fields of a record that are counted; see `halley.records.record`."""
DETAILS: Final[Mapping[str, str]] = {
    **FIGURES,
    "method": "VARCHAR",
    "host": "VARCHAR",
    "path": "VARCHAR",
    "request_id": "VARCHAR",
    "ray_id": "VARCHAR",
    "code": "VARCHAR",
    "error_body": "VARCHAR",
    "error_bytes": "BIGINT",
    "error_sha256": "VARCHAR",
    "total_tokens": "BIGINT",
}
"""Those and the ones that are shown of a single call."""

NEEDED: Final = {name: FIGURES[name] for name in ("ts", "call_id", "attempt", "action")}
"""Those without which a line is no record."""

SETTINGS: Final[Mapping[str, str | bool]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_persistent_secrets": False,
    "preserve_insertion_order": False,
}
"""DuckDB opens no connection and loads nothing."""

_READ: Final = (
    "read_json($files, format='newline_delimited', ignore_errors=true, columns={columns})"
)
_IS_RECORD: Final = """ts BETWEEN '2000-01-01' AND '2100-01-01' AND call_id IS NOT NULL
    AND action IS NOT NULL AND attempt BETWEEN 1 AND 1000000"""
_SECONDS: Final = "CASE WHEN {0} BETWEEN 0 AND 1e7 THEN {0} END AS {0}"

OURS: Final = [row.name for row in local.ROWS]
"""Rules of answers that halley gives in the server's place: nothing was sent."""

_ATTEMPTS: Final = f"""
CREATE TABLE attempts AS
WITH sane AS (
  SELECT * REPLACE (
    {", ".join(map(_SECONDS.format, ("wait_s", "elapsed_s", "first_s", "queued_s")))},
    coalesce(ambiguous, action = 'reconcile') AS ambiguous
  )
  FROM records WHERE {_IS_RECORD}
)
SELECT *,
  epoch_ms(ts) AS ended_ms,
  epoch_ms(ts) - round(coalesce(elapsed_s, 0) * 1000)::BIGINT AS sent_ms,
  (status IS NOT NULL OR fault IS NOT NULL)
    AND coalesce(NOT list_contains({OURS}, rule), true) AS sent,
  CASE
    WHEN stream IN ('interrupted', 'stalled', 'failed')
      OR (kind IN ('bad_reply', 'stream_cut') AND status BETWEEN 200 AND 299) THEN 'thrown_away'
    WHEN sent AND action IN ('fix_request', 'fix_model', 'rotate_key', 'top_up') THEN 'hopeless'
  END AS waste
FROM sane"""  # noqa: S608 - names are ours
"""`sent` is false of an answer of our own, and of a call that was left or got no permit."""

_LATEST: Final = """
CREATE OR REPLACE TABLE attempts AS FROM attempts
QUALIFY row_number() OVER (
  PARTITION BY call_id, attempt ORDER BY ts DESC, stop_reason IS NULL
) = 1"""
"""A call left while it waits has two records of its last attempt; a log may be given twice."""
_REPEATED: Final = "SELECT count(*) > count(DISTINCT (call_id, attempt)) FROM attempts"

OUTCOMES: Final = ("answered", "given_up", "cancelled", "unfinished")
"""How a call ended, or that the log ends before it."""

_CALLS: Final = """
CREATE TABLE calls AS
WITH spans AS (
  SELECT call_id, min(sent_ms) AS started_ms, max(ended_ms) AS ended_ms, max(attempt) AS last,
    arg_max(rowid, attempt) AS last_row,
    count(*) FILTER (sent)::INTEGER AS attempts, coalesce(sum(wait_s), 0) AS wait_s
  FROM attempts GROUP BY call_id
)
SELECT spans.* EXCLUDE last_row, model, key, kind, action, stop_reason, elapsed_s, first_s,
  CASE
    WHEN action = 'ok' THEN 'answered'
    WHEN stop_reason = 'cancelled' THEN 'cancelled'
    WHEN stop_reason IS NULL AND (action IN ('retry', 'poll') OR repaired IS NOT NULL)
      THEN 'unfinished'
    ELSE 'given_up'
  END AS outcome
FROM spans JOIN attempts ON attempts.rowid = last_row"""
"""Joined by the number of the row, which costs less to compare than two columns."""


@dataclass(frozen=True, slots=True)
class Log:
    """What was read.

    Attributes:
        connection: Has the tables `attempts` and `calls`.
        files: How many logs.
        records: How many lines are records.
        damaged: How many are not; `named` are the first of them, as `file:line`.
        cut: Logs that break off.
    """

    connection: DuckDBPyConnection
    files: int
    records: int
    damaged: int
    named: tuple[str, ...]
    cut: tuple[str, ...]

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Run a query; return all its rows."""
        query = partial(self.connection.execute, sql, values or {})
        return heard(self.connection, lambda: query().fetchall())


def heard(connection: DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Let a database work on another thread, so that this one hears Ctrl-C at once.

    DuckDB looks for signals by itself, but not while it waits for threads of its own.
    """
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            return working.result()
        except KeyboardInterrupt:
            connection.interrupt()
            raise


@contextmanager
def loaded(names: Iterable[str], fields: Mapping[str, str] = FIGURES) -> Iterator[Log]:
    """Read logs, until the block ends.

    Args:
        names: Paths, glob patterns, or `-` for stdin.
        fields: The fields wanted, `FIGURES` or `DETAILS`.

    Raises:
        LogError: A log cannot be read, or DuckDB is not installed.
        EmptyLogError: There is no record in any.
    """
    if find_spec("duckdb") is None:
        raise LogError(EXTRA)
    with TemporaryDirectory(prefix="halley-report-") as private, _database(private) as connection:
        folder = Path(private)
        sources = _read(connection, opened(names, folder), fields, folder)
        ((lines, records),) = connection.execute(
            f"SELECT count(*), count(*) FILTER ({_IS_RECORD}) FROM records"  # noqa: S608
        ).fetchall()
        named = _named(connection, sources) if lines > records else ()
        if not records:
            raise EmptyLogError(_nothing(sources, lines))
        heard(connection, partial(_tabulate, connection))
        cut = tuple(source.name for source in sources if source.cut)
        yield Log(connection, len(sources), records, lines - records, named, cut)


@contextmanager
def _database(folder: str) -> Iterator[DuckDBPyConnection]:
    """Open a database in memory, which spills into this folder and nowhere else.

    Raises:
        LogError: Memory or disk did not suffice.
        KeyboardInterrupt: Ctrl-C while it counted.
    """
    import duckdb  # noqa: PLC0415 - an extra, and 85 ms

    try:
        with duckdb.connect(config={**SETTINGS, "temp_directory": folder}) as connection:
            yield connection
    except duckdb.OutOfMemoryException:
        raise LogError("too large to be counted at once: give fewer logs") from None
    except duckdb.IOException:
        raise LogError("a log has gone while it was read, or the disk is full") from None
    except RuntimeError as error:
        if str(error) == INTERRUPTED:  # DuckDB takes Ctrl-C to itself while it counts
            raise KeyboardInterrupt from None
        raise


def _read(
    connection: DuckDBPyConnection,
    sources: Sequence[Source],
    fields: Mapping[str, str],
    folder: Path,
) -> Sequence[Source]:
    """Read every line into the table `records`; one that is no JSON object is a row of nulls.

    Returns what was read in the end: the sources, or copies that DuckDB can read.
    """
    import duckdb  # noqa: PLC0415

    read = f"CREATE TABLE records AS FROM {_reading(fields)}"
    try:
        heard(connection, partial(connection.execute, read, files_of(sources)))
    except duckdb.InvalidInputException:
        # A line beyond DuckDB's 16 MiB is the one thing that it does not pass over.
        sources = [
            trimmed(source, folder / f"{number}.trimmed", LINE_BYTES_MAX)
            for number, source in enumerate(sources)
        ]
        heard(connection, partial(connection.execute, read, files_of(sources)))
    return sources


def files_of(sources: Sequence[Source]) -> dict[str, list[str]]:
    """Return the parameter of the statement that reads."""
    return {"files": [str(source.path) for source in sources]}


def _tabulate(connection: DuckDBPyConnection) -> None:
    """Make the two tables out of the records."""
    connection.execute(_ATTEMPTS)
    connection.execute("DROP TABLE records")
    if connection.execute(_REPEATED).fetchall() == [(True,)]:
        connection.execute(_LATEST)  # three times the price of finding out
    connection.execute(_CALLS)


def _reading(fields: Mapping[str, str]) -> str:
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in fields.items())
    return _READ.replace("{columns}", f"{{{columns}}}")


def _named(connection: DuckDBPyConnection, sources: Sequence[Source]) -> tuple[str, ...]:
    """Look up where the first damaged lines are, file by file and in order this time."""
    found: list[str] = []
    connection.execute("SET preserve_insertion_order = true")
    for source in sources:
        numbers = _damaged(connection, source.path, NAMED_MAX - len(found))
        found += [f"{source.name}:{number}" for number in numbers]
        if len(found) == NAMED_MAX:
            break
    connection.execute("SET preserve_insertion_order = false")
    return tuple(found)


def _damaged(connection: DuckDBPyConnection, path: Path, most: int) -> list[int]:
    """Return the numbers of the first damaged lines of a file, from 1."""
    rows = connection.execute(
        f"""WITH lines AS (SELECT row_number() OVER () AS number, * FROM {_reading(NEEDED)})
        SELECT number FROM lines WHERE ({_IS_RECORD}) IS NOT TRUE ORDER BY number LIMIT {most}""",  # noqa: S608
        {"files": [str(path)]},
    ).fetchall()
    wanted = {number for (number,) in rows}
    with path.open("rb") as file:
        # DuckDB passes over blank lines and does not count them.
        filled = (number for number, line in enumerate(file, 1) if line.strip())
        return [number for nth, number in enumerate(filled, 1) if nth in wanted]


def _nothing(sources: Sequence[Source], lines: int) -> str:
    names = ", ".join(source.name for source in islice(sources, 3))
    if len(sources) > 3:  # noqa: PLR2004
        names += f" and {len(sources) - 3} more"
    match lines:
        case 0:
            seen = "nothing in it"
        case 1:
            seen = "one line, which is no record"
        case _:
            seen = f"{lines} lines, none of them a record"
    return (
        f"{names}: {seen}; a record is a JSON line of the file that `records` in the policy names"
    )
