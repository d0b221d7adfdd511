"""The pacer: when a call may go, learned from what the server admits and refuses.

A lane is one origin, model and key. It does nothing until the first refusal; then it sends at the
rate that was just admitted, grows ever faster while that rate is what binds and nothing is refused,
and is free again after a quiet minute. A server's wait holds the whole lane. A permit is one call
in flight. Time is an argument; a lane is single-threaded: whoever steps it holds the lock.

Source: AIMD with growth in time, as measured in the simulations behind `docs/pacing.md`.
"""

from __future__ import annotations

import math
from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

RATE_START_PER_S = 1.0
"""Least rate after the first refusal, when next to nothing was admitted before it."""
RATE_FLOOR_PER_S = 0.05
CUT = 0.8
"""Share of the rate admitted in the last two seconds that a lane goes on with after a refusal."""
EPISODE_S = 1.0
"""Refusals this close to a cut belong to its burst: they sharpen its estimate, and cut no more."""
WINDOW_S = 2.0
GROWTH_START_PER_S = 0.03
GROWTH_MAX_PER_S = 0.30
GROWTH_DOUBLES_S = 5.0
FREE_AFTER_S = 60.0
LANES_MAX = 1024
SENDS_KEPT = 1024

LaneKey: TypeAlias = tuple[str, str, int | str]
"""Origin, model, credential: what identifies it in this process, or its alias."""


class Ticket(Protocol):
    """A caller that waits for a permit, as the driver knows it."""

    def wake(self) -> None:
        """Let the caller ask again."""


@dataclass(frozen=True, slots=True)
class Granted:
    """The call may go, and counts as in flight until `leave`; `then` is the caller to wake."""

    then: Ticket | None = None


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Not yet: ask again after `wait_s`, or when the ticket is woken (infinite: not before)."""

    wait_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no place in the queue, or no permit before the deadline."""

    why: str


Answer: TypeAlias = Granted | AskAgain | Refused


def growth_per_s(quiet_s: float) -> float:
    """Share by which the rate grows per second, `quiet_s` after the last cut.

    >>> growth_per_s(0.0), growth_per_s(5.0), growth_per_s(60.0)
    (0.03, 0.06, 0.3)
    """
    return min(GROWTH_MAX_PER_S, GROWTH_START_PER_S * math.exp2(quiet_s / GROWTH_DOUBLES_S))


