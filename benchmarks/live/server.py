"""The server of a live run: the simulator on a socket, with a limit that it tells nobody.

It prints its port, and writes what it did with each request into a ledger.
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from halley.simulator import Server, SimReply, SimRequest, Simulator, serve_forever
from halley.simulator.latency import Latency
from halley.simulator.ledger import CALL_HEADER
from halley.simulator.limits import Limits
from halley.simulator.profile import Profile

from .ledger import Ledger

WHAT = {200: "admitted", 429: "refused"}


class Audited(Simulator):
    """A simulator that keeps a ledger outside its process, and refuses in `refusal_s`."""

    def __init__(self, profile: Profile, ledger: Ledger, refusal_s: float) -> None:
        super().__init__(profile=profile)
        self._facts = ledger
        self._refusal_s = refusal_s

    def handle(self, request: SimRequest, now: float, *, speed: float = 1.0) -> SimReply:
        """Answer one request and write it down."""
        reply = super().handle(request, now, speed=speed)
        what = WHAT.get(reply.status, "other")
        self._facts.write(request.headers.get(CALL_HEADER, ""), what, str(reply.status))
        return replace(reply, latency_s=self._refusal_s) if what == "refused" else reply


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--refusal", type=float, required=True)
    parser.add_argument("--ledger", type=Path, required=True)
    options = parser.parse_args()
    profile = Profile(
        "live",
        "healthy, but only so many requests a second",
        limits=Limits(rate_per_s=options.rate, burst=max(1, round(options.rate))),
        latency=Latency(median_s=options.latency, sigma=0.5),
        retry_after=0.0,
    )
    simulator = Audited(profile, Ledger(options.ledger), options.refusal)
    asyncio.run(serve_forever(simulator, port=options.port, ready=_tell))


def _tell(server: Server) -> None:
    print(server.port, flush=True)


if __name__ == "__main__":
    main()
