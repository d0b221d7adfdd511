"""What an unnamed limit counts: what sets the refused calls apart from the admitted ones.

A limit of calls in flight refuses at one number and admits just below it: a sharp edge, seen again
and again. A limit of LLM tokens refuses large requests rather than small ones. Where neither shows,
the limit counts requests. A call that was refused while it was alone was not one too many.
"""

from __future__ import annotations

from dataclasses import dataclass

from halley.core.signals import Why

EDGES = 4
"""So many sharp edges, less two for each refusal without one, make a limit of calls in flight."""
EDGE = 0.1
"""Edges this close to each other are one, and so much below it calls were admitted."""
COSTS_KEPT = 16
RANK_WEIGHT = 0.125
RANK_TOKENS = 0.75
"""Mean rank of the refused costs among the latest ones that makes a limit of tokens."""
RANK_REQUESTS = 0.6
"""And below which it is one no more."""


@dataclass(slots=True)
class Suspect:
    """What is suspected, and the evidence.

    Attributes:
        why: `RATE`, `TOKENS` or `CONCURRENCY`.
        edges: Sharp edges seen lately, at nearly the same number of calls.
        edge: That number.
        admitted: Most calls in flight with which one was admitted since the last cut.
        settling: The same of calls too young to be known as admitted; and of still younger ones.
        rank: Smoothed rank of the refused costs, 0 to 1.
    """

    why: Why = Why.RATE
    edges: int = 0
    edge: int = 0
    admitted: int = 0
    settling: int = 0
    youngest: int = 0
    turned_at: float = 0.0
    costs: tuple[float, ...] = ()
    rank: float = 0.5

    def sent(self, now: float, in_flight: int, cost: float, patience_s: float) -> None:
        """Note a call that was sent; in twice the patience it counts as admitted."""
        if now - self.turned_at >= patience_s:
            self.admitted = max(self.admitted, self.settling)
            self.settling, self.youngest, self.turned_at = self.youngest, 0, now
        self.youngest = max(self.youngest, in_flight)
        self.costs = (*self.costs[1 - COSTS_KEPT :], cost)

    def refused(self, in_flight: int) -> None:
        """Note that so many calls were too many, if calls are what counts."""
        if in_flight:
            self.youngest = min(self.youngest, in_flight - 1)
            self.settling = min(self.settling, in_flight - 1)

    def judge(self, in_flight: int, cost: float) -> None:
        """Weigh the first refusal of a burst."""
        self._weigh_calls(in_flight)
        self._weigh_cost(cost)
        if self.edges == EDGES:
            self.why = Why.CONCURRENCY
        elif self.why is Why.CONCURRENCY:
            self.why = Why.CONCURRENCY if self.edges else Why.RATE
        elif self.rank > RANK_TOKENS:
            self.why = Why.TOKENS
        elif self.rank < RANK_REQUESTS:
            self.why = Why.RATE

    def _weigh_calls(self, in_flight: int) -> None:
        if 0 < in_flight <= max(1, self.admitted):
            self.edges = max(0, self.edges - 2)
        elif 0 < in_flight <= self.admitted * (1.0 + EDGE) + 1.0:
            same = abs(in_flight - self.edge) <= EDGE * in_flight
            self.edge = in_flight
            self.edges = min(EDGES, self.edges + 1) if same else 1

    def _weigh_cost(self, cost: float) -> None:
        if self.costs:
            below = sum((kept < cost) + (kept <= cost) for kept in self.costs)
            self.rank += RANK_WEIGHT * (below / (2 * len(self.costs)) - self.rank)

    def acquit_calls(self) -> None:
        """A call was refused while it was alone: calls in flight are not what counts."""
        self.edges = 0
        if self.why is Why.CONCURRENCY:
            self.why = Why.RATE

    def start_over(self) -> None:
        """Forget which numbers were admitted: a cut changes what is sent."""
        self.admitted = self.settling = self.youngest = 0
