"""What a member of a shared lane tells a store, and what it gets back.

A store keeps, for every lane, a snapshot of the law, the reports since that snapshot in the order
in which they came, the members with what they want, and the longest wait a server asked for. It
understands neither laws nor signals. Times in a report are relative to its sending and the store
stamps them with its own clock, so no two clocks need to agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

MEMBER_S = 2.0
"""A member that was not heard of for so long is gone."""
LANE_S = 600.0
"""A lane that nobody told anything about for so long is forgotten."""

State: TypeAlias = Mapping[str, Any]
"""A law as JSON-able values; its times are relative to an instant that stands beside it."""


class Wants(NamedTuple):
    """What one member does with a lane.

    Attributes:
        queued: Callers that wait for a permit now, or had to since the last report.
        in_flight: Calls under way.
        sent_per_s: Sends per second of late.
    """

    queued: int
    in_flight: int
    sent_per_s: float


class Report(NamedTuple):
    """What a member tells.

    Attributes:
        member: Its name, unique.
        wants: None: it leaves.
        signals: What its calls met since its last report, in order.
        hold_s: A server's wait that nobody was told of yet, seconds from now; 0: none.
        epoch: The life of the lane's record that the member follows; "": none yet.
        seq: Reports of that life that are in `state`.
        at: Server time that the times in `state` are relative to; None: now.
        state: The member's law. It is the first snapshot where the store has none, and the next
            one where it is ahead of the store's.
    """

    member: str
    wants: Wants | None
    signals: tuple[tuple[Any, ...], ...]
    hold_s: float
    epoch: str
    seq: int
    at: float | None
    state: State


class Snapshot(NamedTuple):
    """A law at an instant of server time."""

    at: float
    state: State


class Batch(NamedTuple):
    """The signals of one report, received at an instant of server time."""

    at: float
    signals: tuple[tuple[Any, ...], ...]


class Answer(NamedTuple):
    """What a member is told.

    Attributes:
        now: Server time, seconds.
        epoch: The life of the record.
        seq: Reports in it, those of `batches` included.
        snapshot: Where to start from; None: go on from what was reported.
        batches: Reports to apply on top, in order.
        members: What everybody wants, the one who asks included unless it left.
        held_s: Seconds for which nobody may go.
    """

    now: float
    epoch: str
    seq: int
    snapshot: Snapshot | None
    batches: tuple[Batch, ...]
    members: Mapping[str, Wants]
    held_s: float


class Store(Protocol):
    """Where the members of a lane meet; one round trip an exchange."""

    def exchange(self, lane: str, report: Report) -> Answer:
        """Take a report in, and return what the member does not know yet.

        Raises:
            StoreError: there is no answer; whether the report has arrived is not known.
        """


class StoreError(Exception):
    """The store cannot be reached, or does not answer as it should."""
