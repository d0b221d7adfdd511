"""The pacer without a server: threads, event loops and forks of one process share one limit.

As long as there was no fork there is nothing to do: a client's lanes are one already. A fork leaves
parent and child a file and a flag in common. The flag is down, and nobody is slowed, until a lane
is opened in one of them, after a refusal or because there is a cap; then all of them exchange
through the file.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable

from halley.core.lanes import Lanes
from halley.shared.exchanger import Exchanger
from halley.shared.forks import watch

DOWN = b"\0"


class Embedded:
    """What one client's lanes will have in common with those of its forks.

    Args:
        lanes: Stepped under `lock`.
        lock: The client's.
        now: Monotonic seconds, the same for all processes of a machine.
        random: Uniform in [0, 1).
    """

    def __init__(
        self,
        lanes: Lanes,
        lock: threading.Lock,
        *,
        now: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.lock = lock
        self._lanes = lanes
        self._now = now
        self._random = random
        self._flag: mmap.mmap | None = None
        self._exchanger: Exchanger | None = None
        lanes.share(self.ring, DOWN)
        watch(self)

    def ring(self) -> bool:
        """Have an exchange soon, and raise the flag; False before the first fork."""
        if self._exchanger is None or self._flag is None:
            return False
        self._flag[0] = 1
        return self._exchanger.ring()

    def before_fork(self) -> None:
        """Make what parent and child will have in common; without a place for it, they do not."""
        from halley.shared.file import FileStore  # noqa: PLC0415 - not on Windows, which has no fork

        if self._exchanger is not None:
            return
        try:
            store, flag = FileStore(self._now), mmap.mmap(-1, 1)
        except OSError:
            return
        self._flag = flag
        self._exchanger = Exchanger(
            self._lanes,
            self.lock,
            lambda: store,
            now=self._now,
            random=self._random,
            name="of forked processes",
            ahead_s=0.0,
        )
        self._lanes.share(self.ring, flag)

    def fork(self) -> None:
        """Become a member of its own in the child."""
        if self._exchanger is not None:
            self._exchanger.fork()
