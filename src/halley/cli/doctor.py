"""`halley doctor`: is everything around a call in order, and what is the fix if not?

With a key it looks at the real service, else at a simulator in this process, and says so. The key
is never shown.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Final

import click

from halley.checks.doctor import Result, Status, Target, diagnose
from halley.checks.doctor.settings import COMETAPI
from halley.cli.exits import Exit
from halley.cli.progress import Progress
from halley.cli.terminal import note, one_line
from halley.simulator import Simulator, serve
from halley.simulator.keys import VALID

MODEL: Final = "gpt-5-mini"
COLOURS: Final[dict[Status, str]] = {"ok": "green", "wrong": "red", "skipped": "bright_black"}
NAME_WIDTH: Final = 12
EXAMPLES: Final = """\b
Examples:
  halley doctor                             COMETAPI_KEY and COMETAPI_BASE_URL
  halley doctor --model claude-sonnet-4-5   is this model in the catalogue?
  halley doctor --json | jq '.checks[] | select(.status == "wrong")'

\b
Exit codes: 0 all in order, 1 something is wrong, 2 usage.
"""


@click.command(epilog=EXAMPLES)
@click.option(
    "--base-url", envvar="COMETAPI_BASE_URL", help=f"Service to ask.  [default: {COMETAPI}]"
)
@click.option("--model", default=MODEL, show_default=True, help="Model to look for and to call.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(base_url: str | None, *, model: str, as_json: bool) -> None:
    """Check key, base URL, network, clock, model, and make one tiny call.

    The key is read from COMETAPI_KEY. Without key and base URL a simulator in this process is
    looked at instead. The tiny call to a real service costs what a dozen LLM tokens cost.
    """
    results: list[Result] = []
    with _target(base_url, model) as target:
        for result in _with_progress(diagnose(target)):
            results.append(result)
            if not as_json:
                click.echo(_line(result))
    good = all(result.status != "wrong" for result in results)
    if as_json:
        checks = [asdict(result) for result in results]
        click.echo(json.dumps({"ok": good, "checks": checks}, ensure_ascii=False))
    if not good:
        click.get_current_context().exit(Exit.DEFECT)


def _with_progress(results: Iterator[Result]) -> Iterator[Result]:
    """Yield results, and show that a slow one is being waited for."""
    while True:
        with Progress(lambda elapsed_s: f"checking, {elapsed_s:.0f} s"):
            result = next(results, None)
        if result is None:
            return
        yield result


def _line(result: Result) -> str:
    status = click.style(f"{result.status:<8}", fg=COLOURS[result.status])
    line = f"{status}{result.name:<{NAME_WIDTH}}{one_line(result.message)}"
    return f"{line}\n{'':<{8 + NAME_WIDTH}}fix: {one_line(result.fix)}" if result.fix else line


@contextmanager
def _target(base_url: str | None, model: str) -> Iterator[Target]:
    key = os.environ.get("COMETAPI_KEY", "")
    if key or base_url:
        yield Target(base_url or COMETAPI, key, model)
        return
    note("halley: looking at a simulator (COMETAPI_KEY is not set)")
    with serve(Simulator(profile="calm")) as server:
        yield Target(server.base_url, VALID, model, trust_env=False)
