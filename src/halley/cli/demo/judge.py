"""A simulator that notes who comes back sooner than it asked, and which request ids it told.

A wait asked for in a 429 is for the whole key on that path and model, one in any other answer for
that call alone. What was on its way when the wait was told is no fault of its sender.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from halley.simulator import SimReply, SimRequest, Simulator, Step
from halley.simulator.model import EPOCH_S
from halley.simulator.waits import told_wait_s

UNDERWAY_S: Final = 0.5
"""So long after an answer was sent, its receiver may not have read it yet: the waits told are whole
seconds, and dozens of threads share one processor."""

THROTTLED: Final = 429


class Judge(Simulator):
    """A simulator with a sharper eye on its callers.

    Attributes:
        early: Requests that came before a wait was over.
        last_id: Of each call, polls included, the request id in its last answer; None for none.
    """

    def __init__(self, *, profile: str, seed: int, script: Sequence[Step] = ()) -> None:
        super().__init__(profile=profile, seed=seed, script=script)
        self.early = 0
        self.last_id: dict[str, str | None] = {}
        self._waits: defaultdict[tuple[str, ...], list[tuple[float, float]]] = defaultdict(list)

    def handle(self, request: SimRequest, now: float, *, speed: float = 1.0) -> SimReply:
        """Answer one request."""
        reply = super().handle(request, now, speed=speed)
        entry = self.ledger.calls[-1]
        told = (reply.body, *(value.encode() for _, value in reply.headers))
        has_id = any(entry.request_id.encode() in part for part in told)
        self.last_id[call_of(entry.group)] = entry.request_id if has_id else None
        places: tuple[tuple[str, ...], ...] = ((entry.group,), (entry.key, entry.path, entry.model))
        self.early += any(self._is_early(place, now) for place in places)
        wait_s = told_wait_s(reply, EPOCH_S + now)
        if wait_s is not None:
            told_at = now + reply.duration_s
            for place in places if reply.status == THROTTLED else places[:1]:
                self._waits[place].append((told_at, told_at + wait_s))
        return reply

    def _is_early(self, place: tuple[str, ...], now: float) -> bool:
        return any(told_at + UNDERWAY_S <= now < until for told_at, until in self._waits[place])


def call_of(group: str) -> str:
    """Return the call that a poll belongs to.

    >>> call_of("c0007.3")
    'c0007'
    """
    return group.partition(".")[0]
