"""What a run comes to: counted where the requests arrive, and where the calls end.

A `Meter` stands before an upstream, and each process sends through a port of its own.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from halley.core.model import Outcome, Reply, Request
from halley.drivers.virtual import Upstream

from .backlog import Backlog
from .limits import Unit
from .rows import OUTAGE_S, Row
from .upstreams import Latency, Work

SPAN_S = 5.0
"""Recovered is who gets `BACK` of the capacity of so many seconds."""
BACK = 0.95
RUNAWAY, RUNAWAY_MIN = 3.0, 100_000
"""Stopped is who sends so many times the capacity, and no less than so many per process."""


class RunawayError(Exception):
    """A client sends without end; what it did until then is measured."""


class Metered(Protocol):
    """An upstream whose capacity is known."""

    @property
    def latency(self) -> Latency:
        """How long its answers take."""

    @property
    def limit(self) -> Capacity:
        """What it admits."""

    def __call__(self, request: Request, now: float) -> tuple[Outcome, float]:
        """Answer a request."""


class Capacity(Protocol):
    """What a perfect client gets."""

    @property
    def unit(self) -> Unit:
        """What it counts."""

    def capacity(self, start: float, end: float) -> float:
        """In the unit, of a stretch of time."""


@dataclass(frozen=True, slots=True)
class Result:
    """One client on one upstream with one seed.

    Attributes:
        goodput: What was admitted, as a share of the capacity.
        refused: 429s per success.
        given_up: Calls that ended without an answer, as a share of those that ended.
        recovery_s: From the end of the drop or outage to the first five seconds in which 95 % of
            the capacity was admitted; infinite: not within the run; None: nothing to recover from.
        fairness: Jain's index of the processes' successes; None: there is one process.
        time: Until a given number of calls was over, as a multiple of the ideal; None: endless.
        sends: Per call, during an outage; None: there was none.
        lost: Calls that ended without an answer.
        ran_away_s: When the client was stopped, because it sent without end; None: it was not.
    """

    goodput: float
    refused: float
    given_up: float
    recovery_s: float | None = None
    fairness: float | None = None
    time: float | None = None
    sends: float | None = None
    lost: int = 0
    ran_away_s: float | None = None


@dataclass(slots=True)
class Meter:
    """Counts what an upstream is sent, and what it answers, until `end_s`."""

    upstream: Metered
    end_s: float
    processes: int = 1
    calls: int | None = None
    units: float = 0.0
    refusals: int = 0
    times: list[float] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    sent: list[float] = field(default_factory=list)
    successes: list[int] = field(init=False)
    answered: int = 0
    lost: int = 0
    ended_at: float = 0.0

    def __post_init__(self) -> None:
        """Set the processes' counts to zero."""
        self.successes = [0] * self.processes

    def port(self, process: int) -> Upstream:
        """The upstream, as one process reaches it."""
        unit = self.upstream.limit.unit
        sends_max = max(
            RUNAWAY_MIN * self.processes, RUNAWAY * self.upstream.limit.capacity(0.0, self.end_s)
        )

        def send(request: Request, now: float) -> tuple[Outcome, float]:
            outcome, seconds = self.upstream(request, now)
            assert isinstance(outcome, Reply)
            assert isinstance(request, Work)
            self.sent.append(now)
            if len(self.sent) > sends_max:
                self.end_s = min(self.end_s, now)
                raise RunawayError
            if outcome.status == 200:
                self.times.append(now)
                self.successes[process] += 1
                if unit is Unit.REQUESTS:
                    self.units += 1.0
                elif unit is Unit.TOKENS:
                    self.units += request.tokens
                elif unit is Unit.SECONDS:
                    self.units += min(seconds, self.end_s - now)
                else:
                    self.ends.append(now + seconds)
            elif outcome.status == 429:
                self.refusals += 1
            return outcome, seconds

        return send

    def ended(self, now: float, *, answered: bool) -> None:
        """Count a call that is over."""
        self.ended_at = now
        if answered:
            self.answered += 1
        else:
            self.lost += 1

    def goodput(self) -> float:
        """Units admitted, of the capacity while there was something to do."""
        over = self.lost + self.answered == self.calls
        end_s = self.ended_at if over else self.end_s
        units = self.units + sum(end <= end_s for end in self.ends)
        return units / self.upstream.limit.capacity(0.0, end_s)

    def refused(self) -> float:
        """429s per success; infinite without one."""
        return self.refusals / len(self.times) if self.times else math.inf

    def given_up(self) -> float:
        """Share of the calls that are over."""
        return self.lost / max(1, self.lost + self.answered)

    def recovery_s(self, since: float) -> float:
        """Seconds from `since` to the first `SPAN_S` seconds with 95 % of the capacity.

        Looked for at `since` and at each admission after it.
        """
        starts = [since, *self.times[bisect_left(self.times, since) :]]
        for start in starts:
            if start + SPAN_S > self.end_s:
                break
            wanted = BACK * self.upstream.limit.capacity(start, start + SPAN_S)
            if self._admitted(start, start + SPAN_S) >= wanted:
                return start - since
        return math.inf

    def sends(self, start: float, end: float, arrivals_per_s: float) -> float:
        """Sends per call that arrives, in a stretch of time."""
        count = bisect_left(self.sent, end) - bisect_left(self.sent, start)
        return count / (arrivals_per_s * (end - start))

    def fairness(self) -> float | None:
        """Jain's index over the processes."""
        return jain(self.successes) if self.processes > 1 else None

    def _admitted(self, start: float, end: float) -> int:
        return bisect_left(self.times, end) - bisect_left(self.times, start)


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness: 1 when all are equal, 1/n when one has everything.

    >>> jain([5, 5]), jain([1, 0])
    (1.0, 0.5)
    """
    squares = len(shares) * sum(share * share for share in shares)
    return sum(shares) ** 2 / squares if squares else 1.0


def result(row: Row, meter: Meter, seed: int) -> Result:
    """Sum up a run."""
    since, arrivals = row.recovers_from_s, row.arrivals_per_s
    return Result(
        goodput=meter.goodput(),
        refused=meter.refused(),
        given_up=meter.given_up(),
        lost=meter.lost,
        recovery_s=None if since is None else meter.recovery_s(since),
        fairness=meter.fairness(),
        time=None if row.calls is None else time_ratio(row, meter, seed),
        sends=None if arrivals is None else meter.sends(*OUTAGE_S, arrivals),
        ran_away_s=meter.end_s if meter.end_s < row.end_s else None,
    )


def time_ratio(row: Row, meter: Meter, seed: int) -> float:
    """Until the last call was over, as a multiple of the ideal; infinite if it is not over."""
    over = meter.lost + meter.answered == meter.calls
    return (meter.ended_at if over else math.inf) / ideal_s(row, meter.upstream, seed)


def ideal_s(row: Row, upstream: Metered, seed: int) -> float:
    """Until all calls are over, each admitted in its order when its capacity has come in."""
    backlog, latency = Backlog(seed, row.calls, row.tokens), upstream.latency
    over_s, low = 0.0, 0.0
    while (work := backlog.next()) is not None:
        high = row.end_s
        while high - low > 1e-3:
            middle = (low + high) / 2
            enough = upstream.limit.capacity(0.0, middle) >= work.number
            low, high = (low, middle) if enough else (middle, high)
        over_s = max(over_s, low + latency.of(work))
    return over_s
