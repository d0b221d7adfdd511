"""What the runs come to, for a terminal and for the page in docs.

Figures are means over the seeds. A target is judged by the worst seed, and all targets of a row
hold together or the row does not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .measure import Result
from .rows import Row, Target


@dataclass(frozen=True, slots=True)
class Summary:
    """One client on one row, over its seeds."""

    row: Row
    client: str
    results: tuple[Result, ...]

    def mean(self, name: str) -> float | None:
        """Of a column; None where the row has none."""
        values = [getattr(result, name) for result in self.results]
        return None if None in values else sum(values) / len(values)

    def missed(self) -> list[str]:
        """What the worst seed misses of the row's targets."""
        return [
            f"{HEADS[name]} {shown(name, worst)}, wanted {sign} {shown(name, wanted)}"
            for name, wanted, sign in _wanted(self.row.target)
            if not _holds(worst := self._worst(name, sign), wanted, sign)
        ]

    def _worst(self, name: str, sign: str) -> float:
        values: list[float] = [getattr(result, name) for result in self.results]
        return min(values) if sign == "≥" else max(values)

    def figures(self) -> dict[str, Any]:
        """For JSON: every seed, and the verdict."""
        return {
            "row": self.row.name,
            "client": self.client,
            "seeds": [asdict(result) for result in self.results],
            "missed": self.missed() if self.client == "halley" else None,
        }


_AT_LEAST = frozenset({"goodput", "fairness"})
HEADS = {
    "goodput": "goodput",
    "refused": "429s/ok",
    "given_up": "given up",
    "recovery_s": "back",
    "fairness": "Jain",
    "time": "time",
    "sends": "sends",
    "lost": "lost",
}
"""What a figure is called."""
COLUMNS = tuple(name for name in HEADS if name != "lost")


def _wanted(target: Target) -> list[tuple[str, float, str]]:
    return [
        (name, wanted, "≥" if name in _AT_LEAST else "≤")
        for name, wanted in asdict(target).items()
        if wanted is not None
    ]


def _holds(value: float, wanted: float, sign: str) -> bool:
    return value >= wanted if sign == "≥" else value <= wanted


def asked(target: Target) -> str:
    """The targets in one line.

    >>> asked(Target(goodput=0.98, refused=0.02))
    'goodput ≥ 98.0 %, 429s/ok ≤ 0.020, lost ≤ 0'
    """
    wanted = _wanted(target)
    return ", ".join(f"{HEADS[name]} {sign} {shown(name, value)}" for name, value, sign in wanted)


_SHOWN: dict[str, Callable[[float], str]] = {
    "goodput": lambda value: f"{100 * value:.1f} %",
    "refused": lambda value: f"{value:.3f}" if value < 10 else f"{value:.0f}",
    "given_up": lambda value: f"{100 * value:.{1 if value else 0}f} %",
    "recovery_s": lambda value: f"{value:.0f} s",
    "time": lambda value: f"{value:.3f} x",
    "lost": lambda value: f"{value:.0f}",
}


def shown(name: str, value: float | None) -> str:
    """A figure of a column.

    >>> shown("goodput", 0.9914), shown("given_up", 0.0), shown("recovery_s", float("inf"))
    ('99.1 %', '0 %', 'never')
    """
    if value is None:
        return ""
    if math.isinf(value):
        return "never" if name in {"recovery_s", "time"} else "∞"
    return _SHOWN[name](value) if name in _SHOWN else f"{value:.2f}"


def terminal(summaries: Iterable[Summary]) -> str:
    """A line for each client, under each row."""
    lines = [" ".join((f"{'':20}", *(f"{HEADS[name]:>8}" for name in COLUMNS)))]
    last = None
    for summary in summaries:
        if summary.row is not last:
            last = summary.row
            lines.append(f"{last.name}: {last.summary}")
        cells = (shown(name, summary.mean(name)) for name in COLUMNS)
        lines.append(" ".join((f"  {summary.client:18}", *(f"{cell:>8}" for cell in cells))))
        lines[-1] += _stopped(summary)
        if summary.client == "halley" and _wanted(last.target):
            missed = summary.missed()
            verdict = f"MISSED: {'; '.join(missed)}" if missed else f"held: {asked(last.target)}"
            lines.append(f"    {verdict}")
    return "\n".join(lines)


def _stopped(summary: Summary) -> str:
    stops = [result.ran_away_s for result in summary.results if result.ran_away_s is not None]
    return f"  stopped at {min(stops):.0f} s: it sends without end" if stops else ""


def markdown(summaries: Sequence[Summary]) -> str:
    """Two tables: halley beside its targets, and everybody on every upstream."""
    ours = [summary for summary in summaries if summary.client == "halley"]
    return f"{_ours(ours)}\n\n{_everybody(summaries)}\n"


def _ours(summaries: Sequence[Summary]) -> str:
    heads = ("upstream", "", *(HEADS[name] for name in COLUMNS), "target", "held")
    lines = [_line(heads), _line(["---"] * len(heads))]
    for summary in summaries:
        cells = (shown(name, summary.mean(name)) for name in COLUMNS)
        wanted = asked(summary.row.target)
        missed = "; ".join(summary.missed())
        held = "" if not wanted else f"**no**: {missed}" if missed else "yes"
        lines.append(_line((summary.row.name, summary.row.summary, *cells, wanted, held)))
    return "\n".join(lines)


def _everybody(summaries: Sequence[Summary]) -> str:
    rows = list(dict.fromkeys(summary.row.name for summary in summaries))
    clients = list(dict.fromkeys(summary.client for summary in summaries))
    cells = {(summary.client, summary.row.name): _cell(summary) for summary in summaries}
    lines = [_line(("", *rows)), _line(["---"] * (len(rows) + 1))]
    lines += [_line((name, *(cells.get((name, row), "") for row in rows))) for name in clients]
    return "\n".join(lines)


def _cell(summary: Summary) -> str:
    """Goodput in per cent, 429s per success, and per cent given up where there is some."""
    goodput, refused, lost = (summary.mean(name) for name in ("goodput", "refused", "given_up"))
    assert goodput is not None
    cell = f"{100 * goodput:.0f} / {shown('refused', refused)}"
    cell += f" / **{100 * lost:.0f}**" if lost is not None and lost >= 0.005 else ""
    if any(result.ran_away_s is not None for result in summary.results):
        cell += " †"
    return cell


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
