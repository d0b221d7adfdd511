"""Who gets how much of a limit: max-min fair shares.

Nobody gets more than it can use as long as somebody else lacks it; those who wait divide what is
left equally; what nobody needs is divided equally among all, so that a burst can begin at once.
Source: Bertsekas and Gallager, Data Networks, 6.5.2; YouTube's Doorman, FAIR_SHARE.
"""

from __future__ import annotations

from collections.abc import Mapping

from halley.shared.store import Wants

HEADROOM = 1.25
"""What a member that does not wait may grow by, until its next report."""
LEAST = 0.01
"""Every member can use this much: a share of nothing would never see its first call."""


def demand(wants: Wants, rate_per_s: float | None, in_flight_max: float) -> float:
    """Share of a limit that a member can use, 0 to 1; one that waits could use all of it.

    >>> demand(Wants(0, 2, 4.0), rate_per_s=10.0, in_flight_max=float("inf"))
    0.5
    >>> demand(Wants(1, 2, 4.0), rate_per_s=10.0, in_flight_max=float("inf"))
    1.0
    """
    if wants.queued:
        return 1.0
    paced = wants.sent_per_s / rate_per_s if rate_per_s else 0.0
    return min(1.0, max(LEAST, HEADROOM * max(paced, wants.in_flight / in_flight_max)))


def shares(demands: Mapping[str, float]) -> dict[str, float]:
    """Divide 1 among members by what each can use, 0 to 1.

    >>> shares({"a": 1.0, "b": 1.0})
    {'a': 0.5, 'b': 0.5}
    >>> shares({"a": 1.0, "b": 0.25, "idle": 0.0})
    {'a': 0.75, 'b': 0.25, 'idle': 0.0}
    >>> shares({"a": 0.5, "b": 0.0})
    {'a': 0.75, 'b': 0.25}
    """
    granted: dict[str, float] = {}
    left = 1.0
    for count, name in enumerate(sorted(demands, key=demands.__getitem__)):
        granted[name] = min(demands[name], left / (len(demands) - count))
        left -= granted[name]
    spare = max(0.0, left) / max(1, len(demands))
    return {name: granted[name] + spare for name in demands}
