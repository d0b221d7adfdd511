"""`halley explain`: what a failure is and what to do about it, for a person or for a program.

One failure is read as far as a decision needs it. Many are read line by line; one that cannot be
read is named by its number, and the rest goes on.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import BinaryIO, Final

import click

from halley.checks.bounded import bounded_lines
from halley.cli import policies
from halley.cli.exits import CommandError, Exit
from halley.cli.progress import Progress
from halley.cli.reading import READ_BYTES_MAX, ReadingError, case_of, json_case
from halley.cli.source import FILE, opened
from halley.cli.terminal import columns, one_line
from halley.cli.words import ACTIONS, KINDS, LABELS, Lang, about, said, wait
from halley.core.tables import Tables
from halley.explaining import Explanation, explain

LINE_BYTES_MAX: Final = 16 * 1024 * 1024
WIDTH: Final = 88
EXAMPLES: Final = """\b
Examples:
  curl -si https://api.cometapi.com/v1/models | halley explain
  halley explain --status 503 body.json
  halley explain --status 524 --path /v1/videos    paid, and the answer was lost
  halley explain --policy halley.toml err.txt      with the rules of your own policy
  halley explain --jsonl errors.jsonl > decisions.jsonl

\b
Exit codes: 0 explained, 1 some lines could not be read, 2 usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("file", required=False, type=FILE)
@click.option("--jsonl", is_flag=True, help="Read one case a line, write one decision a line.")
@click.option(
    "--status",
    type=click.IntRange(100, 999),
    help="HTTP status that came with a bare body; without FILE, the status alone.",
)
@click.option("--method", default="POST", show_default=True, help="Method of the request.")
@click.option("--path", default="", help="Path of the request, such as /v1/videos.")
@policies.option
@click.option("--lang", type=click.Choice(["en", "vi"]), default="en", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    file: Path | None,
    *,
    jsonl: bool,
    status: int | None,
    method: str,
    path: str,
    policy: Path | None,
    lang: Lang,
    as_json: bool,
) -> None:
    """Read one failure and say what it is, what to do, and how long to wait.

    FILE, or stdin, holds what 'curl -i' printed, a JSON line with status, headers and body, an
    SDK's error text, or with --status any body.
    """
    if jsonl and status is not None:
        raise click.UsageError("--status is for one failure, not for --jsonl")
    tables = policies.tables(policy)
    asked = {"method": method.upper(), "path": path}
    if jsonl:
        with opened(file, "failure") as source:
            _explain_lines(source, asked, lang, tables)
        return
    text = b"" if file is None and status is not None and sys.stdin.isatty() else _start(file)
    try:
        case = {"request": asked, **case_of(text, status=status)}
        explanation = explain(case, lang=lang, tables=tables)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None
    if as_json:
        click.echo(to_json(explanation))
        return
    known_from = source_of(explanation.rule, tables)
    click.echo(for_person(explanation, case, lang, known_from))


def to_json(explanation: Explanation) -> str:
    """Return an explanation as one line of JSON."""
    values = {field.name: getattr(explanation, field.name) for field in fields(explanation)}
    return json.dumps(values, ensure_ascii=False)


def for_person(
    explanation: Explanation, case: Mapping[str, object], lang: Lang, source: str
) -> str:
    """Return an explanation as a headline and labelled lines."""
    status = case.get("status")
    kind = (
        said(KINDS[explanation.kind], lang)
        if explanation.kind
        else said(("no failure", "không có lỗi"), lang)
    )
    seen = status if status is not None else said(("no answer", "không có trả lời"), lang)
    lines = {
        "do": explanation.advice,
        "action": f"{explanation.action}: {said(ACTIONS[explanation.action], lang)}",
        "wait": wait(explanation.wait_s, lang, retryable=explanation.retryable),
        "from": about(explanation.origin, explanation.scope, lang),
        "request": explanation.request_id or "",
        "rule": explanation.rule,
        "source": source,
    }
    labels = LABELS[lang]
    width = max(len(label) for label in labels.values()) + 4
    shown = [_labelled(labels[name], text, width) for name, text in lines.items() if text]
    return "\n".join([click.style(f"{seen} {kind}", bold=True), *shown])


def source_of(rule: str, tables: Tables) -> str:
    """Return where a rule is known from; a decision's name may go on after the row's.

    >>> source_of("no.such.rule", Tables(()))
    ''
    """
    sources = {row.name: row.source for row in tables.rows}
    while rule and rule not in sources:
        rule = rule.rpartition(".")[0]
    return sources.get(rule, "")


def _labelled(label: str, text: str, width: int) -> str:
    head = f"  {label}".ljust(width)
    return textwrap.fill(
        one_line(text),
        min(WIDTH, columns() or WIDTH),
        initial_indent=head,
        subsequent_indent=" " * width,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _explain_lines(source: BinaryIO, asked: Mapping[str, str], lang: Lang, tables: Tables) -> None:
    number = unreadable = 0
    with Progress(lambda _: f"{number} lines") as progress:
        for number, line in enumerate(bounded_lines(source, LINE_BYTES_MAX), 1):
            try:
                case = {"request": asked, **_line_case(line)} if line.strip() else None
                told = to_json(explain(case, lang=lang, tables=tables)) if case else ""
            except ValueError as error:
                unreadable += 1
                progress.note(f"halley: line {number}: {error}")
            else:
                if told:
                    click.echo(told)
    if unreadable:
        raise CommandError(f"{unreadable} of {number} lines could not be read", Exit.DEFECT)
    if not number:
        raise CommandError("expected JSON lines, got nothing", Exit.USAGE)


def _line_case(line: bytes) -> dict[str, object]:
    if len(line) > LINE_BYTES_MAX:
        raise ReadingError(f"longer than {LINE_BYTES_MAX >> 20} MiB")
    return json_case(line.rstrip())


def _start(file: Path | None) -> bytes:
    with opened(file, "failure") as source:
        return source.read(READ_BYTES_MAX)
