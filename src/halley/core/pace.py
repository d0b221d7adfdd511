"""The lane: who may go next, and when; what comes of it teaches its law.

A lane is one origin, model and key. It gives permits by priority and then in the order of asking,
at the rates and up to the number in flight that its law says; a server's wait holds all of it. A
permit is one call in flight. Time is an argument; a lane is single-threaded: whoever steps it holds
the lock. In a lane that several processes share, this one keeps to its share of the law.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from halley.core.law import FREE_AFTER_S, Law
from halley.core.model import Headers
from halley.core.signals import Binds, Event, Signal, Why
from halley.core.stated import stated

SLACK_S = 0.05
"""A lane makes up for permits that were fetched so much too late: no timer is exact."""
HOLD_S_MAX = 3600.0
"""A lane is not shut for longer by one word of a server: quotas are raised, and units mistaken."""
SENDS_KEPT = 1024
SPREAD_SLOTS = 2.0


SHARE_S = 1.0
"""Who waits in a shared lane asks again after this time: the share may have changed."""

Ring: TypeAlias = Callable[[], bool]
"""Asks for an exchange with the other processes soon; False: there are none."""


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
    """There is no place in the queue (it is `full`), or no permit before the deadline.

    `wait_s` is how long the next permit takes, None where nobody knows.
    """

    why: str
    full: bool = False
    wait_s: float | None = None


Answer: TypeAlias = Granted | AskAgain | Refused


class Lane:
    """Calls of one origin, model and key.

    Attributes:
        in_flight: Permits that are out.
        law: What is known of the limit.
        outbox: Signals for the other processes; None: there is no exchange with any.
        share: Of the law's rates and number in flight: what is this process's.
    """

    __slots__ = (
        "_capped",
        "_held_until",
        "_in_flight_max",
        "_next_at",
        "_others",
        "_queue_max",
        "_queued",
        "_queues",
        "_ring",
        "_sends",
        "_tokens_at",
        "in_flight",
        "law",
        "outbox",
        "share",
    )

    def __init__(
        self,
        *,
        in_flight_max: int | None,
        queue_max: int,
        ramp: bool = False,
        ring: Ring | None = None,
    ) -> None:
        self.in_flight = 0
        self.law = Law(ramp=ramp)
        self.outbox: list[Signal] | None = None
        self.share = 1.0
        self._ring = ring
        self._in_flight_max = math.inf if in_flight_max is None else in_flight_max
        self._queue_max = queue_max
        self._queues: dict[int, OrderedDict[Ticket, float]] = {}
        self._queued = 0
        self._sends: OrderedDict[float, tuple[int, float, int | None]] = OrderedDict()
        self._others = 0
        self._next_at = self._tokens_at = self._held_until = -math.inf
        self._capped = False

    def enter(
        self,
        ticket: Ticket,
        now: float,
        deadline: float,
        *,
        priority: int = 0,
        cost: float = 1.0,
    ) -> Answer:
        """Ask for a permit in the queue: the highest priority goes first, then who asked first.

        Args:
            ticket: Who asks; the same one until it is granted, refused or gives up.
            now: When.
            deadline: No permit is of use after it.
            priority: The same at every asking.
            cost: LLM tokens that the call will take, as far as that can be told.
        """
        queue = self._queues.get(priority)
        if queue is None or ticket not in queue:
            if self._queued >= self._queue_max:
                return Refused(f"{self._queued} calls wait already", full=True)
            self._queues.setdefault(priority, OrderedDict())[ticket] = now
            self._queued += 1
        if self.outbox is None and self._ring is not None and self._ring():
            self.outbox = []
        if now >= deadline:
            return Refused("the deadline has passed")
        return self._next(ticket, now, deadline, priority, cost)

    def _next(
        self, ticket: Ticket, now: float, deadline: float, priority: int, cost: float
    ) -> Answer:
        """Grant the first in the queue its permit, or say when it comes."""
        if self._head() is not ticket:
            return AskAgain(math.inf)
        if math.isfinite(self.law.refused_at) and self._free(now):
            self.law = Law()
        if not self._room:
            self._capped = True
            return self._later(math.inf)
        due, binds = self._due(cost)
        free_at = max(due, self._held_until, self.law.probe_at)
        if free_at > deadline:
            wait_s = free_at - now
            why = f"the next permit comes in {wait_s:.0f} s, after the deadline"
            return Refused(why, wait_s=wait_s)
        if free_at > now:
            return self._later(free_at - now)
        asked_at = self._queues[priority][ticket]
        self._remove(ticket)
        self._go(now, cost, binds if due > asked_at else Binds.NOTHING)
        return Granted(self._head())

    @property
    def rate_per_s(self) -> float | None:
        """Requests per second for this process; None: not held back."""
        rate = self.law.rate_per_s
        return None if rate is None else rate * self.share

    @property
    def tokens_per_s(self) -> float | None:
        """LLM tokens per second for this process; None: not held back."""
        rate = self.law.tokens_per_s
        return None if rate is None else rate * self.share

    @property
    def queued(self) -> int:
        """Calls that wait."""
        return self._queued

    @property
    def held_until(self) -> float:
        """When the last server's wait is over."""
        return self._held_until

    @property
    def _room(self) -> bool:
        """One more may be in flight: of the own share, or of what the others leave of it."""
        learned = max(1.0, self.law.in_flight_max)
        part, total = learned * self.share, self.in_flight + self._others
        fits = self.in_flight + 1 <= part or (self.in_flight < part and total + 1 <= learned)
        return fits and self.in_flight < self._in_flight_max

    def _later(self, wait_s: float) -> AskAgain:
        """Let the head wait; in a shared lane its share may grow meanwhile."""
        if self.outbox is None or self._ring is None:
            return AskAgain(wait_s)
        if self._queued == 1:
            self._ring()
        return AskAgain(min(wait_s, SHARE_S))

    def _head(self) -> Ticket | None:
        return next(iter(self._queues[max(self._queues)])) if self._queued else None

    def _remove(self, ticket: Ticket) -> None:
        for priority, queue in self._queues.items():
            if queue.pop(ticket, None) is not None:
                self._queued -= 1
                if not queue:
                    del self._queues[priority]
                return

    def free_at(self) -> float:
        """When the next permit is given, as far as rates and waits say."""
        return max(self._due(0.0)[0], self._held_until, self.law.probe_at)

    def _due(self, cost: float) -> tuple[float, Binds]:
        """When the rates let a call of this cost go, and which of them is the later one."""
        due, binds = -math.inf, Binds.NOTHING
        if self.law.rate_per_s is not None:
            due, binds = self._next_at, Binds.REQUESTS
        if (rate := self.tokens_per_s) is not None:
            tokens_due = self._tokens_at + cost / rate
            if tokens_due > due:
                due, binds = tokens_due, Binds.TOKENS
        return due, binds

    def _go(self, now: float, cost: float, binds: Binds) -> None:
        if self._capped:
            learned = self.law.in_flight_max * self.share <= self._in_flight_max
            binds = Binds.IN_FLIGHT if learned else Binds.NOTHING
            self._capped = False
        self.in_flight += 1
        in_flight = self.in_flight + self._others
        turns = self.law.turns
        self._sends[now] = (in_flight, cost, turns)
        if len(self._sends) > SENDS_KEPT:
            self._sends.popitem(last=False)
        self._tell(Signal(Event.SENT, now, now, binds, cost, in_flight, turns=turns))
        self._take(now, cost)

    def _take(self, now: float, cost: float) -> None:
        """Take the next slots of both rates; what is late by no more than the slack is made up."""
        if (rate := self.rate_per_s) is not None:
            self._next_at = max(self._next_at, now - SLACK_S) + 1.0 / rate
        if (rate := self.tokens_per_s) is not None:
            self._tokens_at = max(self._tokens_at, now - cost / rate) + cost / rate

    def _tell(self, signal: Signal) -> None:
        self.law.apply(signal)
        if self.outbox is not None:
            self.outbox.append(signal)
            if signal.event is Event.REFUSED and self._ring is not None:
                self._ring()

    def admitted(self, now: float, sent_at: float) -> None:
        """Learn from a head that is no refusal, of a call sent at `sent_at`."""
        self._tell(Signal(Event.ADMITTED, now, sent_at))

    def refused(
        self, now: float, sent_at: float, why: Why = Why.UNKNOWN, wait_s: float | None = None
    ) -> None:
        """Learn from a 429 for a call sent at `sent_at`; `wait_s` is the server's wait."""
        if wait_s is not None:
            self.hold(now, wait_s)
        in_flight, cost, turns = self._sends.get(sent_at, (0, 1.0, None))
        self._tell(Signal(Event.REFUSED, now, sent_at, Binds.NOTHING, cost, in_flight, why, turns))
        if self.law.cut_at == now and (rate := self.rate_per_s) is not None:
            self._next_at = max(self._next_at, now + 1.0 / rate)

    def hint(self, now: float, headers: Headers) -> None:
        """Learn from the limits that an answer's headers state, as long as nothing was refused."""
        if self.law.ramp and not self.law.cuts:
            for binds, per_s in stated(headers):
                self._tell(Signal(Event.TOLD, now, now, binds, per_s))

    def settle(self, now: float, reserved: float, used: float) -> None:
        """Correct the estimate with which a call entered by the tokens it took."""
        if (rate := self.tokens_per_s) is not None:
            self._tokens_at += (used - reserved) / rate
            self._tell(Signal(Event.SETTLED, now, now, cost=used - reserved))

    def hold(self, now: float, wait_s: float) -> None:
        """Let nobody go before the server's wait is over, or an hour of it: then one call asks."""
        self._held_until = max(self._held_until, now + min(wait_s, HOLD_S_MAX))

    def leave(self) -> Ticket | None:
        """Take a permit back; return the caller to wake, if one waits for just that."""
        self.in_flight -= 1
        return self._head() if self._capped else None

    def give_up(self, ticket: Ticket) -> Ticket | None:
        """Take a caller out of the queue; return the one to wake."""
        self._remove(ticket)
        return self._head()

    def spread_s(self, u: float) -> float:
        """Return the wait of a refused call that goes back to the queue: up to two calls' distance.

        `u` is a uniform draw; without it, all that were refused at once would come back at once.
        """
        rate = self.rate_per_s or self.law.requests.value or 1.0
        return SPREAD_SLOTS * u / rate

    def recall(self, sends: Iterable[float]) -> None:
        """Take over sends that were counted before the lane was opened."""
        for sent_at in sends:
            self.law.apply(Signal(Event.SENT, sent_at, sent_at))

    def adopt(
        self, state: Mapping[str, Any], share: float, others_in_flight: int, held_until: float
    ) -> Ticket | None:
        """Go on with the law that all processes taught, and keep to a share; return whom to wake.

        Args:
            state: Of the law, in the time of this lane; it knows nothing of the outbox.
            share: Of the rates and of the number in flight, above 0 and up to 1.
            others_in_flight: Calls that the other processes have in flight.
            held_until: When the wait is over that a server named to any of them.
        """
        law = Law.of(state)
        for signal in self.outbox or ():
            law.apply(signal._replace(now=max(signal.now, law.sent_at)))
        self.law, self.share, self._others = law, share, others_in_flight
        self._held_until = max(self._held_until, held_until)
        return self._head()

    @property
    def unused(self) -> bool:
        """Nobody is in it or waits for it."""
        return not self.in_flight and not self._queued

    def forgettable(self, now: float) -> bool:
        """Say whether nothing is lost without it: it is unused, and holds nothing back."""
        return self.unused and self._free(now)

    def _free(self, now: float) -> bool:
        """Say whether it was quiet for a minute, after the last wait that a server asked for."""
        return self.law.free(now) and now - self._held_until > FREE_AFTER_S

    def __repr__(self) -> str:
        rate = "free" if self.rate_per_s is None else f"{self.rate_per_s:.2f}/s"
        return f"<Lane {self.in_flight} in flight, {self._queued} queued, {rate}>"
