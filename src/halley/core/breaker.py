"""The breaker: a target that answers nothing any more is asked by one call at a time.

A target is one origin and model. Ten failures in a row over at least two seconds open its breaker;
any sign of life closes it, a 400 or a 429 included. While it is open one call at a time is the
probe, 1 s after it opened, then after 2, 4 and at most 8 s; everybody else is turned away at once.
Partial failure is the budget's affair: one success among ten calls keeps a breaker shut.

Source: M. Nygard, Release It!, 2nd ed. 2018, ch. 5; half-open with one permit as in resilience4j.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, TypeAlias

from halley.core.model import Action, Failure, Fault, FaultKind, Origin, Outcome, Scope

SPAN_S: Final = 2.0
"""A run of failures shorter than this is one event, however many calls it met."""
PROBE_S: Final = 1.0
PROBE_MAX_S: Final = 8.0
PATIENCE_S: Final = 10.0
"""A probe that has no answer after this time no longer keeps the next one from going."""
FORGOTTEN_S: Final = 60.0
"""A target of which nothing was heard for this long starts afresh."""
TARGETS_MAX: Final = 1024

Target: TypeAlias = tuple[str, str]
"""Origin and model."""


_OURS: Final = frozenset({FaultKind.POOL_TIMEOUT, FaultKind.UNSUPPORTED, FaultKind.MALFORMED})
"""A full pool, and a request that no server could be sent."""


def is_ours(outcome: Outcome, failure: Failure) -> bool:
    """Say whether a failure was made on this side and says nothing of the target, good or bad."""
    if isinstance(outcome, Fault):
        return outcome.kind in _OURS
    return failure.origin is Origin.CLIENT


def is_down(outcome: Outcome, failure: Failure) -> bool:
    """Say whether a failure is one of the target, which any other call would meet as well.

    A refusal for being too fast and a mistake in the request are not.
    """
    if isinstance(outcome, Fault):
        return outcome.kind not in _OURS
    server = failure.scope in (Scope.UPSTREAM, Scope.SERVICE)
    return server and failure.action is Action.RETRY and outcome.status != 429  # noqa: PLR2004


@dataclass(slots=True)
class Breaker:
    """One target that failed lately; shut until `failures_max` failures in a row."""

    failures_max: int
    failures: int = 0
    since: float = 0.0
    newest: float = 0.0
    probe_at: float = math.inf
    taken_until: float = -math.inf
    _step_s: float = PROBE_S

    @property
    def open(self) -> bool:
        """Only probes may go."""
        return self.probe_at < math.inf

    def failed(self, now: float, *, probe: bool) -> None:
        """Count a failure; one of a probe doubles the time to the next one."""
        if not self.failures:
            self.since = now
        self.failures += 1
        self.newest = now
        if self.open and probe:
            self._step_s = min(2 * self._step_s, PROBE_MAX_S)
            self.probe_at = now + self._step_s
        elif not self.open and self.failures >= self.failures_max and now - self.since >= SPAN_S:
            self.probe_at = now + self._step_s

    def reserve(self, now: float, at_least: float) -> float | None:
        """Take the next probe and return when it may go; None when another call has it."""
        if now < self.taken_until:
            return None
        at = max(now, at_least, self.probe_at)
        self.taken_until = at + PATIENCE_S
        return at

    def release(self, at: float) -> None:
        """Give the probe back that was reserved for an instant, unless it is another's by now."""
        if self.taken_until == at + PATIENCE_S:
            self.taken_until = -math.inf


class Breakers:
    """The targets of one client that failed lately; a healthy client has none.

    Attributes:
        targets: What is known of each; empty where nothing failed.
    """

    __slots__ = ("_failures_max", "targets")

    def __init__(self, *, failures_max: int) -> None:
        """Args: failures_max: failures in a row that open a breaker; 0: none ever opens."""
        self._failures_max = failures_max
        self.targets: dict[Target, Breaker] = {}

    def any(self, now: float) -> bool:
        """Say whether some target failed lately."""
        if not self.targets:
            return False
        if all(now - breaker.newest > FORGOTTEN_S for breaker in self.targets.values()):
            self.targets.clear()
        return bool(self.targets)

    def opened(self, target: Target, now: float) -> Breaker | None:
        """Return the breaker of a target if it is open."""
        breaker = self._remembered(target, now)
        return breaker if breaker is not None and breaker.open else None

    def failed(self, target: Target, now: float, *, probe: bool) -> None:
        """Count a failure of a target."""
        if not self._failures_max:
            return
        breaker = self._remembered(target, now)
        if breaker is None:
            if len(self.targets) >= TARGETS_MAX:
                del self.targets[min(self.targets, key=lambda t: self.targets[t].newest)]
            breaker = self.targets[target] = Breaker(self._failures_max)
        breaker.failed(now, probe=probe)

    def _remembered(self, target: Target, now: float) -> Breaker | None:
        breaker = self.targets.get(target)
        if breaker is not None and now - breaker.newest > FORGOTTEN_S:
            del self.targets[target]
            return None
        return breaker

    def lives(self, target: Target) -> None:
        """Note a sign of life."""
        if self.targets:
            self.targets.pop(target, None)

    def __repr__(self) -> str:
        opened = [f"{o} {m}" for (o, m), breaker in self.targets.items() if breaker.open]
        return f"<Breakers open: {', '.join(opened) or 'none'}>"
