"""halley: the layer beneath an LLM SDK that turns every failed call into the right decision.

Nothing is imported until it is used, neither HTTP family and no SDK: `import halley` is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halley.core.credentials import Key
    from halley.core.errors import PolicyError
    from halley.core.interrupted import StreamInterrupted
    from halley.core.model import Decision, Failure, History
    from halley.core.policy import Policy
    from halley.core.secret import Secret
    from halley.explaining import explain
    from halley.policy.options import options
    from halley.records.quiet import quiet
    from halley.transport.history import history
    from halley.transport.httpx2 import AsyncClient, Client
    from halley.transport.protect import protect

_HOMES = {
    "AsyncClient": "halley.transport.httpx2",
    "Client": "halley.transport.httpx2",
    "Decision": "halley.core.model",
    "Failure": "halley.core.model",
    "History": "halley.core.model",
    "Key": "halley.core.credentials",
    "Policy": "halley.core.policy",
    "PolicyError": "halley.core.errors",
    "Secret": "halley.core.secret",
    "StreamInterrupted": "halley.core.interrupted",
    "explain": "halley.explaining",
    "history": "halley.transport.history",
    "options": "halley.policy.options",
    "protect": "halley.transport.protect",
    "quiet": "halley.records.quiet",
}

__all__ = [
    "AsyncClient",
    "Client",
    "Decision",
    "Failure",
    "History",
    "Key",
    "Policy",
    "PolicyError",
    "Secret",
    "StreamInterrupted",
    "explain",
    "history",
    "options",
    "protect",
    "quiet",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'halley' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
