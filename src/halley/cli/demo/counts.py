"""The numbers of one side: from the simulator's ledger and from what its caller saw, nothing else.

halley is asked nothing about itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from halley.cli.demo.side import Side
from halley.cli.demo.workload import HOPELESS, Work
from halley.simulator.errors import ERRORS


@dataclass(frozen=True, slots=True)
class Counts:
    """One side in numbers.

    Attributes:
        possible: Calls that no permanent failure hit: the most that could succeed.
        unclear: Videos among them that may have been bought: for the program to find out.
        unusable: Answered without an error, but with nothing that could be used.
        attempts: Requests that reached the service, polls included.
        pointless: Calls sent again after an answer that can never change.
        early: Requests sent before a wait was over that the service had asked for.
        paid_twice: Things that were bought more than once.
        ids_told: Calls given up whose last answer carried a request id.
        ids_kept: Those of them whose error has this id as its `request_id`.
    """

    calls: int
    possible: int
    succeeded: int
    given_up: int
    unclear: int
    unusable: int
    attempts: int
    pointless: int
    early: int
    paid_twice: int
    ids_told: int
    ids_kept: int
    wall_s: float


def count(bare: Side, protected: Side) -> tuple[Counts, Counts]:
    """Count what has happened so far on both sides, which have the same hopeless calls."""
    hopeless = _hopeless(bare) | _hopeless(protected)
    return _count(bare, hopeless), _count(protected, hopeless)


def _count(side: Side, hopeless: set[str]) -> Counts:
    videos = {call.marker for call in side.calls if call.work is Work.VIDEO} - hopeless
    results, ledger = tuple(side.results), side.judge.ledger
    given_up = [result for result in results if result.error]
    succeeded = sum(result.usable for result in results)
    told = [result for result in given_up if side.judge.last_id.get(result.marker)]
    return Counts(
        calls=len(results),
        possible=len(side.calls) - len(hopeless),
        succeeded=succeeded,
        given_up=len(given_up),
        unclear=sum(result.marker in videos for result in given_up),
        unusable=len(results) - len(given_up) - succeeded,
        attempts=len(ledger.calls),
        pointless=len({entry.group for entry in ledger.calls if entry.pointless}),
        early=side.judge.early,
        paid_twice=len(ledger.paid_twice()),
        ids_told=len(told),
        ids_kept=sum(result.request_id == side.judge.last_id[result.marker] for result in told),
        wall_s=round(side.wall_s, 1),
    )


def _hopeless(side: Side) -> set[str]:
    """Return the calls that can never succeed, and those that the day is against for good."""
    wrong = {call.marker for call in side.calls if call.work in HOPELESS}
    faults = ((entry.group, ERRORS.get(entry.fault)) for entry in side.judge.ledger.calls)
    return wrong | {group for group, row in faults if row is not None and row.permanent}
