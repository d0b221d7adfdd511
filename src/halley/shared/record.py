"""The record of one lane, and what an exchange does to it: the rules of every store, in Python.

`exchange.lua` says the same to Redis; a test holds the two together. A record is a value that
turns into JSON and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from halley.shared.store import MEMBER_S, Answer, Batch, Report, Snapshot, Wants


@dataclass(slots=True)
class Record:
    """What a store knows of a lane.

    Attributes:
        epoch: Told apart from the record that stood here before by its name.
        base: Reports that are in the snapshot.
        log: Reports since then.
        members: Name -> when it expires, and what it wants.
        held_until: Server time before which nobody may go.
    """

    epoch: str
    snapshot: Snapshot
    base: int = 0
    log: list[Batch] = field(default_factory=list)
    members: dict[str, tuple[float, Wants]] = field(default_factory=dict)
    held_until: float = 0.0


def exchange(record: Record | None, report: Report, now: float) -> tuple[Record, Answer]:
    """Take a report in; return the record and what the member does not know yet."""
    if record is None:
        record = Record(f"{report.member}@{now:.6f}", Snapshot(now, report.state))
    elif record.epoch == report.epoch and report.seq > record.base and report.at is not None:
        del record.log[: report.seq - record.base]
        record.base, record.snapshot = report.seq, Snapshot(report.at, report.state)
    if report.signals:
        record.log.append(Batch(now, report.signals))
    record.held_until = max(record.held_until, now + report.hold_s)
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
        batches=tuple(record.log[report.seq - record.base if follows else 0 :]),
        members={name: wants for name, (_, wants) in record.members.items()},
        held_s=max(0.0, record.held_until - now),
    )
