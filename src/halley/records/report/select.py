"""Which calls a report is about: a span of time, and conditions as in `kind=rate_limit,key=batch`.

A call is meant if it began within the span, it fits every condition on calls, and one of its
attempts fits all conditions on attempts. The page has the same words and the same rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from halley.records.report.load import Log

OF_ATTEMPTS: Final = {
    "model": "attempts.model",
    "kind": "attempts.kind",
    "key": "attempts.key",
    "action": "attempts.action",
    "status": "attempts.status::VARCHAR",
    "fault": "attempts.fault",
    "rule": "attempts.rule",
    "stop_reason": "attempts.stop_reason",
    "stream": "attempts.stream",
    "waste": "attempts.waste",
    "ambiguous": "attempts.ambiguous::VARCHAR",
}
OF_CALLS: Final = {
    "call_id": "calls.call_id",
    "outcome": "calls.outcome",
    "last_kind": "calls.kind",
    "last_action": "calls.action",
    "last_stop_reason": "calls.stop_reason",
    "retried": "(calls.attempts > 1)::VARCHAR",
}
"""What a condition may name, with where it stands; an empty value means that there is none."""

_AGO: Final = re.compile(r"(\d{1,6})\s*([smhd])")
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class SelectionError(Exception):
    """A condition or a time cannot be understood; the message is one line."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Calls that began from `since_ms` up to before `until_ms`, and fit all conditions."""

    since_ms: int | None = None
    until_ms: int | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.conditions) or (self.since_ms, self.until_ms) != (None, None)


def conditions(text: str) -> dict[str, str]:
    """Read conditions.

    >>> conditions("kind=rate_limit,key=")
    {'kind': 'rate_limit', 'key': ''}

    Raises:
        SelectionError: There is no "=", or the name is not known.
    """
    found = {}
    for part in filter(None, text.split(",")):
        name, equals, value = part.partition("=")
        if not equals or name not in OF_ATTEMPTS | OF_CALLS:
            known = ", ".join(OF_ATTEMPTS | OF_CALLS)
            raise SelectionError(f"{part!r}: expected NAME=VALUE with a name of {known}")
        found[name] = value
    return found


def moment_ms(text: str, now: datetime) -> int:
    """Read a moment: `2026-11-23T14:00`, in UTC unless it says otherwise, or `90m`: so long ago.

    >>> moment_ms("2h", datetime(2026, 1, 1, tzinfo=UTC)) == 1767225600_000 - 7200_000
    True

    Raises:
        SelectionError: It is neither.
    """
    now_ms = round(now.timestamp() * 1000)
    if ago := _AGO.fullmatch(text.strip()):
        return now_ms - int(ago[1]) * _UNIT_S[ago[2]] * 1000
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SelectionError(
            f"{text!r}: expected a time such as 2026-11-23T14:00, or 90s, 30m, 2h, 1d ago"
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def narrow(log: Log, selection: Selection) -> None:
    """Leave in the tables of a log what is selected."""
    if not selection:
        return
    where, values = _where(selection)
    log.rows(f"DELETE FROM calls WHERE NOT coalesce({where}, false)", values)  # noqa: S608 - names are ours
    log.rows("DELETE FROM attempts WHERE call_id NOT IN (SELECT call_id FROM calls)")


def _where(selection: Selection) -> tuple[str, dict[str, object]]:
    of_calls: list[str] = ["true"]
    of_attempts: list[str] = []
    values: dict[str, object] = {}
    for name, sign, limit in (
        ("since", ">=", selection.since_ms),
        ("until", "<", selection.until_ms),
    ):
        if limit is not None:
            of_calls.append(f"started_ms {sign} ${name}")
            values[name] = limit
    for name, value in selection.conditions.items():
        parts, column = (
            (of_attempts, OF_ATTEMPTS[name]) if name in OF_ATTEMPTS else (of_calls, OF_CALLS[name])
        )
        parts.append(f"coalesce({column}, '') = ${name}")
        values[name] = value
    if of_attempts:
        of_calls.append(_met(of_attempts))
    return " AND ".join(of_calls), values


def _met(parts: Sequence[str]) -> str:
    return f"call_id IN (SELECT call_id FROM attempts WHERE {' AND '.join(parts)})"  # noqa: S608
