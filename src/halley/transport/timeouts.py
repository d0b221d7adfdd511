"""The timeouts of an attempt, phase by phase, and a read timeout that is asked anew for each read.

The HTTP libraries look up the read timeout once when the body of an HTTP/1.1 reply begins, and hand
what they find to every read. So for an event stream they find `Patience`, which is no number yet:
`socket.settimeout` takes its `__index__`, asyncio and trio add it to their clocks. In threads this
means whole seconds: a silence is noticed up to a second late there. Minor layering violation,
checked against httpcore 1.0 and httpcore2 2.12 to 2.16 by tests/transport/test_timeouts.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from halley.core.policy import Policy
from halley.core.stream_terms import StreamTerms

if TYPE_CHECKING:
    import httpx2

PHASES = ("connect", "read", "write", "pool")
SLACK = 1.01
"""Timeouts this little above the time left are kept as they are."""
LEAST_S = 0.001
"""Sockets take 0 for "do not wait" and refuse less: the shortest timeout that still is one."""


class Patience:
    """Seconds that the next read may take."""

    __slots__ = ("_seconds",)

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds

    def __index__(self) -> int:
        return max(math.ceil(self._seconds()), 1)

    def __float__(self) -> float:
        return self._seconds()

    def __radd__(self, other: float) -> float:
        return other + self._seconds()

    def __lt__(self, other: float) -> bool:
        return self._seconds() < other

    def __repr__(self) -> str:
        return f"<Patience {self._seconds():g}>"


class TimeLeft(Mapping[str, float | Patience]):
    """The timeouts of an attempt: in each phase no longer than what is left when it begins.

    `reads` takes the place of the read timeout as soon as an event stream is on the wire.
    """

    __slots__ = ("_deadline", "_now", "_timeouts", "limits", "reads")

    def __init__(
        self,
        timeouts: Mapping[str, float | None],
        deadline: float,
        now: Callable[[], float],
        limits: Mapping[str, float | None] = MappingProxyType({}),
    ) -> None:
        self._timeouts = timeouts
        self._deadline = deadline
        self._now = now
        self.limits = limits
        self.reads: Patience | None = None

    def __getitem__(self, phase: str) -> float | Patience:
        """Return the timeout of a phase that begins now, in seconds."""
        if phase not in PHASES:
            raise KeyError(phase)
        if phase == "read" and self.reads is not None:
            return self.reads
        left_s = max(self._deadline - self._now(), LEAST_S)
        limits = (self._timeouts.get(phase), self.limits.get(phase))
        return min([left_s, *(limit_s for limit_s in limits if limit_s is not None)])

    def __iter__(self) -> Iterator[str]:
        """Yield the phases."""
        return iter(PHASES)

    def __len__(self) -> int:
        """Count the phases."""
        return len(PHASES)


def time_left(
    timeouts: Mapping[str, float | None],
    terms: StreamTerms,
    deadline: float,
    now: Callable[[], float],
) -> TimeLeft | None:
    """Return what limits an attempt that begins now; None if the client's own timeouts do."""
    limits = {"connect": terms.connect_s, "read": terms.first_byte_s}
    try:
        longest_s = max(timeouts[phase] for phase in PHASES)  # type: ignore[type-var]
    except (KeyError, TypeError):  # not given, or None: no limit
        longest_s = math.inf
    left_s = deadline - now()
    if longest_s is not None and longest_s <= left_s * SLACK and not any(limits.values()):
        return None
    return TimeLeft(timeouts, deadline, now, limits)


def unhurried(request: httpx2.Request, policy: Policy) -> bool:
    """Say whether no phase of a request may outlast a call that begins now, or its own limit."""
    if policy.connect_timeout_s is not None or policy.first_byte_timeout_s is not None:
        return False
    try:
        return max(request.extensions["timeout"].values()) <= policy.deadline_s  # type: ignore[no-any-return]
    except (KeyError, TypeError):  # not given, or None: no limit
        return False
