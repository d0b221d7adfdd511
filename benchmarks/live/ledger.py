"""A file of what happened to each call, one JSON line a fact, that survives `kill -9`.

A worker writes `accepted` before a call begins and `answered` or `failed` when it is over; the
server writes `admitted`, `refused` or `other` for each request. Each line is one append of the
operating system, so what was written before the process died is there after it.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FINAL = frozenset({"answered", "failed"})


class Fact(NamedTuple):
    """What happened to a call, and when (seconds of the system's wall clock)."""

    at: float
    call: str
    what: str
    why: str = ""


class Ledger:
    """Appends facts to a file."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, call: str, what: str, why: str = "") -> None:
        """Append one fact."""
        line = json.dumps(Fact(time.time(), call, what, why)) + "\n"
        os.write(self._file, line.encode())


def facts(path: Path) -> Iterator[Fact]:
    """What a ledger says; a last line that was cut short is no fact."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        try:
            yield Fact(*json.loads(line))
        except ValueError:
            continue


def read_clock(path: Path) -> float | None:
    """When time is up, once the run has begun (seconds of the wall clock)."""
    return float(path.read_text()) if path.exists() else None


def write_clock(path: Path, until: float) -> None:
    """Begin the run; who reads sees all of it or nothing."""
    draft = path.with_suffix(".draft")
    draft.write_text(repr(until))
    draft.replace(path)


def unfinished(known: Iterable[Fact]) -> list[str]:
    """Calls that were accepted and are not over, in their order."""
    calls: dict[str, None] = {}
    for fact in known:
        if fact.what == "accepted":
            calls[fact.call] = None
        elif fact.what in FINAL:
            calls.pop(fact.call, None)
    return list(calls)


@dataclass(frozen=True, slots=True)
class Audit:
    """The calls of a run by what became of them.

    Attributes:
        lost: Accepted, and neither answered nor reported.
        doubled: Answered or reported more than once.
        repeated: Admitted by the server more than once, as after a kill between send and answer.
    """

    accepted: int
    answered: int
    failed: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    repeated: int


def audit(workers: Iterable[Fact], server: Iterable[Fact]) -> Audit:
    """Hold what the workers say against each other and the server.

    >>> audit([Fact(0, "a", "accepted"), Fact(1, "a", "answered")], []).lost
    ()
    >>> audit([Fact(0, "a", "accepted")], []).lost
    ('a',)
    """
    accepted: set[str] = set()
    ends, whats = Counter[str](), Counter[str]()
    for fact in workers:
        if fact.what == "accepted":
            accepted.add(fact.call)
        elif fact.what in FINAL:
            ends[fact.call] += 1
            whats[fact.what] += 1
    admitted = Counter(fact.call for fact in server if fact.what == "admitted")
    return Audit(
        accepted=len(accepted),
        answered=whats["answered"],
        failed=whats["failed"],
        lost=tuple(sorted(accepted - ends.keys())),
        doubled=tuple(sorted(call for call, count in ends.items() if count > 1)),
        repeated=sum(count > 1 for count in admitted.values()),
    )
