"""What the demo's program does: a list of calls, drawn from one seed, the same for both sides.

Most calls are good; some are wrong on purpose, as in every real program. They come evenly, and
twice many at once, as when a batch starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from random import Random
from typing import Final

CALLS_PER_S: Final = 15.0
BURST_SHARE: Final = 0.25
BURSTS_AT: Final = (0.3, 0.7)
"""Where in the run the bursts are, each with `BURST_SHARE` of the calls."""


class Work(StrEnum):
    """What a call is for."""

    CHAT = "chat"
    STREAM = "stream"
    EMBEDDING = "embedding"
    VIDEO = "video"
    WRONG_MODEL = "wrong model"
    WRONG_REQUEST = "wrong request"
    WRONG_KEY = "wrong key"
    NO_QUOTA = "no quota"


SHARES: Final = {
    Work.CHAT: 0.47,
    Work.STREAM: 0.20,
    Work.EMBEDDING: 0.12,
    Work.VIDEO: 0.08,
    Work.WRONG_MODEL: 0.04,
    Work.WRONG_REQUEST: 0.03,
    Work.WRONG_KEY: 0.03,
    Work.NO_QUOTA: 0.03,
}

HOPELESS: Final = frozenset({Work.WRONG_MODEL, Work.WRONG_REQUEST, Work.WRONG_KEY, Work.NO_QUOTA})
"""Calls that can never succeed: wrong, or for a model whose quota is used up."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: when it starts, and the marker by which the ledger knows it."""

    marker: str
    work: Work
    at_s: float


def plan(calls: int, seed: int) -> tuple[Call, ...]:
    """Return `calls` calls in the order in which they start; at least one of each kind.

    >>> [str(call.work) for call in plan(7, seed=0)].count("wrong key")
    1
    """
    random = Random(f"workload/{seed}")  # noqa: S311 - a simulation
    works = _works(calls)
    random.shuffle(works)
    length_s = calls / CALLS_PER_S
    starts = sorted(_start(length_s, random) for _ in works)
    return tuple(
        Call(f"c{number:04}", work, at_s)
        for number, (work, at_s) in enumerate(zip(works, starts, strict=True))
    )


def _works(calls: int) -> list[Work]:
    """Return every kind by its share, the last ones at least once, the first filling up."""
    counts = {work: max(1, round(calls * share)) for work, share in SHARES.items()}
    counts[Work.CHAT] = 0
    counts[Work.CHAT] = max(0, calls - sum(counts.values()))
    return list(chain.from_iterable(repeat(work, count) for work, count in counts.items()))


def _start(length_s: float, random: Random) -> float:
    draw = random.random()
    for number, share in enumerate(BURSTS_AT):
        if draw < BURST_SHARE * (number + 1):
            return length_s * share
    return length_s * random.random()
