"""Processes that share their pacer, in virtual time: the same members and rules, no thread.

The store is the record in memory, whose exchanges are those of Redis (tests hold the two
together), or Redis itself with virtual time in its server's place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from halley.core.lanes import LaneKey, Lanes
from halley.drivers.virtual import VirtualClock
from halley.shared.exchanger import EVERY_S, GAP_S
from halley.shared.member import Member, lane_id
from halley.shared.record import Record, exchange
from halley.shared.store import Answer, Report, Store, StoreError

ROUND_TRIP_S = 0.001


@dataclass(slots=True)
class Memory:
    """The records of all lanes."""

    now: Callable[[], float]
    records: dict[str, Record] = field(default_factory=dict)

    def exchange(self, lane: str, report: Report) -> Answer:
        """Take a report in, and answer it."""
        self.records[lane], answer = exchange(self.records.get(lane), report, self.now())
        return answer

    def close(self) -> None:
        """Nothing is open."""


class Sharing:
    """Keeps the lanes of one client in step with a store, as `halley.shared.exchanger` does."""

    def __init__(self, name: str, lanes: Lanes, store: Store, clock: VirtualClock) -> None:
        self._store = store
        self._clock = clock
        self._member = Member(name, lanes)
        lanes.share(self._ring, b"\1")
        self._last = -GAP_S
        self._next_at = math.inf

    def _ring(self) -> bool:
        self._plan(max(self._clock.time, self._last + GAP_S))
        return True

    def _plan(self, at: float) -> None:
        """Have the next turn then, unless one is planned before."""
        if at < self._next_at:
            self._next_at = at
            self._clock.at(at, lambda: self._turn(at))

    def _turn(self, at: float) -> None:
        if at != self._next_at:
            return
        self._last, self._next_at = at, math.inf
        reports = self._member.reports(at)
        for key, report in reports:
            self._exchange(key, report)
        if reports:
            self._plan(at + EVERY_S)

    def _exchange(self, key: LaneKey, report: Report) -> None:
        asked_at = self._clock.time
        try:
            answer = self._store.exchange(lane_id(key), report)
        except StoreError:
            self._member.miss(key, asked_at)
            return
        self._clock.at(asked_at + ROUND_TRIP_S, lambda: self._take(key, answer, asked_at))

    def _take(self, key: LaneKey, answer: Answer, asked_at: float) -> None:
        woken = self._member.take(key, answer, asked_at, self._clock.time)
        if woken is not None:
            woken.wake()