class Lane:
    """Calls of one origin, model and key."""

    __slots__ = (
        "_cut_at",
        "_grown_at",
        "_held_until",
        "_in_flight_max",
        "_least",
        "_next_at",
        "_queue",
        "_queue_max",
        "_refusals",
        "_sends",
        "in_flight",
        "rate_per_s",
    )

    def __init__(self, *, in_flight_max: int | None, queue_max: int) -> None:
        self.in_flight = 0
        self.rate_per_s: float | None = None
        self._in_flight_max = math.inf if in_flight_max is None else in_flight_max
        self._queue_max = queue_max
        self._queue: OrderedDict[Ticket, None] = OrderedDict()
        self._sends: deque[float] = deque(maxlen=SENDS_KEPT)
        self._refusals: deque[float] = deque(maxlen=SENDS_KEPT)
        self._next_at = self._held_until = self._cut_at = self._grown_at = -math.inf
        self._least = RATE_START_PER_S

    def enter(self, ticket: Ticket, now: float, deadline: float) -> Answer:
        """Ask for a permit in the queue; whoever asked first is granted first."""
        if ticket not in self._queue:
            if len(self._queue) >= self._queue_max:
                return Refused(f"{len(self._queue)} calls wait already")
            self._queue[ticket] = None
        if now >= deadline:
            return Refused("the deadline has passed")
        if self._head() is not ticket or self.in_flight >= self._in_flight_max:
            return AskAgain(math.inf)
        free_at = self.free_at(now)
        if free_at > deadline:
            return Refused("the next permit comes after the deadline")
        if free_at > now:
            return AskAgain(free_at - now)
        del self._queue[ticket]
        self._go(now)
        return Granted(self._head())

    def _head(self) -> Ticket | None:
        return next(iter(self._queue), None)

    def free_at(self, now: float) -> float:
        """Return when the next permit is given, as far as rate and server waits say."""
        if self.rate_per_s is not None and now - self._cut_at > FREE_AFTER_S:
            self.rate_per_s = None
            self._least = RATE_START_PER_S
        return self._held_until if self.rate_per_s is None else max(self._held_until, self._next_at)

    def _go(self, now: float) -> None:
        self.in_flight += 1
        self._sends.append(now)
        if self.rate_per_s is None:
            return
        elapsed_s = min(now - self._grown_at, EPISODE_S)
        self._grown_at = now
        if now - self._next_at < 1.0 / self.rate_per_s:  # the rate binds, not the work
            self.rate_per_s *= 1.0 + elapsed_s * growth_per_s(now - self._cut_at)
        self._next_at = now + 1.0 / self.rate_per_s

    @property
    def idle(self) -> bool:
        """Nothing is in flight, waiting or being paced."""
        return not self.in_flight and not self._queue and self.rate_per_s is None

    def recall(self, sends: Iterable[float]) -> None:
        """Take over sends that were counted before the lane was opened."""
        self._sends.extend(sends)

    def give_up(self, ticket: Ticket) -> Ticket | None:
        """Take a caller out of the queue; return the one to wake."""
        self._queue.pop(ticket, None)
        return self._head()

    def leave(self) -> Ticket | None:
        """Take a permit back; return the caller to wake."""
        self.in_flight -= 1
        return self._head() if self._queue else None

    def hold(self, now: float, wait_s: float) -> None:
        """Let nobody go before the server's wait is over."""
        self._held_until = max(self._held_until, now + wait_s)

    def refused(self, now: float, sent_at: float, wait_s: float | None) -> None:
        """Learn from a 429 for a request sent at `sent_at`; `wait_s` is the server's wait."""
        self._refusals.append(now)
        if wait_s is not None:
            self.hold(now, wait_s)
        if now - self._cut_at > EPISODE_S and sent_at >= self._cut_at:
            self._cut_at = self._grown_at = now
            self._least = RATE_START_PER_S if self.rate_per_s is None else self.rate_per_s / 2
            self._cut(now, math.inf if self.rate_per_s is None else self.rate_per_s)
        elif self.rate_per_s is not None and now - self._cut_at <= EPISODE_S:
            self._cut(now, self.rate_per_s)

    def _cut(self, now: float, rate_per_s: float) -> None:
        admitted = _since(self._sends, now - WINDOW_S) - _since(self._refusals, now - WINDOW_S)
        floor = max(RATE_FLOOR_PER_S, self._least)
        self.rate_per_s = min(rate_per_s, max(floor, CUT * admitted / WINDOW_S))
        self._next_at = now + 1.0 / self.rate_per_s

    def __repr__(self) -> str:
        rate = "free" if self.rate_per_s is None else f"{self.rate_per_s:.2f}/s"
        return f"<Lane {self.in_flight} in flight, {len(self._queue)} queued, {rate}>"


def _since(times: deque[float], start: float) -> int:
    count = 0
    for time in reversed(times):
        if time < start:
            break
        count += 1
    return count


class Lanes:
    """The lanes of one client.

    As long as nothing was refused and no cap is set there are none: sends are only counted. Beyond
    `LANES_MAX`, idle lanes make room.
    """

    __slots__ = ("_capped", "_in_flight_max", "_lanes", "_queue_max", "_sends")

    def __init__(self, *, in_flight_max: int | None, queue_max: int) -> None:
        self._capped = in_flight_max is not None
        self._in_flight_max = in_flight_max
        self._queue_max = queue_max
        self._lanes: dict[LaneKey, Lane] = {}
        self._sends: deque[float] = deque(maxlen=SENDS_KEPT)

    def pass_freely(self, now: float) -> bool:
        """Count a send that needs no permit: the way of a healthy program."""
        if self._lanes or self._capped:
            return False
        self._sends.append(now)
        return True

    def lane(self, key: LaneKey) -> Lane:
        """Return the lane of an origin, model and credential; open it if it is new."""
        lane = self._lanes.get(key)
        if lane is None:
            self._make_room()
            lane = Lane(in_flight_max=self._in_flight_max, queue_max=self._queue_max)
            if not self._lanes:
                lane.recall(self._sends)
            self._lanes[key] = lane
        return lane

    def free_at(self, key: LaneKey, now: float) -> float:
        """Return when a lane gives its next permit; now if there is no such lane."""
        lane = self._lanes.get(key)
        return now if lane is None else lane.free_at(now)

    def __len__(self) -> int:
        return len(self._lanes)

    def _make_room(self) -> None:
        if len(self._lanes) >= LANES_MAX:
            idle = [key for key, lane in self._lanes.items() if lane.idle]
            for key in idle[: LANES_MAX // 2]:
                del self._lanes[key]
