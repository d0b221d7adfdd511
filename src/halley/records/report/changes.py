"""What changed: the last fifth of a log compared with what was before it.

A share has changed if it moved by half or more and by more than three standard errors, so that
small numbers do not cry wolf; what was never there before is new from its third call on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Final

from halley.records.report.figures import Change

LAST_PART: Final = 0.2
RATIO_MIN: Final = 1.5
ERRORS_MIN: Final = 3.0
CALLS_MIN: Final = 20
NEW_MIN: Final = 3
AMPLIFICATION_MIN: Final = 0.02
DIMENSIONS: Final = ("kind", "model", "key")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the log: its calls; how many met each kind, ended on each model and key."""

    calls: int
    failed: int
    attempts: int
    p95_s: float
    seconds: float
    met: Mapping[str, Mapping[str, int]]


def changes(before: Part, after: Part) -> tuple[Change, ...]:
    """Compare two parts; nothing is said of one with fewer than `CALLS_MIN` calls."""
    if min(before.calls, after.calls) < CALLS_MIN:
        return ()
    return (*_failed(before, after), *_met(before, after), *_pace(before, after))


def moved(before: int, of_before: int, after: int, of_after: int) -> bool:
    """Say whether a share has changed beyond chance.

    >>> moved(10, 1000, 60, 1000), moved(1, 100, 3, 100), moved(400, 1000, 500, 1000)
    (True, False, False)
    """
    pooled = (before + after) / (of_before + of_after)
    error = sqrt(pooled * (1 - pooled) * (1 / of_before + 1 / of_after))
    share_before, share_after = before / of_before, after / of_after
    if abs(share_after - share_before) <= ERRORS_MIN * error:
        return False
    return _by_half(share_before, share_after)


def _by_half(before: float, after: float) -> bool:
    return max(before, after) >= RATIO_MIN * min(before, after)


def _failed(before: Part, after: Part) -> Iterator[Change]:
    if moved(before.failed, before.calls, after.failed, after.calls):
        shares = before.failed / before.calls, after.failed / after.calls
        yield Change("failed", "", *shares, "outcome=given_up")


def _met(before: Part, after: Part) -> Iterator[Change]:
    for what in DIMENSIONS:
        then, now = before.met[what], after.met[what]
        for name in sorted(then.keys() | now.keys(), key=lambda name: (-now.get(name, 0), name)):
            old, new = then.get(name, 0), now.get(name, 0)
            if new >= NEW_MIN and not old:
                yield Change(what, name, None, new / after.calls, f"{what}={name}")
            elif old and moved(old, before.calls, new, after.calls):
                yield Change(what, name, old / before.calls, new / after.calls, f"{what}={name}")


def _pace(before: Part, after: Part) -> Iterator[Change]:
    """Attempts a call, calls a second, and how long a call takes."""
    then, now = before.attempts / before.calls, after.attempts / after.calls
    if abs(now - then) >= AMPLIFICATION_MIN and _by_half(abs(then - 1), abs(now - 1)):
        yield Change("amplification", "", then, now, "retried=true")
    then, now = before.calls / before.seconds, after.calls / after.seconds
    if _by_half(then, now):
        yield Change("offered", "", then, now, "")
    if _by_half(before.p95_s, after.p95_s):
        yield Change("call_p95", "", before.p95_s, after.p95_s, "")
