"""What one call owes for its next send: a retry of the budget, and the probe of an open breaker.

Both are taken before the call waits, so that waiting calls never hold more than there is, and given
back exactly if the send does not happen. Refusals for being too fast cost nothing here: they are
the pacer's affair.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from halley.core.breaker import PROBE_S, Breaker, Target
from halley.core.effects import Effect, Resume, Wait
from halley.core.local import Local
from halley.core.model import StopReason

if TYPE_CHECKING:
    from halley.core.engine import Engine

BREAKER_OPEN: Final = "halley_breaker_open"


class Retries:
    """The debts of one call."""

    __slots__ = ("_drawn_at", "_engine", "_probe")

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._drawn_at: float | None = None
        self._probe: tuple[Breaker, float] | None = None

    def afford(
        self,
        target: Target,
        now: float,
        deadline: float,
        *,
        wait_s: float = 0.0,
        server_wait_s: float = 0.0,
        free: bool = False,
    ) -> float | StopReason:
        """Take what the next send costs; return the wait before it, or what forbids it.

        Args:
            target: Where it goes.
            now: Monotonic seconds.
            deadline: Of the call.
            wait_s: What it waits otherwise; a probe goes when the breaker says.
            server_wait_s: What the server asked for, which a probe waits as well.
            free: It costs no retry, unless it is a probe.
        """
        breaker = self._engine.breakers.opened(target, now)
        if breaker is not None:
            at = breaker.reserve(now, now + server_wait_s)
            if at is None:
                return StopReason.BREAKER
            self._probe, wait_s = (breaker, at), at - now
        if now + wait_s >= deadline:
            self.refund()
            return StopReason.DEADLINE
        if not free or breaker is not None:
            if not self._engine.budget.withdraw(now):
                self.refund()
                return StopReason.BUDGET
            self._drawn_at = now
        return wait_s

    def enter(
        self, target: Target, now: float, deadline: float, *, patient: bool
    ) -> Generator[Effect, Resume, tuple[float, Local | None]]:
        """Get an open breaker's leave for a send that has none yet; a `Local` answer without.

        Args:
            target: Where it goes.
            now: Monotonic seconds.
            deadline: Of the call.
            patient: Wait until the breaker shuts instead of being turned away.
        """
        breakers = self._engine.breakers
        while not self._probe and breakers.any(now) and (open_ := breakers.opened(target, now)):
            said = self.afford(target, now, deadline, free=True)
            if not isinstance(said, StopReason):
                if said:
                    now, _ = yield Wait(said, None)
                break
            if not patient or said is not StopReason.BREAKER:
                return now, turned_away(target, open_, now)
            again_s = max(PROBE_S, open_.probe_at - now) * (1.0 + self._engine.random())
            if now + again_s >= deadline:
                return now, turned_away(target, open_, now)
            now, _ = yield Wait(again_s, None)
        return now, None

    def sent(self) -> None:
        """The send has happened: what was drawn is spent."""
        self._drawn_at = None

    def answered(self) -> bool:
        """The send has an outcome: give the probe back; return whether it was one."""
        probe = self._probe is not None
        self._release()
        return probe

    def refund(self) -> None:
        """The send does not happen: give everything back."""
        if self._drawn_at is not None:
            self._engine.budget.refund(self._drawn_at)
            self._drawn_at = None
        self._release()

    def _release(self) -> None:
        if self._probe is not None:
            breaker, at = self._probe
            breaker.release(at)
            self._probe = None


def turned_away(target: Target, breaker: Breaker, now: float) -> Local:
    """Return the answer to a call that an open breaker does not let go."""
    wait_s = max(breaker.probe_at - now, 0.0)
    origin, model = target
    what = f"{model} at {origin}" if model else origin
    return Local(
        503,
        BREAKER_OPEN,
        f"halley: {what} has failed {breaker.failures} times in a row; nothing was sent, the next "
        f"call goes in {wait_s:.0f} s",
        wait_s=wait_s,
    )
