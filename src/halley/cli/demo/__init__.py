"""`halley demo`: the openai SDK on a bad day, without halley and with it, side by side."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import click

from halley.cli import policies
from halley.cli.demo.workload import CALLS_PER_S, plan
from halley.cli.exits import CommandError, Exit
from halley.cli.source import FileName
from halley.cli.terminal import note, wants_colour
from halley.compose import is_off
from halley.core.policy import Policy

EXAMPLES = """\b
Examples:
  halley demo
  halley demo --calls 100 --seed 7
  halley demo --json > demo.json
  halley demo --policy halley.toml    with halley as you would have it
  halley demo --records demo.jsonl && halley report demo.jsonl
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--calls",
    type=click.IntRange(10, 1000),
    default=300,
    show_default=True,
    help="Calls on each side; fifteen a second.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="Chooses the calls and the faults they meet.",
)
@policies.option
@click.option(
    "--records",
    type=FileName(path_type=Path),
    help="Append what halley records to this file, for 'halley report'.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the numbers as one JSON object.")
def command(
    calls: int, seed: int, *, policy: Path | None, records: Path | None, as_json: bool
) -> None:
    """Watch the openai SDK meet a bad day, without halley and with it.

    Two copies of one program make the same calls at the same moments: chats, streams, embeddings,
    videos that cost money, and some that are wrong. Each talks to a simulator of its own on this
    machine, with the same seed and so the same faults; nothing leaves the machine, nothing is paid.
    """
    if find_spec("openai") is None:
        raise CommandError('the demo needs the openai SDK: pip install "halley[demo]"', Exit.USAGE)
    if is_off():
        raise CommandError("HALLEY=off is set, so both sides would be bare: unset it", Exit.USAGE)
    chosen = policies.chosen(policy)
    if records is not None:
        _require_writable(records)
        chosen = replace(chosen, records=str(records))
    from halley.cli.demo import counts, show, side  # noqa: PLC0415 - they need openai

    note(f"halley: {calls} calls to a simulated CometAPI on a bad day, twice; {_lasts(calls)}")
    with show.watching(quiet_stdout=as_json) as seen:
        both = side.run(plan(calls, seed), seed, chosen, seen=seen)
    bare, protected = counts.count(*both)
    if as_json:
        numbers = {"without_halley": asdict(bare), "with_halley": asdict(protected)}
        click.echo(json.dumps({"calls": calls, "seed": seed, "profile": side.PROFILE, **numbers}))
        return
    click.echo(show.table(bare, protected, colour=wants_colour(sys.stdout)))
    click.echo(_explanation(calls, seed, chosen, bare.possible))


def _require_writable(file: Path) -> None:
    """Find out before the demo whether its records can be kept."""
    try:
        file.open("ab").close()
    except OSError as error:
        raise CommandError(f"{file}: cannot be written: {error.strerror}", Exit.USAGE) from None


def _lasts(calls: int) -> str:
    return f"this takes about {calls / CALLS_PER_S + 10:.0f} s"


def _explanation(calls: int, seed: int, policy: Policy, possible: int) -> str:
    protected = f"halley.protect(OpenAI(...){'' if policy == Policy() else ', policy'})"
    return f"""
Both sides ran together, in real seconds: openai {version("openai")}, {calls} calls, seed {seed}.
Without halley: OpenAI(...), with the SDK's own two retries. With: {protected}.
{calls - possible} calls can never succeed: wrong model, request or key, no quota, or refused.
A video that halley does not send again may have been bought: that is yours to reconcile.
The numbers are from the simulator's ledger and from what the program saw; halley is not asked."""
