"""The record of one lane, and what an exchange does to it: the rules of every store, in Python.

`exchange.lua` says the same to Redis; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from halley.shared.store import MEMBER_S, Answer, Fields, Report, State, Wants


@dataclass(slots=True)
class Record:
    """What a store knows of a lane.

    Attributes:
        epoch: Told apart from the record that stood here before by its name.
        snapshot: A law.
        base: Reports that are in it.
        log: The signals of those since then.
        members: Name -> when it expires, and what it wants.
        held_until: Before this nobody may go.
        used_at: Of the last exchange.
    """

    epoch: str
    snapshot: State
    base: int = 0
    log: list[tuple[Fields, ...]] = field(default_factory=list)
    members: dict[str, tuple[float, Wants]] = field(default_factory=dict)
    held_until: float = 0.0
    used_at: float = 0.0

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Record:
        """Return a record that was JSON meanwhile.

        Raises:
            LookupError, TypeError, ValueError: it was none.
        """
        log = [tuple(tuple(fields) for fields in report) for report in values["log"]]
        entries = values["members"].items()
        members = {name: (expires, Wants(*wants)) for name, (expires, wants) in entries}
        return cls(**{**values, "log": log, "members": members})


def exchange(record: Record | None, report: Report, now: float) -> tuple[Record, Answer]:
    """Take a report in; return the record and what the member does not know yet."""
    if record is None:
        record = Record(f"{report.member}@{now:.6f}", report.state)
    elif record.epoch == report.epoch and report.seq > record.base:
        del record.log[: report.seq - record.base]
        record.base, record.snapshot = report.seq, report.state
    if report.signals:
        record.log.append(report.signals)
    record.held_until = max(record.held_until, report.held_until)
    record.used_at = now
    _count(record, report, now)
    return record, _answer(record, report, now)


def _count(record: Record, report: Report, now: float) -> None:
    """Renew the member's entry, and drop those of the dead."""
    if report.wants is None:
        record.members.pop(report.member, None)
    else:
        record.members[report.member] = (now + MEMBER_S, report.wants)
    for name in [name for name, (expires, _) in record.members.items() if expires <= now]:
        del record.members[name]


def _answer(record: Record, report: Report, now: float) -> Answer:
    seq = record.base + len(record.log)
    follows = record.epoch == report.epoch and record.base <= report.seq <= seq
    return Answer(
        now=now,
        epoch=record.epoch,
        seq=seq,
        snapshot=None if follows else record.snapshot,
        reports=tuple(record.log[report.seq - record.base if follows else 0 :]),
        members={name: wants for name, (_, wants) in record.members.items()},
        held_until=record.held_until,
    )
