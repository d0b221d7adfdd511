"""`halley report`: what a log of records says, in the terminal, as a page, or for the support."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from halley.cli.exits import CommandError, Exit
from halley.cli.report import screen
from halley.cli.source import FileName
from halley.cli.terminal import note, one_line, printable
from halley.records.report import calls as rows
from halley.records.report import page
from halley.records.report.figures import as_fields
from halley.records.report.load import DETAILS, FIGURES, Log, loaded
from halley.records.report.query import report
from halley.records.report.select import Selection, SelectionError, conditions, moment_ms, narrow
from halley.records.report.sources import EmptyLogError, LogError
from halley.records.report.support import matching, support_text, utc

EXAMPLES: Final = """\b
Examples:
  halley report app.jsonl                           what failed, why, what to do
  halley report 'logs/app.jsonl*' --since 2h        rotated and compressed ones too
  halley report app.jsonl --html report.html        one page, for a browser
  halley report app.jsonl --calls kind=rate_limit   the calls behind a number
  halley report app.jsonl --support 2026112308…     the text for the provider's support

\b
Times are UTC. Exit codes: 0 reported, 1 no such call or nothing to report, 2 usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("logs", metavar="LOG...", nargs=-1, required=True)
@click.option("--since", help="Calls begun since then: 2026-11-23T14:00, or 90s, 30m, 2h, 1d ago.")
@click.option("--until", help="Calls begun before then.")
@click.option("--model", help="Calls with an attempt on this model.")
@click.option("--kind", help="Calls with an attempt that failed in this way.")
@click.option("--key", help="Calls with an attempt on the key of this alias.")
@click.option("--html", type=FileName(path_type=Path), help="Write a page.")
@click.option("--calls", metavar="NAME=VALUE,…", help="List the calls that fit, one a line.")
@click.option("--support", metavar="ID", help="Describe one call, by call, request or ray id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: one object, or one a call.")
def command(
    logs: tuple[str, ...],
    *,
    since: str | None,
    until: str | None,
    html: Path | None,
    calls: str | None,
    support: str | None,
    as_json: bool,
    **given: str | None,
) -> None:
    """Say what failed, why, and what to do, from the records of any number of calls.

    LOG is a file of records, a pattern such as 'logs/*.jsonl*', or - for stdin; gzip is read too. A
    line that is no record is counted and named, and passed over.
    """
    shapes = sum(shape is not None for shape in (html, calls, support))
    if shapes > 1:
        raise click.UsageError("--html, --calls and --support exclude each other")
    if as_json and shapes and calls is None:
        raise click.UsageError("--json goes with the report and with --calls alone")
    with _errors_told():
        selection = _selection(since, until, given)
        picked = Selection(conditions=conditions(calls or ""))
        with loaded(logs, DETAILS if shapes else FIGURES) as log:
            _complain(log)
            _narrowed(log, selection, picked)
            if support is not None:
                _support(log, support)
            elif calls is not None:
                _calls(log, as_json=as_json)
            elif html is not None:
                _page(log, html)
            else:
                _report(log, as_json=as_json)


@contextmanager
def _errors_told() -> Iterator[None]:
    """Say what is wrong with a log or an option as the command line says it."""
    try:
        yield
    except EmptyLogError as error:
        raise CommandError(one_line(str(error)), Exit.DEFECT) from None
    except (LogError, SelectionError) as error:
        raise CommandError(one_line(str(error)), Exit.USAGE) from None


def _selection(since: str | None, until: str | None, given: Mapping[str, str | None]) -> Selection:
    now = datetime.now(UTC)
    return Selection(
        None if since is None else moment_ms(since, now),
        None if until is None else moment_ms(until, now),
        {name: value for name, value in given.items() if value is not None},
    )


def _complain(log: Log) -> None:
    """Tell what could not be read."""
    for name in log.cut:
        note(f"halley: {name} breaks off: what was there is counted")
    if log.damaged:
        more = ", …" if log.damaged > len(log.named) else ""
        lines = "1 line is" if log.damaged == 1 else f"{log.damaged} lines are"
        note(f"halley: {lines} no record: {', '.join(log.named)}{more}")


def _narrowed(log: Log, *selections: Selection) -> None:
    """Leave what is selected, by each in turn.

    Raises:
        EmptyLogError: That is nothing.
    """
    ((first_ms, last_ms),) = log.rows("SELECT min(started_ms), max(ended_ms) FROM calls")
    for selection in selections:
        narrow(log, selection)
    if log.rows("SELECT count(*) FROM calls") == [(0,)]:
        raise EmptyLogError(
            f"no call fits; the log goes from {utc(first_ms)} to {utc(last_ms)} UTC"
        )


def _report(log: Log, *, as_json: bool) -> None:
    figures = report(log)
    if as_json:
        read = {"files": log.files, "records": log.records, "damaged": log.damaged}
        click.echo(json.dumps({"log": read, **as_fields(figures)}, ensure_ascii=False))
    else:
        screen.show(figures, log)


def _page(log: Log, target: Path) -> None:
    text = page.page(log)
    try:
        target.write_text(text, "utf-8")
    except OSError as error:
        raise CommandError(f"{target}: cannot be written: {error.strerror}", Exit.USAGE) from None
    note(
        f"halley: {target}: {len(text.encode()) / 1e6:.1f} MB, opens in a browser without a network"
    )


def _calls(log: Log, *, as_json: bool) -> None:
    for call in rows.listed(log):
        click.echo(json.dumps(asdict(call), ensure_ascii=False) if as_json else screen.line(call))


def _support(log: Log, sought: str) -> None:
    found = matching(log, sought)
    if not found:
        raise EmptyLogError(f"no call, request or ray id {sought!r} among {log.records} records")
    click.echo("\n\n".join(printable(support_text(call)) for call in found))
