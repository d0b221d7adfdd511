"""What a lane tells its law: one signal per event, in the order of time.

Signals are plain values, and as a list each is JSON, so that several processes can teach one law.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, StrEnum
from typing import Any, NamedTuple


class Event(IntEnum):
    """What a signal is about."""

    SENT = 0
    ADMITTED = 1
    REFUSED = 2
    SETTLED = 3
    TOLD = 4


class Binds(IntEnum):
    """What a call had to wait for last before it was sent."""

    NOTHING = 0
    REQUESTS = 1
    TOKENS = 2
    IN_FLIGHT = 3


class Why(StrEnum):
    """What a refusal says about the limit behind it.

    `STRAY`: it is one upstream channel's and no limit of this key. `SLOW_DOWN`: the rate is allowed
    and grew too fast.
    """

    UNKNOWN = "unknown"
    RATE = "rate"
    TOKENS = "tokens"
    CONCURRENCY = "concurrency"
    SLOW_DOWN = "slow_down"
    STRAY = "stray"


class Signal(NamedTuple):
    """One event.

    Attributes:
        now: When it happened, seconds of any one clock.
        sent_at: When the call it is about was sent, on the same clock.
        binds: SENT: what held the call back. TOLD: which rate the server told.
        cost: LLM tokens: estimated, SENT and REFUSED; SETTLED: used beyond the estimate. TOLD: the
            rate, per second.
        in_flight: SENT and REFUSED: calls in flight when it was sent, itself included; 0: unknown.
        why: REFUSED: what it says.
        turns: SENT and REFUSED: those of the law that the sender knew of; None: of all.
    """

    event: Event
    now: float
    sent_at: float
    binds: Binds = Binds.NOTHING
    cost: float = 1.0
    in_flight: int = 0
    why: Why = Why.UNKNOWN
    turns: int | None = None

    @classmethod
    def of(cls, values: Sequence[Any]) -> Signal:
        """Return a signal that went through JSON.

        >>> import json
        >>> sent = Signal(Event.REFUSED, 2.5, 2.0, cost=30.0, in_flight=4, why=Why.RATE, turns=2)
        >>> Signal.of(json.loads(json.dumps(sent))) == sent
        True
        """
        event, now, sent_at, binds, cost, in_flight, why, turns = values
        return cls(Event(event), now, sent_at, Binds(binds), cost, in_flight, Why(why), turns)
