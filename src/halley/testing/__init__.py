"""For your own tests: no waiting, scripted upstreams, a simulator on a real socket.

The pytest fixtures `halley_no_wait` and `halley_simulator` come with the package; everything else is
imported from here. See docs/testing-your-code.md.
"""

from halley.simulator import Simulator, fail, ok, script, serve
from halley.testing.nowait import no_wait
from halley.testing.upstream import upstream

__all__ = ["Simulator", "fail", "no_wait", "ok", "script", "serve", "upstream"]
