"""The lanes of one client as a member of the store's: what it reports, and what it takes from it.

Sans-IO: time is an argument, and whoever calls holds the client's lock. Between two answers a lane
goes on by its own copy of the law and its last share. A share is good for a second; after that a
lane keeps a little less than it had, and never less than of an equal part, until the store is back.
"""

from __future__ import annotations

import hashlib
import math
from typing import Final

from halley.core.lanes import LaneKey, Lanes
from halley.core.law import Law
from halley.core.pace import Lane, Ticket
from halley.core.signals import Binds, Event, Signal
from halley.shared.replica import Replica
from halley.shared.shares import demand, shares
from halley.shared.store import Answer, Report, Wants

LEASE_S: Final = 1.0
"""For so long a share is good."""
QUIET_S: Final = 1.0
"""A lane that is not used for so long leaves, and gives its share away."""
APART: Final = 0.8
"""Of its last share a lane keeps so much while the store is away."""
SMOOTH_S: Final = 1.0
"""Over which the rate of sends is averaged."""
LEAST_S: Final = 1e-6
"""Between two reports."""
CLOCK_S: Final = 0.01
"""Two clocks that are no further apart are taken as one."""


def lane_id(key: LaneKey) -> str:
    """Return the name of a lane, the same in every process; nothing of it can be read in it."""
    text = "\0".join(map(str, key))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"halley.lane").hexdigest()


def moved(signal: Signal, by_s: float) -> Signal:
    """Return a signal at another place in time; a refusal still names its send, to the bit.

    >>> moved(Signal(Event.SENT, 1.0, 0.5), 2.0)[:3] == (Event.SENT, 3.0, 2.5)
    True
    """
    return signal._replace(now=signal.now + by_s, sent_at=signal.sent_at + by_s)


class Follower:
    """One lane of this process, and its place among those who share it."""

    __slots__ = (
        "_ahead_s",
        "_answered_at",
        "_apart",
        "_busy_at",
        "_equal",
        "_held_until",
        "_replica",
        "_reported_at",
        "_sent_per_s",
        "lane",
    )

    def __init__(self, lane: Lane, now: float, ahead_s: float | None) -> None:
        self.lane = lane
        self._replica = Replica(lane.law)
        self._ahead_s = ahead_s
        self._reported_at = self._busy_at = now
        self._answered_at = -math.inf
        self._apart = True
        self._equal = 1.0
        self._sent_per_s = 0.0
        self._held_until = -math.inf

    def report(self, name: str, now: float, *, leaves: bool) -> Report:
        """Return what to tell the store; a lane that was quiet for a while leaves."""
        lane = self.lane
        if lane.in_flight or lane.queued or lane.outbox:
            self._busy_at = now
        stays = not leaves and now - self._busy_at <= QUIET_S
        if not self._replica.epoch:
            self._replica = Replica(self._seed())
        return Report(
            member=name,
            wants=self._wants(now) if stays else None,
            signals=self._told(stays=stays),
            held_until=self._newly_held(),
            epoch=self._replica.epoch,
            seq=self._replica.seq,
            state=self._replica.state(),
        )

    def _seed(self) -> Law:
        """Return the law for a store that has none, in the store's time."""
        law = self.lane.law
        return Law(ramp=law.ramp) if self._ahead_s is None else law.moved(self._ahead_s)

    def _wants(self, now: float) -> Wants:
        sent = [signal for signal in self.lane.outbox or () if signal.event is Event.SENT]
        waited = sum(signal.binds is not Binds.NOTHING for signal in sent)
        passed_s = max(now - self._reported_at, LEAST_S)
        weight = 1.0 - math.exp(-passed_s / SMOOTH_S)
        self._sent_per_s += weight * (len(sent) / passed_s - self._sent_per_s)
        self._reported_at = now
        lane = self.lane
        return Wants(lane.queued + waited, lane.in_flight, round(self._sent_per_s, 3))

    def _told(self, *, stays: bool) -> tuple[Signal, ...]:
        """Take out the signals to tell; before the store's time is known they stay where they are.

        A lane that leaves collects no more.
        """
        outbox = self.lane.outbox or []
        told = () if self._ahead_s is None else tuple(moved(s, self._ahead_s) for s in outbox)
        if not stays:
            self.lane.outbox = None
        elif told:
            self.lane.outbox = []
        return told

    def _newly_held(self) -> float:
        held_until = self.lane.held_until
        if self._ahead_s is None or held_until <= self._held_until:
            return 0.0
        self._held_until = held_until
        return held_until + self._ahead_s

    def take(self, name: str, answer: Answer, asked_at: float, now: float) -> Ticket | None:
        """Take the law and a share of it; return the caller to wake.

        Raises:
            StoreError: the store holds something unreadable.
        """
        ahead_s = self._ahead_s = self._difference(answer.now, asked_at, now)
        law = self._replica.follow(answer).moved(-ahead_s)
        rate_per_s, in_flight_max = law.rate_per_s, law.in_flight_max
        demands = {
            member: demand(wants, rate_per_s, in_flight_max)
            for member, wants in answer.members.items()
        }
        self._equal = 1.0 / (len(demands) + (name not in demands))
        self._answered_at, self._apart = now, False
        self._held_until = max(self._held_until, answer.held_until - ahead_s)
        return self.lane.adopt(
            law.state(),
            share=shares(demands).get(name, self._equal),
            others_in_flight=sum(w.in_flight for m, w in answer.members.items() if m != name),
            held_until=self._held_until,
        )

    def _difference(self, there: float, asked_at: float, now: float) -> float:
        """Return by how much the store's clock is ahead; small changes are noise."""
        ahead_s = there - (asked_at + now) / 2
        known, noise_s = self._ahead_s, max(CLOCK_S, now - asked_at)
        if known is not None and abs(ahead_s - known) <= noise_s:
            return known
        return ahead_s

    def miss(self, now: float) -> None:
        """Go on without an answer: by this lane's own law, and after a second with less."""
        self._replica.epoch = ""
        if self.lane.outbox:
            self.lane.outbox.clear()
        if not self._apart and now - self._answered_at > LEASE_S:
            self._apart = True
            self.lane.share = APART * max(self.lane.share, self._equal)


