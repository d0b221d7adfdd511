"""How long to wait: the backoff between attempts, and the server's wait with jitter on top.

Pure arithmetic; the uniform draw `u` in [0, 1) comes from outside. Jitter is added after the cap
and to a server's wait only upwards: a client told "20" never comes back at 19.9, and never all at
once.
"""

from __future__ import annotations

from typing import assert_never

from halley.core.policy import Backoff, Policy

AWS_TRANSIENT_BASE_S = 0.05
AWS_THROTTLING_BASE_S = 1.0
AWS_CAP_S = 20.0
EXPONENT_MAX = 32


def backoff(attempt: int, policy: Policy, *, throttled: bool, u: float) -> float:
    """Seconds to wait after failed attempt number `attempt`, counted from 1.

    `documented`: min(cap, base * 2**(attempt-1)) + u, one second of jitter above the cap.

    >>> backoff(1, Policy(), throttled=False, u=0.5), backoff(9, Policy(), throttled=False, u=0.5)
    (1.5, 30.5)

    `full_jitter`: u * min(cap, base * 2**(attempt-1)).

    >>> backoff(3, Policy(backoff=Backoff.FULL_JITTER), throttled=False, u=0.5)
    2.0

    `aws`: as full jitter, with a base of 0.05 s, or 1 s after a throttling refusal, capped at 20 s.

    >>> aws = Policy(backoff=Backoff.AWS)
    >>> backoff(2, aws, throttled=False, u=0.5), backoff(2, aws, throttled=True, u=0.5)
    (0.05, 1.0)

    Raises:
        ValueError: attempt < 1.

    Source: CometAPI, "Error codes and retry strategy" (2026-11); AWS Architecture Blog,
    "Exponential Backoff And Jitter"; AWS SDKs, retry behaviour of November 2026.
    """
    if attempt < 1:
        raise ValueError(f"attempt: expected 1 or more, got {attempt}")
    doubled = 2.0 ** min(attempt - 1, EXPONENT_MAX)
    match policy.backoff:
        case Backoff.DOCUMENTED:
            return min(policy.backoff_cap_s, policy.backoff_base_s * doubled) + u
        case Backoff.FULL_JITTER:
            return u * min(policy.backoff_cap_s, policy.backoff_base_s * doubled)
        case Backoff.AWS:
            base_s = AWS_THROTTLING_BASE_S if throttled else AWS_TRANSIENT_BASE_S
            return u * min(AWS_CAP_S, base_s * doubled)
        case _:
            assert_never(policy.backoff)


def jittered(server_wait_s: float, u: float) -> float:
    """Return the server's wait with up to a quarter of it on top, between 0.1 s and 1 s.

    >>> jittered(20.0, 0.0), jittered(20.0, 0.5), jittered(0.2, 0.5)
    (20.0, 20.5, 0.25)
    """
    return server_wait_s + u * min(1.0, max(0.1, server_wait_s / 4))
