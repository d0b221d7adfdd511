"""For your own tests: no waiting, scripted upstreams, a simulator on a real socket.

The pytest fixtures `halley_no_wait` and `halley_simulator` come with the package; everything else
is imported from here, when it is first used: pytest loads the fixtures at every start. See
docs/testing-your-code.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from halley.simulator import Simulator, fail, ok, script, serve
    from halley.testing.nowait import no_wait
    from halley.testing.scripted import upstream

_HOMES = {
    "Simulator": "halley.simulator",
    "fail": "halley.simulator",
    "no_wait": "halley.testing.nowait",
    "ok": "halley.simulator",
    "script": "halley.simulator",
    "serve": "halley.simulator",
    "upstream": "halley.testing.scripted",
}

__all__ = ["Simulator", "fail", "no_wait", "ok", "script", "serve", "upstream"]


def __getattr__(name: str) -> object:
    """Import a name when it is first used (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'halley.testing' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
