"""The control law of one limit that nobody tells: how fast, and how many at once.

The law hears what was sent, admitted and refused, and says which rate and number in flight to keep
to. It holds no queue, no permit and no clock: the same signals make the same state, wherever they
are applied. `docs/pacing.md` explains it on one page.

A burst of refusals is answered with one cut, to what was admitted since the burst before. A cut
needs an admission after the last one: what is refused without exception is no rate but a block. It
leaves the levels as they are, and single probes ask when it is over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, assert_never

from halley.core.account import Account, Lately
from halley.core.level import Level
from halley.core.signals import Binds, Event, Signal, Why
from halley.core.suspect import EDGES, Suspect

UNIT_S = 5.0
"""The law's unit of time."""
UNIT_SENDS = 4
"""But a unit has at least so many sends,"""
BLOCK_SENDS = 8.0
"""and so many more where every refusal begins a block: there it costs more to ask."""
BLOCK_WEIGHT = 0.25
"""Of the last cut, in the share of cuts that led to a block."""
ENOUGH = 5
"""What fewer calls admitted is no estimate."""
RAMP_PER_S = 2.0
"""The first rate of a ramp; it doubles every second until the first refusal."""
FIRST_CUT = 0.8
"""The first cut goes to this share of what was admitted in the last one to two seconds,"""
FIRST_PER_S = 1.0
"""but not below this: so few calls prove no rate."""
MISSES = 2
"""So many watched calls in a row that were refused make a block."""
PATIENCE = 2.0
"""Not refused in so many times the longest round trip of a refusal is admitted."""
PATIENCE_S = 1.0
"""The patience before any refusal came,"""
PATIENCE_LEAST_S = 0.1
"""and the least: a busy machine may hear of a refusal so much later than it came."""
PROBE = 0.5
"""The next probe of a block comes after this share of the time it has lasted."""
PROBE_SLOTS = 1.0
"""But not before so many times the usual distance of two calls,"""
PROBE_S_MAX = 10.0
"""and no later than this."""
FREE_AFTER_S = 60.0
"""Without a refusal for so long, nothing is held back any more, unless it was a ramp."""
STRAYS = 3
STRAY_SENDS = 8
"""So many strays in so many sends are no strays."""
SLOW_S = 900.0
SLOW_GROWTH = math.log(1.5) / SLOW_S
"""OpenAI's `slow_down`: for 15 minutes no more than half as much again in 15 minutes."""

PARTS = ("suspect", "requests", "tokens", "calls", "burst", "cycle", "lately")
INSTANTS = (
    "sent_at",
    "cut_at",
    "watched_at",
    "blocked_at",
    "probe_at",
    "refused_at",
    "slow_until",
)
"""Fields of a law that are points in time, beside those in its parts."""


