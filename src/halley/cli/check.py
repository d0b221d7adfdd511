"""`halley check`: will the server refuse these bodies? Found out without sending them.

A line for each finding, as compilers write theirs. Of a body nothing is shown but the names of its
fields.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

import click

from halley.checks.finding import Finding
from halley.checks.lines import file_findings
from halley.checks.shape import ValidatorMissingError
from halley.cli.exits import CommandError, Exit
from halley.cli.progress import Progress
from halley.cli.source import FILE, opened
from halley.cli.terminal import note

EXAMPLES: Final = """\b
Examples:
  halley check body.json
  halley check --path /v1/messages claude.json
  halley check batch.jsonl --json | jq 'select(.level == "error")'

\b
Exit codes: 0 nothing that will be refused, 1 errors found, 2 usage.
"""


@click.command(epilog=EXAMPLES)
@click.argument("file", type=FILE)
@click.option("--path", default="", help="Where the bodies go, such as /v1/chat/completions.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a finding.")
def command(file: Path, *, path: str, as_json: bool) -> None:
    """Check request bodies before they are sent: JSON, shape, images and files.

    FILE, or - for stdin, holds one body or one a line; lines of an OpenAI batch say their own path.
    Without --path the shape of a body tells where it goes.
    """
    counts = Counter[str]()
    number = 0
    try:
        with opened(file, "body") as source, Progress(lambda _: f"line {number}") as progress:
            for number, findings in file_findings(source, path):
                counts["bodies"] += 1
                for finding in findings:
                    counts[finding.level] += 1
                    if sys.stdout.isatty():
                        progress.stop()
                    click.echo(_line(number, finding, as_json=as_json))
    except ValidatorMissingError as error:
        raise CommandError(str(error), Exit.USAGE) from None
    if not counts["bodies"]:
        raise CommandError("expected a body, got nothing", Exit.USAGE)
    note(f"halley: {_summary(counts)}")
    if counts["error"]:
        click.get_current_context().exit(Exit.DEFECT)


def _line(number: int, finding: Finding, *, as_json: bool) -> str:
    if as_json:
        fields = {"line": number, "level": finding.level, "path": finding.path}
        return json.dumps({**fields, "message": finding.message}, ensure_ascii=False)
    level = "warning: " if finding.level == "warning" else ""
    return f"{number}:{finding.path}: {level}{finding.message}"


def _summary(counts: Counter[str]) -> str:
    """Say what was found in how many bodies.

    >>> _summary(Counter(bodies=3, error=1))
    '3 bodies checked: 1 error, no warnings'
    """
    bodies = "1 body" if counts["bodies"] == 1 else f"{counts['bodies']} bodies"
    return f"{bodies} checked: {_counted(counts, 'error')}, {_counted(counts, 'warning')}"


def _counted(counts: Counter[str], level: str) -> str:
    count = counts[level]
    return f"{count or 'no'} {level}{'' if count == 1 else 's'}"