class Member:
    """The lanes of one client.

    Args:
        name: Nobody else's.
        lanes: Whoever steps them holds the client's lock.
        ahead_s: By how much the store's clock is ahead; None: to be found out.
    """

    def __init__(self, name: str, lanes: Lanes, ahead_s: float | None = None) -> None:
        self._name = name
        self._lanes = lanes
        self._ahead_s = ahead_s
        self._followers: dict[LaneKey, Follower] = {}

    def reports(self, now: float, *, leaves: bool = False) -> list[tuple[LaneKey, Report]]:
        """Return what to tell about each lane in use."""
        lanes = self._lanes.open
        for key in self._followers.keys() - lanes.keys():
            del self._followers[key]
        return [
            (key, self._follower(key, lane, now).report(self._name, now, leaves=leaves))
            for key, lane in lanes.items()
            if lane.outbox is not None
        ]

    def _follower(self, key: LaneKey, lane: Lane, now: float) -> Follower:
        follower = self._followers.get(key)
        if follower is None or follower.lane is not lane:
            follower = self._followers[key] = Follower(lane, now, self._ahead_s)
        return follower

    def take(self, key: LaneKey, answer: Answer, asked_at: float, now: float) -> Ticket | None:
        """Take an answer about a lane; return the caller to wake.

        Raises:
            StoreError: the store holds something unreadable.
        """
        follower = self._followers.get(key)
        return None if follower is None else follower.take(self._name, answer, asked_at, now)

    def miss(self, key: LaneKey, now: float) -> None:
        """Go on without an answer about a lane."""
        if (follower := self._followers.get(key)) is not None:
            follower.miss(now)

    def fork(self, name: str) -> None:
        """Begin anew in a forked process: the calls and callers of the other one are not here."""
        self._name = name
        self._followers.clear()
        self._lanes.clear()
