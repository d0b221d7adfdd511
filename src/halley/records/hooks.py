"""Hooks: users' functions that are called with every event, on a thread of their own.

A call only puts its event into a queue, so a hook that is slow delays none, and one that raises
breaks none. The queue is bounded: what finds it full is lost, and the next event says how much was.
There is a queue and a thread for every process, made by its first event, so that a forked worker
has its own. At exit what is queued is delivered, for a bounded time.
"""

from __future__ import annotations

import atexit
import inspect
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import SimpleQueue
from traceback import extract_tb
from typing import Final

from halley.core.model import History, Request
from halley.drivers.session import Sink
from halley.records.events import Event, Hook, event_of
from halley.records.redact import Redactor
from halley.records.sinks import LOGGER

QUEUED_MAX: Final = 10_000
"""An event holds no request and no body: some 1 KiB, so 10 MB when a hook hangs."""
FLUSH_S: Final = 2.0
"""How long an exiting program waits for its hooks."""


class Line:
    """The queue and the thread of one process.

    Events are made wherever a response is collected, even inside a `put` of the same thread: the
    queue may be entered again there, and so may the lock, which is held for an addition alone.
    """

    __slots__ = ("_begun", "_dropped", "_hooks", "_lock", "_queue", "_thread", "_told")

    def __init__(self, hooks: tuple[Hook, ...]) -> None:
        self._hooks = hooks
        self._queue: SimpleQueue[Event | threading.Event | None] = SimpleQueue()
        self._lock = threading.RLock()
        self._dropped = 0
        self._begun = threading.Lock()
        self._thread: threading.Thread | None = None
        self._told: set[int] = set()

    def put(self, event: Event) -> None:
        """Queue an event, or count it as lost; the first one starts the thread."""
        if self._queue.qsize() >= QUEUED_MAX:
            with self._lock:
                self._dropped += 1
            return
        self._queue.put(event)
        if self._begun.acquire(blocking=False):
            self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="halley-hooks", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no more threads, or the interpreter is ending
            self._begun.release()
        else:
            atexit.register(self.flush)

    def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """Wait until what is queued by now is delivered; False if that took too long."""
        if self._thread is None or not self._thread.is_alive():
            return True
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout_s)

    def end(self) -> None:
        """Let the thread end when it has delivered what is queued."""
        self._queue.put(None)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            else:
                self._deliver(item)
        atexit.unregister(self.flush)

    def _deliver(self, event: Event) -> None:
        with self._lock:
            dropped, self._dropped = self._dropped, 0
        told = event._replace(dropped=dropped) if dropped else event
        for number, hook in enumerate(self._hooks):
            try:
                hook(told)
            except BaseException as error:  # noqa: BLE001 - `sys.exit` in a hook ends no other
                self._failed(number, hook, error)

    def _failed(self, number: int, hook: Hook, error: BaseException) -> None:
        """Log the first failure of each hook: what and where, not its text, which may be any."""
        if number in self._told:
            return
        self._told.add(number)
        name = getattr(hook, "__qualname__", type(hook).__qualname__)
        frame = extract_tb(error.__traceback__)[-1]
        LOGGER.error(
            "hook %s raised %s at %s:%s; it will be called again, but its failures not logged",
            *(name, type(error).__name__, Path(frame.filename).name, frame.lineno),
        )


class Hooks:
    """A sink that queues every record as an event, and passes it on to the sink within.

    Args:
        hooks: Called one after the other with every event.
        within: Where records go besides.
        redactor: Of a request: what knows its keys.

    Raises:
        TypeError: `hooks` is no list of functions, or one of them is a coroutine function.
    """

    __slots__ = ("__weakref__", "_hooks", "_lines", "_redactor", "_within")

    def __init__(
        self, hooks: Iterable[Hook], within: Sink, redactor: Callable[[Request], Redactor]
    ) -> None:
        self._hooks = checked(hooks)
        self._within = within
        self._redactor = redactor
        self._lines: dict[int, Line] = {}
        weakref.finalize(self, _end, self._lines).atexit = False

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """Queue the last attempt of a history, and write it down as well."""
        try:
            request = describe()
            event = event_of(request, history, body, time.time(), self._redactor(request))
            pid = os.getpid()
            line = self._lines.get(pid) or self._lines.setdefault(pid, Line(self._hooks))
            line.put(event)
        finally:
            self._within(describe, history, body)


def _end(lines: dict[int, Line]) -> None:
    if (line := lines.get(os.getpid())) is not None:
        line.end()


def checked(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    """Return hooks as a tuple.

    Raises:
        TypeError: as `Hooks`.
    """
    if callable(hooks) or isinstance(hooks, str) or not isinstance(hooks, Iterable):
        raise TypeError(f"hooks: expected a list of functions, got {type(hooks).__name__}")
    found = tuple(hooks)
    for hook in found:
        called = hook if inspect.isroutine(hook) else getattr(hook, "__call__", None)  # noqa: B004
        if called is None or inspect.iscoroutinefunction(called):
            what = "a coroutine function" if called else type(hook).__name__
            raise TypeError(f"hooks: expected functions that take an event, got {what}")
    return found
