"""`halley policy show`: the policy in force, setting by setting, with where each is from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from halley.cli.policy.files import PolicyFile, find
from halley.cli.rules import table
from halley.cli.source import FILE
from halley.cli.terminal import columns, note, one_line
from halley.core.policy import Policy
from halley.core.sections import section_of
from halley.core.shown import inside
from halley.policy.writing import given, hidden, literal, masked, to_toml

DEFAULT: Final = "default"
HEADINGS: Final = ("setting", "value", "from")
EXAMPLES: Final = """\b
Examples:
  halley policy show halley.toml
  halley policy show halley.toml --model gpt-5-mini
  halley policy show --toml > halley.toml   a complete file to start from
  halley policy show --json | jq .settings.attempts.value

\b
Exit codes: 0 shown, 2 usage, or a file with mistakes.
"""


class Line(NamedTuple):
    """A setting with where it is from: the default, the file, or a section of it."""

    name: str
    value: Any
    origin: str


@click.command(epilog=EXAMPLES)
@click.argument("file", required=False, type=FILE)
@click.option("--model", default="", help="Show what the calls of this model get.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--toml", "as_toml", is_flag=True, help="Print a complete policy file.")
def show(file: Path | None, *, model: str, as_json: bool, as_toml: bool) -> None:
    """Show every setting and where it is from.

    That is the default, the file, or the section for a model. FILE may be - for stdin; without one
    it is the file that HALLEY_POLICY names, else the defaults are shown. What could be a key is
    not.
    """
    if as_json and as_toml:
        raise click.UsageError("--json and --toml exclude each other", click.get_current_context())
    found = find(file)
    section = section_of(found.policy.models, model)
    policy = of_model(found.policy, model) if model else found.policy
    note(f"halley: {_introduction(found, model, section)}")
    for name in hidden(policy):
        note(f"halley: {name} is not shown as it is, for it could hold a key")
    lines = lines_of(policy, origins(found, section))
    if model:
        lines = [line for line in lines if line.name != "models"]
    if as_toml:
        click.echo(to_toml(policy), nl=False)
    elif as_json:
        settings = {line.name: {"value": line.value, "from": line.origin} for line in lines}
        told = {"file": found.name, "model": model or None, "section": masked(section)}
        click.echo(json.dumps({**told, "settings": settings}, ensure_ascii=False))
    else:
        rows = [tuple(map(one_line, cells)) for line in lines for cells in for_person(line)]
        click.echo("\n".join(table([HEADINGS, *rows], columns())))


def of_model(policy: Policy, model: str) -> Policy:
    """Return what the calls of a model get, as a policy without sections."""
    return policy.for_model(model).override({"models": {}})


def origins(found: PolicyFile, section: str | None) -> dict[str, str]:
    """Return where each setting is from that is no default."""
    file = dict.fromkeys(found.tables, found.origin)
    if section is None:
        return file
    return {**file, **dict.fromkeys(found.policy.models[section], inside("models", section))}


def lines_of(policy: Policy, origin: Mapping[str, str]) -> list[Line]:
    """Return every setting, without what could be a key."""
    return [
        Line(name, masked(value), origin.get(name, DEFAULT))
        for name, value in given(policy).items()
    ]


def for_person(line: Line) -> Iterator[tuple[str, str, str]]:
    """Yield the cells of a setting; those of a section each on a line of its own."""
    match line.value:
        case dict() as sections if sections:
            for pattern, settings in sections.items():
                place = inside(line.name, pattern)
                for name, value in settings.items():
                    yield inside(place, name), cell(value), line.origin
        case value:
            yield line.name, cell(value), line.origin


def cell(value: object) -> str:
    """Return a value as it stands in the table; of a table its first field, which names it.

    >>> cell(600.0), cell(None), cell([{"name": "teapot", "kind": "overloaded"}]), cell("aws")
    ('600', 'none', 'teapot', 'aws')
    """
    match value:
        case None | [] | {}:
            return "none"
        case str():
            return value
        case list():
            return ", ".join(
                cell(next(iter(item.values()))) if isinstance(item, dict) else cell(item)
                for item in value
            )
        case _:
            return literal(value)


def _introduction(found: PolicyFile, model: str, section: str | None) -> str:
    """Say which policy is shown."""
    of_file = f"the policy of {found.name}" if found.name else "no file is named: the defaults"
    if found.origin != (found.name or ""):
        of_file += f", which {found.origin} names"
    if not model:
        return of_file
    place = inside("models", section) if section else "no section fits"
    return f"{of_file}, for {model} ({place})"
