"""`halley policy check`: every mistake of policy files, a line each, as compilers write theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from halley.cli.exits import Exit
from halley.cli.policy.files import named_by_environment, read
from halley.cli.source import FILE
from halley.cli.terminal import note, one_line
from halley.core.errors import Mistake, PolicyError

EXAMPLES: Final = """\b
Examples:
  halley policy check halley.toml
  halley policy check *.toml --json | jq -r .path
  HALLEY_POLICY=halley.toml halley policy check

\b
Exit codes: 0 all right, 2 mistakes, or a file that cannot be read.
"""


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a mistake.")
def check(files: tuple[Path, ...], *, as_json: bool) -> None:
    """Find every mistake of policy files.

    A line each: where it is, what is allowed, what was found. FILE may be - for stdin; without one,
    the file that HALLEY_POLICY names is checked. Nothing that could be a key is repeated.
    """
    named = named_by_environment()
    if not files and named is None:
        message = "no policy file: name one, or set HALLEY_POLICY"
        raise click.UsageError(message, click.get_current_context())
    count = 0
    for file in files or (named,):
        assert file is not None
        try:
            read(file)
        except PolicyError as error:
            for mistake in error.mistakes:
                count += 1
                click.echo(_line(error, mistake, as_json=as_json))
    note(f"halley: {_summary(len(files), count)}")
    if count:
        click.get_current_context().exit(Exit.USAGE)


def _line(error: PolicyError, mistake: Mistake, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"file": error.source, **mistake._asdict()}, ensure_ascii=False)
    return one_line(error.line(mistake))


def _summary(files: int, mistakes: int) -> str:
    """Say what was found in how many files; none is the one of the environment.

    >>> _summary(1, 0), _summary(2, 1)
    ('1 file checked: no mistakes', '2 files checked: 1 mistake')
    """
    checked = f"{files} file{'' if files == 1 else 's'}" if files else "the file of HALLEY_POLICY"
    return f"{checked} checked: {mistakes or 'no'} mistake{'' if mistakes == 1 else 's'}"
