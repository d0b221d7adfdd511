"""One call between its driver and its engine: steps under the lock, the permit, the records.

The permit is taken when the lane grants it and given back exactly once: before a wait, at the end
of the call, or when the caller cancels, closes or forgets the response. The last two may happen in
a destructor, at any moment, even inside a step of the same thread: such a call is ended by whoever
holds the lock, as soon as it is free.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from halley.core.effects import (
    Admit,
    CallCancelled,
    Effect,
    Ended,
    GiveUp,
    Loaded,
    Resume,
    Steps,
    StreamEnd,
    Value,
)
from halley.core.engine import Engine
from halley.core.model import History, Request
from halley.core.pace import AskAgain, Granted, Lane, Refused, Ticket
from halley.core.policy import Policy
from halley.drivers.clock import Clock
from halley.drivers.keys import Keys

if TYPE_CHECKING:
    from halley.drivers.tracing import Tracing


class Sink(Protocol):
    """Where records go."""

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Write down the last attempt of a history.

        `describe` gives the request; `body` is the reply's as far as it was read and decoded, or
        the start and the end of one that was watched.
        """


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the calls of one client share on the live side."""

    engine: Engine
    policy: Policy
    clock: Clock
    sink: Sink
    lock: threading.Lock
    keys: Keys | None = None
    tracing: Tracing | None = None
    left: deque[Session] = field(default_factory=deque)
    watched: set[Session] = field(default_factory=set)
    """Calls whose body is open: held here, a call outlives its body, which ends it."""

    def settle(self) -> None:
        """End the calls that were left, if the lock is free; else its holder does so after it."""
        while self.left and self.lock.acquire(blocking=False):
            try:
                finish = self.left.popleft().last_step() if self.left else None
            finally:
                self.lock.release()
            if finish is not None:
                finish()


def record(
    runtime: Runtime, describe: Callable[[], Request], history: History, body: bytes
) -> None:
    """Write down the last attempt of a call; a sink that fails never breaks it."""
    try:  # noqa: SIM105 - which costs as much as the record
        runtime.sink(describe, history, body)
    except Exception:  # noqa: BLE001, S110 - where would it be told, if not there?
        pass


class Session:
    """A call being driven."""

    __slots__ = (
        "__weakref__",
        "_describe",
        "_end",
        "_free",
        "_granted_at",
        "_kept",
        "_lane",
        "_policy",
        "_runtime",
        "_started",
        "_steps",
        "_tail",
        "_told",
        "now",
    )

    def __init__(
        self,
        runtime: Runtime,
        describe: Callable[[], Request],
        policy: Policy,
        *,
        started: float | None = None,
        free: bool | None = None,
    ) -> None:
        """Take over a call: one that `started` before, and is `free` or not, has begun already."""
        self._runtime = runtime
        self._free = free
        self._describe = describe
        self._lane: Lane | None = None
        self._end: StreamEnd | None = None
        self._granted_at: float | None = None  # the lane knows the call by this time
        self._tail = b""
        self._told: tuple[dict[str, object], ...] = ()
        self._kept: object = None
        self._policy = policy
        self.now = runtime.clock.now
        self._started = self.now() if started is None else started
        self._steps: Steps | None = None

    def start(self) -> Effect | None:
        """Take the first step."""
        self._steps = self._runtime.engine.call(
            self._describe, self._policy, self._started, free=self._free
        )
        return self._resume(None)

    def step(self, value: Value) -> Effect | None:
        """Resume the engine with what an effect brought; None when the call is over."""
        now, self._granted_at = self._granted_at, None
        return self._resume((self.now() if now is None else now, value))

    def _resume(self, value: Resume | None) -> Effect | None:
        assert self._steps is not None
        runtime = self._runtime
        try:
            with runtime.lock:
                effect = self._steps.send(value)  # type: ignore[arg-type]
        except StopIteration:
            effect = None
        if runtime.left:
            runtime.settle()
        return effect

    def record(self, history: History | None, body: bytes = b"") -> None:
        """Write down the last attempt, if there is one."""
        if history is not None:
            record(self._runtime, self._describe, history, body)

    def load_keys(self, generation: int) -> Loaded | None:
        """Load the keys anew; blocks on the I/O of their sources."""
        keys = self._runtime.keys
        return None if keys is None else keys.load(generation)

    def enter(self, effect: Admit, ticket: Ticket) -> Refused | AskAgain | None:
        """Ask for a permit in the queue; None when it is granted."""
        lane, now = effect.lane, self.now()
        following: Ticket | None = None
        with self._runtime.lock:
            answer = lane.enter(
                ticket, now, effect.deadline, priority=effect.priority, cost=effect.cost
            )
            match answer:
                case Granted(following):
                    self._lane, self._granted_at = lane, now
                case Refused():
                    following = lane.give_up(ticket)
                case AskAgain():
                    pass
        self._wake(following)
        return None if isinstance(answer, Granted) else answer

    def give_up(self, lane: Lane, ticket: Ticket) -> None:
        """Leave the queue without a permit."""
        with self._runtime.lock:
            following = lane.give_up(ticket)
        self._wake(following)

    def leave(self) -> None:
        """Give the permit back, if the call holds one."""
        if self._lane is None:
            return
        with self._runtime.lock:  # one thread may read a body to its end while another closes it
            lane, self._lane = self._lane, None
            following = None if lane is None else lane.leave()
        self._wake(following)

    def watch(self, *told: dict[str, object], kept: object = None) -> None:
        """Keep the call until its body ends; the extensions `told` then hold the whole history.

        What is `kept` is forgotten with the call, and by no garbage collection before: collected
        all at once, the nested generators of an HTTP library close one another while they run.
        """
        self._told = told
        self._kept = kept
        self._runtime.watched.add(self)

    def let_go(self, end: StreamEnd | None = None, tail: bytes = b"") -> None:
        """End a call whose body was closed or forgotten, without waiting for the lock.

        Args:
            end: How its body ended; None: it never had one.
            tail: The end of the body, as far as it passed.
        """
        self._end, self._tail = end, tail
        self._runtime.left.append(self)
        self._runtime.settle()

    def last_step(self) -> Callable[[], None]:
        """End the call that was let go, under the lock; return what to do when it is free."""
        effect: Effect | None = None
        if self._end is not None and self._steps is not None:
            with suppress(StopIteration):
                effect = self._steps.send((self.now(), self._end))
        self._runtime.watched.discard(self)
        if self._steps is not None:
            self._steps.close()
        lane, self._lane = self._lane, None
        return partial(self._finish, effect, None if lane is None else lane.leave())

    def _finish(self, effect: Effect | None, following: Ticket | None) -> None:
        if following is not None:
            following.wake()
        if isinstance(effect, Ended):
            self._tell(effect.history)
            self.record(effect.history, self._tail)

    def _tell(self, history: History) -> None:
        """Bring the history up to date where the caller may look for it."""
        for extensions in self._told:
            extensions["halley"] = history

    def _wake(self, following: Ticket | None) -> None:
        if following is not None:
            following.wake()
        self._runtime.settle()

    def close(self) -> None:
        """End the call: no further step, no permit."""
        self._runtime.watched.discard(self)
        if self._steps is not None:
            self._steps.close()
        self.leave()

    def cancel(self) -> History | None:
        """End a call that was interrupted from outside; return what was known of it."""
        effect: Effect | None = None
        if self._steps is None:
            self.start()  # interrupted in its first send
        assert self._steps is not None
        try:
            with self._runtime.lock:
                effect = self._steps.throw(CallCancelled())
        except (StopIteration, CallCancelled):
            pass  # it had not begun, or was over
        self.close()
        self._runtime.settle()
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
        self._tell(effect.history)
        self.record(effect.history, tail)
        return effect.history
