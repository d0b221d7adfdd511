"""Settings for the calls inside a `with`, on top of the client's policy.

A context variable carries them, so they follow the thread or task and nothing else: calls made
elsewhere at the same time keep their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from halley.core.endpoints import model_of
from halley.core.errors import Mistakes
from halley.core.model import Request
from halley.core.policy import Policy, of_one_call

_changes: ContextVar[dict[str, object] | None] = ContextVar("changes", default=None)


@contextmanager
def options(**changes: object) -> Iterator[None]:
    """Change fields of the policy for the calls made inside; the inner of two nested ones wins.

    >>> with options(deadline_s=30, attempts=2):
    ...     pass

    Raises:
        PolicyError: a name is no setting of a single call, or a value is not allowed.
    """
    mistakes, taken = Mistakes(), dict[str, object]()
    for name, value in changes.items():
        with mistakes:
            taken[name] = of_one_call("", name).take(name, value)
    mistakes.settle()
    reset = _changes.set({**(_changes.get() or {}), **taken})
    try:
        yield
    finally:
        _changes.reset(reset)


def effective(policy: Policy, describe: Callable[[], Request] | None = None) -> Policy:
    """Return the policy of a call that starts here and now.

    Options go before the section of the model, and that before the rest of the client's policy.

    Args:
        policy: The client's.
        describe: Asked for the request if the policy has sections; None: no section applies yet.
    """
    if describe is not None and policy.models:
        policy = policy.for_model(model_of(describe()))
    changes = _changes.get()
    return policy if changes is None else policy.changed(changes)
