"""The thread that talks to the store while lanes are in use: no call ever waits for it.

It runs a few times a second, and at once when a lane rings: after a refusal, when callers begin to
wait, when a quiet lane is used again. It ends when all lanes are quiet. While the store is away it
asks less and less often, says so once, and the lanes go on with what they had.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Final

from halley.core.lanes import LaneKey, Lanes
from halley.shared.member import Member, lane_id
from halley.shared.store import Report, Store, StoreError

LOGGER: Final = logging.getLogger("halley")
EVERY_S: Final = 0.25
"""Between two exchanges about a lane in use."""
GAP_S: Final = 0.05
"""Least time between two exchanges, however often a lane rings."""
RETRY_S: Final = 0.5
RETRY_S_MAX: Final = 4.0
"""First and longest pause before a store that is away is asked again; in between it doubles."""
LEAVE_S: Final = 0.5
"""How long a process that ends may wait for its last report."""


class Exchanger:
    """Keeps the lanes of one client in step with a store.

    Args:
        lanes: Stepped under `lock`, and never while waiting.
        lock: The client's.
        connect: Makes a store; nothing is connected yet.
        now: Monotonic seconds.
        random: Spreads the retries of processes that lost the store at the same moment.
        name: The store, for people.
        ahead_s: By how much its clock is ahead; None: to be found out.
    """

    def __init__(
        self,
        lanes: Lanes,
        lock: threading.Lock,
        connect: Callable[[], Store],
        *,
        now: Callable[[], float],
        random: Callable[[], float],
        name: str,
        ahead_s: float | None = None,
    ) -> None:
        self.lock = lock
        self._connect = connect
        self._now = now
        self._random = random
        self._name = name
        self._member = Member(os.urandom(8).hex(), lanes, ahead_s)
        self._begin()

    def _begin(self) -> None:
        self._store = self._connect()
        self._thread: threading.Thread | None = None
        self._rung = threading.Event()
        self._leaves = False
        self._away_since: float | None = None
        self._retry_s = RETRY_S
        self._retry_at = -1.0

    def ring(self) -> bool:
        """Have an exchange soon; the caller holds the lock. False: there is no thread for it."""
        self._rung.set()
        if self._thread is not None and self._thread.is_alive():
            return True
        self._thread = threading.Thread(target=self._work, name="halley-pacer", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the interpreter is shutting down, or there are too many
            self._thread = None
            return False
        atexit.register(self.leave)
        return True

    def _work(self) -> None:
        while self._turn():
            time.sleep(GAP_S)
            self._rung.wait(EVERY_S - GAP_S)
            self._rung.clear()

    def leave(self) -> None:
        """Tell the others that this process ends, if that takes no time."""
        thread, self._leaves = self._thread, True
        self._rung.set()
        if thread is not None:
            thread.join(LEAVE_S)

    def _turn(self) -> bool:
        """Have an exchange about every lane in use; False when there is none."""
        with self.lock:
            leaves = self._leaves
            reports = self._member.reports(self._now(), leaves=leaves)
            if not reports:
                self._end()
        for key, report in reports:
            if not self._exchange(key, report):
                with self.lock:
                    self._member.miss(key, self._now())
        return bool(reports) and not leaves

    def _end(self) -> None:
        self._thread = None
        self._store.close()
        atexit.unregister(self.leave)

    def _exchange(self, key: LaneKey, report: Report) -> bool:
        """Tell the store about one lane, and take its answer; False when there is none."""
        asked_at = self._now()
        if asked_at < self._retry_at:
            return False
        try:
            answer = self._store.exchange(lane_id(key), report)
            with self.lock:
                woken = self._member.take(key, answer, asked_at, self._now())
        except StoreError as error:
            self._lost(error)
            return False
        self._found()
        if woken is not None:
            woken.wake()
        return True

    def _lost(self, error: StoreError) -> None:
        now = self._now()
        self._retry_at = now + self._retry_s * (0.5 + self._random())
        self._retry_s = min(2 * self._retry_s, RETRY_S_MAX)
        if self._away_since is None and not self._leaves:
            self._away_since = now
            LOGGER.warning(
                "pacer %s is away (%s): calls go on with the last share of each limit",
                self._name,
                error,
            )

    def _found(self) -> None:
        if self._away_since is not None:
            away_s, self._away_since = self._now() - self._away_since, None
            self._retry_s = RETRY_S
            LOGGER.info("pacer %s is back after %.1f s", self._name, away_s)

    def before_fork(self) -> None:
        """Nothing is to be made ready: it is enough that the lock is held."""

    def fork(self) -> None:
        """Become a member of its own in a forked process; thread and connection are not its own."""
        self._member.fork(os.urandom(8).hex())
        self._begin()
