"""A CometAPI that misbehaves on purpose.

One pure behaviour, (request, now) to reply, under three faces: real sockets (`serve`), ASGI
(`asgi_app`) and virtual time (`virtual.answer`). Nothing here talks to the network outside this
machine, and nothing needs a real key.
"""

from __future__ import annotations

from halley.simulator.asgi import asgi_app
from halley.simulator.behaviour import Simulator
from halley.simulator.ledger import Acceptance, Entry, Ledger
from halley.simulator.model import Chunk, Ending, SimReply, SimRequest
from halley.simulator.profile import PROFILES, Profile
from halley.simulator.script import Step, fail, ok, script
from halley.simulator.server import Server, serve, serve_forever

__all__ = [
    "PROFILES",
    "Acceptance",
    "Chunk",
    "Ending",
    "Entry",
    "Ledger",
    "Profile",
    "Server",
    "SimReply",
    "SimRequest",
    "Simulator",
    "Step",
    "asgi_app",
    "fail",
    "ok",
    "script",
    "serve",
    "serve_forever",
]
