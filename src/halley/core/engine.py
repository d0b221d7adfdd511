"""The engine: what the calls of one client share, and where each of them begins.

A step (the code between two yields) only computes. No clock, socket, sleep, logger or lock is in
here; chance comes from the generator given from outside. Live responses, exceptions and permits
stay with the driver. The same inputs give the same trace. The rules of DESIGN §2 are this file's
specification, and `call`'s; tests/core/test_engine_rules.py has a test for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from halley.core.breaker import Breakers
from halley.core.budget import Budget
from halley.core.call import Call
from halley.core.effects import Deliver, Steps
from halley.core.ids import OPENAI_ID, request_id
from halley.core.keys import KeyRing
from halley.core.lanes import Lanes
from halley.core.model import Action, Attempt, Headers, History, Request
from halley.core.policy import Policy
from halley.core.probe import healthy
from halley.core.tables import Tables

HTTP_OK = 200


@dataclass(frozen=True, slots=True)
class Engine:
    """What the calls of one client share; whoever steps a call holds the client's lock."""

    tables: Tables
    budget: Budget
    breakers: Breakers
    lanes: Lanes
    random: Callable[[], float]
    ring: KeyRing | None = None

    def begin(self, now: float) -> bool:
        """Say whether the first send of a call that starts at `now` needs nobody's leave.

        The budget counts a call when it is first sent: one that waits longer than the budget
        remembers would otherwise have nothing left for its retries.
        """
        if self.ring is not None or self.breakers.any(now) or not self.lanes.pass_freely(now):
            return False
        self.budget.deposit(now)
        return True

    def healthy(self, headers: Headers, body: bytes, elapsed_s: float) -> Deliver | None:
        """Return the delivery of a first send if its whole 200 is a plain success; else None.

        Most calls end here, without a generator, a description of the request, or a parse. It says
        what `call` would say; tests/parity holds the two together. Where some target failed since
        the send, `call` has to tell its breaker of this sign of life.
        """
        if self.breakers.targets or not healthy(body):
            return None
        found = request_id(headers)
        attempt = Attempt(1, Action.OK, elapsed_s, HTTP_OK, request_id=found)
        history = History(self.call_id(), (attempt,))
        if found is None or OPENAI_ID in headers:
            return Deliver(history)
        return Deliver(history, ((OPENAI_ID, found),))

    def call(
        self,
        describe: Callable[[], Request],
        policy: Policy,
        now: float,
        *,
        free: bool | None = None,
    ) -> Steps:
        """Return the steps of one call that starts at `now`.

        Args:
            describe: Asked for the request when something depends on it.
            policy: Of this call.
            now: When it starts, monotonic seconds.
            free: What `begin` said of it; None: it has not begun yet.
        """
        return Call(self, describe, policy, now).steps(now, free=free)

    def call_id(self) -> str:
        """Draw the id of a call: 48 bits of a draw's mantissa, in hexadecimal."""
        return self.random().hex()[4:16]
