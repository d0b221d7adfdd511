"""One call between its driver and its engine: steps under the lock, the permit, the records.

The permit is taken when the lane grants it and given back exactly once: before a wait, at the end of
the call, or when the caller cancels, closes or forgets the response.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from halley.core.effects import CallCancelled, Effect, Ended, GiveUp, Steps, StreamEnd
from halley.core.engine import Engine
from halley.core.model import History, Outcome, Request
from halley.core.pace import AskAgain, Granted, Lane, Refused, Ticket
from halley.core.policy import Policy
from halley.drivers.clock import Clock



class Sink(Protocol):
    """Where records go."""

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Write down the last attempt of a history.

        `describe` gives the request; `body` is the end of the reply's, as far as it was looked at.
        """


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the calls of one client share on the live side."""

    engine: Engine
    policy: Policy
    clock: Clock
    sink: Sink
    lock: threading.Lock


class Session:
    """A call being driven."""

    __slots__ = ("__weakref__", "_describe", "_lane", "_runtime", "_steps", "now")

    def __init__(
        self, runtime: Runtime, describe: Callable[[], Request], policy: Policy
    ) -> None:
        self._runtime = runtime
        self._describe = describe
        self._lane: Lane | None = None
        self.now = runtime.clock.now
        self._steps: Steps = runtime.engine.call(describe, policy, self.now())

    def start(self) -> Effect:
        """Take the first step."""
        with self._runtime.lock:
            return next(self._steps)

    def step(self, value: Outcome | StreamEnd | Refused | None) -> Effect | None:
        """Resume the engine with what an effect brought; None when the call is over."""
        now = self.now()
        try:
            with self._runtime.lock:
                return self._steps.send((now, value))
        except StopIteration:
            return None

    def record(self, history: History, body: bytes = b"") -> None:
        """Write down the last attempt."""
        self._runtime.sink(self._describe, history, body)

    def enter(self, lane: Lane, ticket: Ticket, deadline: float) -> Refused | AskAgain | None:
        """Ask for a permit in the queue; None when it is granted."""
        now = self.now()
        following: Ticket | None = None
        with self._runtime.lock:
            answer = lane.enter(ticket, now, deadline)
            match answer:
                case Granted(following):
                    self._lane = lane
                case Refused():
                    following = lane.give_up(ticket)
                case AskAgain():
                    pass
        if following is not None:
            following.wake()
        return None if isinstance(answer, Granted) else answer

    def give_up(self, lane: Lane, ticket: Ticket) -> None:
        """Leave the queue without a permit."""
        with self._runtime.lock:
            following = lane.give_up(ticket)
        if following is not None:
            following.wake()

    def leave(self) -> None:
        """Give the permit back, if the call holds one."""
        lane, self._lane = self._lane, None
        if lane is None:
            return
        with self._runtime.lock:
            following = lane.leave()
        if following is not None:
            following.wake()

    def close(self) -> None:
        """End the call: no further step, no permit."""
        self._steps.close()
        self.leave()

    def cancel(self) -> History | None:
        """End a call that was interrupted from outside; return what was known of it."""
        effect: Effect | None = None
        try:
            with self._runtime.lock:
                effect = self._steps.throw(CallCancelled())
        except (StopIteration, CallCancelled):
            pass  # it had not begun, or was over
        self.close()
        if not isinstance(effect, GiveUp):
            return None
        self.record(effect.history)
        return effect.history

    def ended(self, end: StreamEnd, tail: bytes) -> History | None:
        """End a call whose body was watched; None when it was over before."""
        effect = self.step(end)
        self.close()
        if not isinstance(effect, Ended):
            return None
        self.record(effect.history, tail)
        return effect.history
