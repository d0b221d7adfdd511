"""How much of an unknown limit a client gets, how often it is refused, and what it gives up.

halley and what people use instead, on the same upstreams with the same seeds, in virtual time:
halley's real engine, the peers from their published constants, tenacity and the openai SDK as they
are. Nothing touches the network. docs/goodput.md explains the rows and the columns.

    python benchmarks/goodput.py [--quick] [--rows A,C] [--clients halley,botocore] [--seeds 3]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from goodput import contest
from goodput.measure import Result
from goodput.rows import HELD_OUT, ROWS, Row
from goodput.table import Summary, markdown, terminal

NAMED = {row.name: row for row in (*ROWS, *HELD_OUT)}
QUICK_ROWS = ("A", "C", "D", "F", "G", "4 apart", "outage")
QUICK_CLIENTS = ("halley", "recipe 32", "openai", "botocore", "oracle")
ONLY = {"openai sdk": ("A", "outage")}
"""Clients that cost a millisecond a send, and the rows they run on unless named."""


@dataclass(frozen=True, slots=True)
class Run:
    """One client on one row with one seed."""

    client: str
    row: str
    seed: int


def perform(run: Run) -> Result | None:
    """Run it, in whatever process."""
    return contest.run(run.client, NAMED[run.row], run.seed)


def planned(options: argparse.Namespace) -> list[Run]:
    """All runs, in the order of the table."""
    rows = options.rows or (QUICK_ROWS if options.quick else [row.name for row in chosen(options)])
    clients = options.clients or (QUICK_CLIENTS if options.quick else contest.CLIENTS)
    return [
        Run(client, row, seed)
        for row in rows
        for client in clients
        if options.clients or row in ONLY.get(client, NAMED)
        for seed in range(1 if options.quick else seeds_of(client, options))
    ]


def chosen(options: argparse.Namespace) -> tuple[Row, ...]:
    """The rows of the docs, or those that nobody tunes on."""
    return HELD_OUT if options.held_out else ROWS


def seeds_of(client: str, options: argparse.Namespace) -> int:
    """Halley's figures rest on more seeds than its peers'."""
    return int(options.seeds if client == contest.HALLEY else options.peer_seeds)


def performed(runs: Sequence[Run], jobs: int) -> Iterator[tuple[Run, Result]]:
    """Perform the runs and say how far it is; those that do not fit a row fall out."""
    started = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        for number, (run, result) in enumerate(zip(runs, pool.map(perform, runs), strict=True)):
            progress(number + 1, len(runs), time.monotonic() - started)
            if result is not None:
                yield run, result


def progress(done: int, runs: int, elapsed_s: float) -> None:
    """Say how far it is, to a person at a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == runs else ""
        print(f"\rrun {done} of {runs}, {elapsed_s:.0f} s", end=end, file=sys.stderr, flush=True)


def summarized(results: Iterator[tuple[Run, Result]]) -> list[Summary]:
    """The runs of each client on each row, together."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for run, result in results:
        grouped.setdefault((run.row, run.client), []).append(result)
    return [Summary(NAMED[row], client, tuple(found)) for (row, client), found in grouped.items()]


def names(known: Sequence[str], what: str) -> Callable[[str], list[str]]:
    """A comma-separated list of known names, for argparse."""

    def parse(text: str) -> list[str]:
        found = [name.strip() for name in text.split(",")]
        for name in found:
            if name not in known:
                allowed = ", ".join(known)
                raise argparse.ArgumentTypeError(f"no {what} {name!r}, there are {allowed}")
        return found

    return parse


def positive(text: str) -> int:
    """A number of things, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {number}")
    return number


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="some rows, some clients, one seed")
    parser.add_argument("--held-out", action="store_true", help="rows that nobody tunes on")
    parser.add_argument("--rows", type=names(list(NAMED), "row"), help="by name, with commas")
    parser.add_argument("--clients", type=names(contest.CLIENTS, "client"), help="likewise")
    parser.add_argument(
        "--seeds", type=positive, default=3, help="of halley (default: %(default)s)"
    )
    parser.add_argument("--peer-seeds", type=positive, default=1, help="of the others")
    parser.add_argument("--jobs", type=positive, default=1, help="processes (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="every seed of every run")
    parser.add_argument("--markdown", action="store_true", help="the tables of docs/goodput.md")
    return parser.parse_args()


def main() -> int:
    """Run all and print; 1 when halley misses a target."""
    options = arguments()
    summaries = summarized(performed(planned(options), options.jobs))
    if options.json:
        print(json.dumps([summary.figures() for summary in summaries]))
    else:
        print(markdown(summaries) if options.markdown else terminal(summaries))
    ours = (summary for summary in summaries if summary.client == contest.HALLEY)
    return int(any(summary.missed() for summary in ours))


if __name__ == "__main__":
    sys.exit(main())
