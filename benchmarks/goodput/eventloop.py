"""An asyncio loop in virtual time: where nothing is left to do at an instant, the clock jumps.

Code that sleeps with asyncio (or anyio) runs in it unchanged: the peers, tenacity, and the openai
SDK over a transport that answers without a socket.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: what it was to wait for has passed."""

    jumped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Look at the sockets once, and let the time pass that was to be waited."""
        if timeout is None:
            raise RuntimeError("nothing will ever happen in this loop")
        if timeout > 0:
            self.jumped_s += timeout
            return []
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time begins at 0 and passes only by jumps."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumping.jumped_s


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine in virtual time to its end, and end what it left."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(main)
