"""Settings for the calls inside a `with`, on top of the client's policy.

A context variable carries them, so they follow the thread or task and nothing else: calls made
elsewhere at the same time keep their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from halley.core.errors import PolicyError
from halley.core.policy import Policy

SHARED = (
    "budget_ratio",
    "budget_floor_per_s",
    "pace",
    "pacer",
    "in_flight_max",
    "queue_max",
    "records",
    "rules",
)
"""Settings that belong to all calls of a client together."""

_changes: ContextVar[dict[str, object] | None] = ContextVar("changes", default=None)


@contextmanager
def options(**changes: object) -> Iterator[None]:
    """Change fields of the policy for the calls made inside; the inner of two nested ones wins.

    >>> with options(deadline_s=30, attempts=2):
    ...     pass

    Raises:
        PolicyError: a name is no setting of a single call, or a value is not allowed.
    """
    for name in changes:
        if name in SHARED:
            raise PolicyError(f"{name}: belongs to the client, set it in the policy")
    Policy().override(changes)
    reset = _changes.set({**(_changes.get() or {}), **changes})
    try:
        yield
    finally:
        _changes.reset(reset)


def effective(policy: Policy) -> Policy:
    """Return the policy of a call that starts here and now."""
    changes = _changes.get()
    return policy if changes is None else policy.override(changes)
