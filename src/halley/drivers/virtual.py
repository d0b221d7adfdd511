"""The driver for virtual time: any number of calls in one thread, an hour in a second.

The upstream is a function of (request, now) that returns an outcome and how long it took. Nothing
waits: the next thing to happen is taken from a heap, and the clock jumps to it. Same upstream, same
seed, same trace.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from halley.core.effects import (
    Admit,
    Deliver,
    Effect,
    Ended,
    GiveUp,
    LoadKeys,
    Send,
    StreamEnd,
    Value,
    Wait,
)
from halley.core.model import History, Outcome, Request
from halley.core.pace import AskAgain
from halley.core.policy import Policy
from halley.drivers.clock import Clock
from halley.drivers.session import Runtime, Session
from halley.policy.options import effective

Upstream: TypeAlias = Callable[[Request, float], tuple[Outcome, float]]


class VirtualClock(Clock):
    """Time that passes only when it is told to, and what is to happen in it.

    Clients with the same clock live in the same time.
    """

    __slots__ = ("_count", "_events", "time")

    def __init__(self) -> None:
        self.time = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> float:
        """Return virtual seconds since the start."""
        return self.time

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Let something happen at a virtual time, not before now."""
        self._count += 1
        heapq.heappush(self._events, (max(time, self.time), self._count, action))

    def run(self, until: float = math.inf) -> None:
        """Let everything happen that is due by `until`."""
        while self._events and self._events[0][0] <= until:
            self.time, _, action = heapq.heappop(self._events)
            action()


@dataclass(slots=True)
class Call:
    """A call in virtual time; the last four fields are set when it is over."""

    request: Request
    started: float
    ended: float = math.inf
    outcome: Outcome | None = None
    history: History | None = None
    sends: list[float] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """The caller got an answer, and it was no failure."""
        return self.history is not None and self.history.stop_reason is None


class VirtualTime:
    """Drives calls against an upstream.

    Args:
        runtime: What the calls share; its clock must be a `VirtualClock`.
        upstream: Answers a request at a time.
    """

    def __init__(self, runtime: Runtime, upstream: Upstream) -> None:
        if not isinstance(runtime.clock, VirtualClock):
            raise TypeError(f"clock: expected a VirtualClock, got {type(runtime.clock).__name__}")
        self._runtime = runtime
        self._clock = runtime.clock
        self._upstream = upstream

    def call(
        self,
        request: Request,
        *,
        at: float = 0.0,
        policy: Policy | None = None,
        then: Callable[[Call], None] | None = None,
    ) -> Call:
        """Let a call start at a virtual time, with the options of now.

        `run` makes it happen, `then` hears of its end.
        """
        call = Call(request, at)
        chosen = effective(policy or self._runtime.policy, lambda: request)
        self.at(at, lambda: _Flight(self, call, chosen, then).start())
        return call

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Let something happen at a virtual time, not before now."""
        self._clock.at(time, action)

    def run(self, until: float = math.inf) -> None:
        """Let everything happen that is due by `until`, to every client with this clock."""
        self._clock.run(until)

    def session(self, call: Call, policy: Policy) -> Session:
        """Return the session of a call that starts now."""
        return Session(self._runtime, lambda: call.request, policy)

    def answer(self, request: Request) -> tuple[Outcome, float]:
        """Ask the upstream now."""
        return self._upstream(request, self._clock.time)

    @property
    def now(self) -> float:
        """The virtual time."""
        return self._clock.time


class _Flight:
    """A call being driven; it is also its own ticket in a lane's queue."""

    def __init__(
        self,
        world: VirtualTime,
        call: Call,
        policy: Policy,
        then: Callable[[Call], None] | None,
    ) -> None:
        self._world = world
        self._call = call
        self._then = then
        self._sent = call.request
        self._session = world.session(call, policy)
        self._admit: Admit | None = None
        self._asked = 0

    def start(self) -> None:
        self._perform(self._session.start())

    def wake(self) -> None:
        """Ask again for the permit, as the lane's ticket."""
        self._world.at(self._world.now, self._ask)

    def _resume(self, value: Value) -> None:
        self._perform(self._session.step(value))

    def _perform(self, effect: Effect | None) -> None:
        match effect:
            case Admit():
                self._admit = effect
                self._ask()
            case LoadKeys(generation):
                self._resume(self._session.load_keys(generation))
            case Send():
                self._send(effect)
            case Wait(seconds, history):
                self._session.record(history)
                self._session.leave()
                self._world.at(self._world.now + seconds, lambda: self._resume(None))
            case Deliver(history, watch=True):
                self._call.history = history
                self._resume(StreamEnd())
            case Deliver(history) | Ended(history) | GiveUp(history):
                self._end(history)
            case None:
                raise AssertionError("the call ended without an answer")
            case _:
                assert_never(effect)

    def _ask(self) -> None:
        if self._admit is None:
            return
        admit, self._asked = self._admit, self._asked + 1
        answer = self._session.enter(admit, self)
        if isinstance(answer, AskAgain):
            asked, due = self._asked, min(self._world.now + answer.wait_s, admit.deadline)
            self._world.at(due, lambda: self._ask_again(asked))
            return
        self._admit = None
        self._resume(answer)

    def _ask_again(self, asked: int) -> None:
        """Ask because time is up, unless something else asked since."""
        if self._asked == asked:
            self._ask()

    def _send(self, effect: Send) -> None:
        if effect.answer is not None:
            self._call.outcome = effect.answer.reply(self._call.request.path)
            self._resume(self._call.outcome)
            return
        self._call.sends.append(self._world.now)
        if effect.body is not None:
            self._sent = replace(self._sent, body=effect.body)
        if effect.key is not None:
            self._sent = replace(self._sent, key=effect.key)
        outcome, seconds = self._world.answer(self._sent)
        self._call.outcome = outcome
        self._world.at(self._world.now + seconds, lambda: self._resume(outcome))

    def _end(self, history: History) -> None:
        self._session.close()
        self._session.record(history)
        self._call.history = history
        self._call.ended = self._world.now
        if self._then is not None:
            self._then(self._call)