@dataclass(slots=True)
class Law:
    """Rate and number in flight of one limit.

    Attributes:
        ramp: The rate starts low and doubles; otherwise nothing is held back before a refusal.
        said_rate: A refusal named the rate of requests as its reason.
        said_tokens: Or that of LLM tokens.
        said_calls: Or the number of calls in flight.
        burst: What was admitted since the last cut.
        cycle: What was admitted since the last block ended.
        lately: Requests of the last one to two seconds.
        turns: Cuts and blocks; who did not know of the last one when it sent did not obey it.
        cut_at: When the last cut was.
        watched_at: When the call was sent whose fate tells an admission from a block.
        seen: An admission is known since the last cut.
        misses: Watched calls in a row that were refused.
        blocked_at: Since when everything is refused; None: it is not.
        cycle_cuts: Cuts since the last block ended.
        blocks: Share of the cuts that led to a block, the latest ones weighing most.
        probe_at: In a block, nothing may go before this.
        refusal_s: The longest round trip of a refusal lately.
        refused_at: When the last one came that was no stray.
        strays: At which sends the last strays came.
        slow_until: Until when the rate grows as `slow_down` allows.
        told_per_s: Where the ramp ends: the rate that a server's headers told.
    """

    ramp: bool = False
    suspect: Suspect = field(default_factory=Suspect)
    said_rate: bool = False
    said_tokens: bool = False
    said_calls: bool = False
    requests: Level = field(default_factory=Level)
    tokens: Level = field(default_factory=Level)
    calls: Level = field(default_factory=Level)
    burst: Account = field(default_factory=Account)
    cycle: Account = field(default_factory=Account)
    sends: int = 0
    sent_at: float = -math.inf
    lately: Lately = field(default_factory=Lately)
    cuts: int = 0
    turns: int = 0
    cut_at: float = -math.inf
    watched_at: float | None = None
    seen: bool = True
    misses: int = 0
    blocked_at: float | None = None
    cycle_cuts: int = 0
    blocks: float = 0.0
    probe_at: float = -math.inf
    refusal_s: float | None = None
    refused_at: float = -math.inf
    strays: tuple[int, ...] = ()
    slow_until: float = -math.inf
    told_per_s: float = math.inf

    def __post_init__(self) -> None:
        """Begin the ramp."""
        if self.ramp and self.requests.value is None:
            self.requests.value = RAMP_PER_S

    @property
    def rate_per_s(self) -> float | None:
        """Requests per second; None: the rate holds nothing back."""
        held = self.said_rate or self.suspect.why is not Why.TOKENS
        return self.requests.value if held else None

    @property
    def tokens_per_s(self) -> float | None:
        """LLM tokens per second; None: they hold nothing back."""
        held = self.said_tokens or self.suspect.why is Why.TOKENS
        return self.tokens.value if held else None

    @property
    def in_flight_max(self) -> float:
        """Calls in flight; infinite: their number holds nothing back."""
        return math.inf if self.calls.value is None else self.calls.value

    def free(self, now: float) -> bool:
        """Say whether nothing need be held back any more: it was quiet for a minute."""
        return not self.ramp and now - self.refused_at > FREE_AFTER_S

    def state(self) -> dict[str, Any]:
        """Return all that the law knows; JSON carries it, if it may write infinities."""
        state = {name: getattr(self, name) for name in self.__slots__}
        for name in PARTS:
            part = state[name]
            state[name] = {key: getattr(part, key) for key in part.__slots__}
        return state

    def moved(self, by_s: float) -> Law:
        """Return the same law at another place in time, as another clock sees it."""
        law = copy(self)
        for name in PARTS:
            setattr(law, name, copy(getattr(self, name)))
        for name in INSTANTS:
            at = getattr(self, name)
            setattr(law, name, None if at is None else at + by_s)
        law.lately.began += by_s
        law.suspect.turned_at += by_s
        return law

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Law:
        """Return the law of a state."""
        suspect = state["suspect"]
        parts = {
            "suspect": Suspect(
                **{**suspect, "why": Why(suspect["why"]), "costs": tuple(suspect["costs"])}
            ),
            **{name: Level(**state[name]) for name in ("requests", "tokens", "calls")},
            **{name: Account(**state[name]) for name in ("burst", "cycle")},
            "lately": Lately(**state["lately"]),
            "strays": tuple(state["strays"]),
        }
        return cls(**{**state, **parts})

    def apply(self, signal: Signal) -> None:
        """Learn from an event; none is earlier than the one before."""
        match signal.event:
            case Event.SENT:
                self._sent(signal)
            case Event.ADMITTED:
                if self.watched_at == signal.sent_at:
                    self._see()
            case Event.REFUSED:
                self._refused(signal)
            case Event.SETTLED:
                self.burst.cost += signal.cost
                self.cycle.cost += signal.cost
            case Event.TOLD:
                self._hear(signal.binds, signal.cost)
            case _:
                assert_never(signal.event)

    def _hear(self, binds: Binds, per_s: float) -> None:
        """A server told a rate: the ramp goes no further, and from there on the law is as ever."""
        if self.cuts or not self.ramp:
            return  # what was admitted is known better
        if binds is Binds.TOKENS:
            self.said_tokens, self.tokens.value = True, per_s
        else:
            self.told_per_s = per_s

    def _sent(self, signal: Signal) -> None:
        now = signal.now
        if signal.binds is not Binds.NOTHING or self.blocked_at is not None:
            self._pass(now)
        self.sent_at, sent_before = now, self.sent_at
        if self.watched_at is not None and now - self.watched_at >= self._patience_s:
            self._see()
        if self.blocked_at is not None:
            self.probe_at = now + self._patience_s
        elif signal.binds is not Binds.NOTHING and sent_before > -math.inf:
            self._grow(signal.binds, now, now - sent_before)
        if self.watched_at is None and self._knew(signal):
            self.watched_at = now
        self.sends += 1
        self.burst.add(1, signal.cost)
        self.cycle.add(1, signal.cost)
        self.lately.sent(now)
        self.suspect.sent(now, signal.in_flight, signal.cost, self._patience_s)

    def _pass(self, now: float) -> None:
        """Count time in which the limit was what held calls back."""
        if self.sent_at > -math.inf:
            self.burst.seconds += now - self.sent_at
            self.cycle.seconds += now - self.sent_at

    @property
    def _patience_s(self) -> float:
        if self.refusal_s is None:
            return PATIENCE_S
        return max(PATIENCE_LEAST_S, PATIENCE * self.refusal_s)

    @property
    def _unit_s(self) -> float:
        rate = max(self.requests.value or 0.0, self.requests.mark)
        return max(UNIT_S, (UNIT_SENDS + BLOCK_SENDS * self.blocks) / rate) if rate else UNIT_S

    def _grow(self, binds: Binds, now: float, seconds: float) -> None:
        """Let the level that binds grow for the time since the last send."""
        level = {Binds.REQUESTS: self.requests, Binds.TOKENS: self.tokens}.get(binds, self.calls)
        if level.value is None:
            return
        unit_s = self._unit_s
        seconds = min(seconds, max(unit_s / 4, 2.0 / (self.requests.value or math.inf)))
        if level is self.requests and not self.cuts and level.value < self.told_per_s:
            level.value = min(level.value * math.exp2(seconds), self.told_per_s)
        else:
            most = SLOW_GROWTH * seconds if now < self.slow_until else math.inf
            level.grow(seconds / unit_s, most)

    def _knew(self, signal: Signal) -> bool:
        """Say whether the sender knew of the last cut or block when the call was sent."""
        return signal.turns is None or signal.turns >= self.turns

    def _see(self) -> None:
        """The watched call was admitted: the next one is watched, and no block is left."""
        self.watched_at, self.seen, self.misses = None, True, 0
        if self.blocked_at is not None:
            self.blocked_at, self.probe_at = None, -math.inf
            self._end_cycle()

    def _end_cycle(self) -> None:
        """Between the ends of two blocks a limit admitted what it allows, whatever its form.

        Of LLM tokens that is the most it can be: a block may be no more than one large request.
        """
        cycle, self.burst = self.cycle, Account()
        if cycle.count < ENOUGH or cycle.seconds < UNIT_S:
            self.cycle_cuts = max(0, self.cycle_cuts - 1)
            return  # too little to know it: the next block ends this cycle
        if self.suspect.why is not Why.CONCURRENCY:
            self.requests.know(cycle.count / cycle.seconds, sure=self.cycle_cuts <= 1)
            self.tokens.know(cycle.cost / cycle.seconds, sure=False)
        self.cycle, self.cycle_cuts = Account(), 0

    def _refused(self, signal: Signal) -> None:
        why, watched = self._why(signal), self.watched_at == signal.sent_at
        since = signal.sent_at >= self.cut_at
        fresh = since and self._knew(signal)
        self.refusal_s = max(0.9 * (self.refusal_s or 0.0), signal.now - signal.sent_at)
        self.lately.refused()
        self.cycle.add(-1, -signal.cost)
        if since:
            self.burst.add(-1, -signal.cost)
        if watched:
            self.watched_at = None
        if why is Why.STRAY:
            return
        self.refused_at = signal.now
        self.suspect.refused(signal.in_flight)
        if why is Why.CONCURRENCY and (fresh or self.blocked_at is not None):
            self._cut_calls(signal.in_flight)
        if self.seen and fresh:
            self._cut(signal.now, why)
        elif self.cuts == 1 and not fresh and why is not Why.CONCURRENCY:
            self._cut_first()
        elif watched:
            self._miss(signal.now)

    def _why(self, signal: Signal) -> Why:
        """Say what a refusal is taken to be about: what it says, or else what is suspected."""
        why = signal.why
        if why is Why.STRAY:
            self.strays = (*self.strays[1 - STRAYS :], self.sends)
            if len(self.strays) < STRAYS or self.sends - self.strays[0] > STRAY_SENDS:
                return why
        elif why is Why.SLOW_DOWN:
            self.slow_until = signal.now + SLOW_S
            return Why.RATE
        elif why is not Why.UNKNOWN:
            self._told(why)
            unknown = why is Why.CONCURRENCY and not signal.in_flight
            return Why.RATE if unknown else why
        if signal.in_flight == 1:
            self.suspect.acquit_calls()
        if self.seen and signal.sent_at >= self.cut_at and self._knew(signal):
            self.suspect.judge(signal.in_flight, signal.cost)
        if self.suspect.why is not Why.CONCURRENCY and not self.said_calls:
            self.calls = Level()
        return self.suspect.why

    def _told(self, why: Why) -> None:
        self.said_rate |= why is Why.RATE
        self.said_tokens |= why is Why.TOKENS
        self.said_calls |= why is Why.CONCURRENCY
        if why is Why.TOKENS and not self.said_rate:
            self.suspect.why = Why.TOKENS

    def _cut(self, now: float, why: Why) -> None:
        """Answer a burst of refusals: below what was admitted since the burst before."""
        burst, since_s = self.burst, self.burst.seconds + now - self.sent_at
        if why is Why.CONCURRENCY:
            pass  # the rates had no part in it
        elif not self.cuts:
            self._cut_first()
        elif since_s > 0:
            self._cut_level(self.requests, burst.count / since_s, since_s, cut=why is Why.RATE)
            self._cut_level(self.tokens, burst.cost / since_s, since_s, cut=why is Why.TOKENS)
        self.cuts += 1
        self.turns += 1
        self.cycle_cuts += 1
        self.blocks *= 1.0 - BLOCK_WEIGHT
        self.cut_at, self.burst = now, Account()
        self.watched_at, self.seen, self.misses = None, False, 1
        self.suspect.start_over()

    def _cut_level(self, level: Level, admitted: float, since_s: float, *, cut: bool) -> None:
        """Cut one level; one that is not the reason follows what was admitted."""
        if since_s >= UNIT_S / 2 and self.burst.count >= ENOUGH:
            level.remember(min(admitted, level.value or admitted), since_s)
        if cut and level.value is not None:
            level.cut(admitted, self.burst.count)
        elif admitted > 0:
            level.value = admitted
            level.calm()

    def _cut_first(self) -> None:
        """Go to a share of what was admitted lately; the rest of the burst sharpens it."""
        rate = max(FIRST_PER_S, FIRST_CUT * self.lately.rate_per_s(self.sent_at))
        self.requests.value = min(rate, self.requests.value or math.inf)
        costs = self.suspect.costs
        self.tokens.value = self.requests.value * (sum(costs) / len(costs) if costs else 1.0)

    def _cut_calls(self, in_flight: int) -> None:
        """One fewer than were refused, if that is known."""
        if in_flight:
            self.calls.edge(float(max(1, in_flight - 1)), sure=self.suspect.edges == EDGES)

    def _miss(self, now: float) -> None:
        """A watched call was refused: the second in a row makes a block, or goes on with one."""
        self.misses += 1
        if self.blocked_at is None and self.misses >= MISSES:
            self.blocked_at = now
            self.turns += 1
            self.blocks += BLOCK_WEIGHT
        if self.blocked_at is not None:
            slot_s = PROBE_SLOTS / self.requests.value if self.requests.value else 0.0
            lasted_s = PROBE * (now - self.blocked_at)
            self.probe_at = now + min(PROBE_S_MAX, max(lasted_s, slot_s, self.refusal_s or 0.0))
