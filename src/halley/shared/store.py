"""What a member of a shared lane tells a store, and what it gets back.

A store keeps, for every lane, a snapshot of the law, the reports since that snapshot in the order
in which they came, the members with what they want, and the end of the longest wait that a server
asked for. It understands neither laws nor signals. All times are those of the store's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias

MEMBER_S = 2.0
"""A member that was not heard of for so long is gone."""
LANE_S = 600.0
"""A lane that nobody told anything about for so long is forgotten."""

State: TypeAlias = Mapping[str, Any]
"""A law as JSON-able values."""
Fields: TypeAlias = tuple[Any, ...]
"""A signal as JSON-able values."""


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
        held_until: The end of a server's wait that the store was not told of yet; 0: none.
        epoch: The life of the lane's record that the member follows; "": none yet.
        seq: Reports of that life that are in `state`.
        state: The member's law. It is the first snapshot where the store has none, and the next
            one where it is ahead of the store's.
    """

    member: str
    wants: Wants | None
    signals: tuple[Fields, ...]
    held_until: float
    epoch: str
    seq: int
    state: State


class Answer(NamedTuple):
    """What a member is told.

    Attributes:
        now: The store's time, seconds.
        epoch: The life of the record.
        seq: Reports in it, those of `reports` included.
        snapshot: Where to start from; None: go on from what was reported.
        reports: Signals to apply on top, one tuple a report, in order.
        members: What everybody wants, the one who asks included unless it left.
        held_until: Before this nobody may go.
    """

    now: float
    epoch: str
    seq: int
    snapshot: State | None
    reports: tuple[tuple[Fields, ...], ...]
    members: Mapping[str, Wants]
    held_until: float


class Store(Protocol):
    """Where the members of a lane meet; one round trip an exchange."""

    def exchange(self, lane: str, report: Report) -> Answer:
        """Take a report in, and return what the member does not know yet.

        Raises:
            StoreError: there is no answer; whether the report has arrived is not known.
        """

    def close(self) -> None:
        """Let go of what the store holds open; the next exchange opens it again."""


class StoreError(Exception):
    """The store cannot be reached, or does not answer as it should."""
