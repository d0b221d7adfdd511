"""`halley redact`: a filter between a program and whatever keeps what it says.

Line by line and at once, so that a log can be followed through it. A line that is too long or
cannot be read is replaced by a mark, never passed on.
"""

from __future__ import annotations

import json
import sys
from typing import Final

import click

from halley.checks.bounded import bounded_lines
from halley.cli.exits import CommandError, Exit
from halley.cli.source import stdin
from halley.records.quiet import keys_of_environment
from halley.records.redact import Redactor
from halley.records.redact.lines import Lines
from halley.records.redact.marks import unloggable

LINE_BYTES_MAX: Final = 1024 * 1024

EXAMPLES: Final = """\b
Examples:
  my-program 2>&1 | halley redact | tee run.log
  halley redact < old.log > safe.log
  halley redact --jsonl < cases.jsonl

\b
Keys in the usual environment variables (COMETAPI_KEY, OPENAI_API_KEY, ...) are found wherever
they stand, also encoded and in pieces; others by their shape or by the name before them.
Exit codes: 0 done, 1 some lines could not be read and were replaced, 2 usage.
"""


@click.command(epilog=EXAMPLES)
@click.option("--jsonl", is_flag=True, help='Read and write JSON lines of the form {"text": ...}.')
def command(*, jsonl: bool) -> None:
    """Take keys, passwords, files and control characters out of stdin, line by line.

    Request ids, models, hashes and everything else that a person needs stay.
    """
    source = stdin("text")
    lines = Lines(Redactor(keys_of_environment()))
    out = sys.stdout.buffer
    number = unreadable = 0
    for number, line in enumerate(bounded_lines(source, LINE_BYTES_MAX), 1):
        text = None if len(line) > LINE_BYTES_MAX else _text(line, jsonl=jsonl)
        unreadable += text is None
        shown = unloggable(f"line-{number}", len(line)) if text is None else lines.line(text)
        ending = b"" if text is not None and not line.endswith(b"\n") else b"\n"
        out.write(_written(shown, jsonl=jsonl) + ending)
        out.flush()
    if unreadable:
        raise CommandError(
            f"{unreadable} of {number} lines could not be read and were replaced", Exit.DEFECT
        )


def _text(line: bytes, *, jsonl: bool) -> str | None:
    """Return the text of a line; None if there is none to be found.

    >>> _text(b'{"text": "a"}', jsonl=True), _text(b'{"body": "a"}', jsonl=True)
    ('a', None)
    """
    if not jsonl:
        return line.rstrip(b"\r\n").decode(errors="replace")
    try:
        text = json.loads(line)["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return text if isinstance(text, str) else None


def _written(text: str, *, jsonl: bool) -> bytes:
    shown = json.dumps({"text": text}, ensure_ascii=False) if jsonl else text
    return shown.encode(errors="backslashreplace")
