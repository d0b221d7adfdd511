"""What a fork must not tear apart.

A lock that a thread holds at that moment would be held for ever in the child, where the thread is
not: all locks are taken before, as `logging` does with its own. A fork concerns the whole process,
so this is the one place in halley that remembers anything about it.
"""

from __future__ import annotations

import os
import threading
import weakref
from typing import Final, Protocol


class Forked(Protocol):
    """Something with a lock that begins anew in a forked process."""

    lock: threading.Lock

    def before_fork(self) -> None:
        """Get ready; the lock is held until after the fork, in parent and child."""

    def fork(self) -> None:
        """Begin anew in the child."""


class _Forks:
    """Those who asked, and those whose locks are held while a fork is under way."""

    def __init__(self) -> None:
        self._asked: weakref.WeakSet[Forked] = weakref.WeakSet()
        self._held: list[Forked] = []
        self._registered = False

    def watch(self, one: Forked) -> None:
        if not self._registered and hasattr(os, "register_at_fork"):
            self._registered = True
            os.register_at_fork(
                before=self._before, after_in_parent=self._release, after_in_child=self._child
            )
        self._asked.add(one)

    def _before(self) -> None:
        self._held = list(self._asked)
        for one in self._held:
            one.lock.acquire()
            one.before_fork()

    def _release(self) -> None:
        held, self._held = self._held, []
        for one in held:
            one.lock.release()

    def _child(self) -> None:
        for one in self._held:
            one.fork()
        self._release()


_FORKS: Final = _Forks()


def watch(one: Forked) -> None:
    """Hold the lock of `one` during every fork, and let it begin anew in the child."""
    _FORKS.watch(one)
