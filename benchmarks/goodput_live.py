"""Four processes under one limit, for real: sockets, a Redis, and something killed in the middle.

Each worker is a process of its own with halley's client; the server is halley's simulator, which
admits so many requests a second and tells nobody. Whatever is killed, comes back after a while. At
the end the ledgers are read: every call that was accepted must be answered or reported, once.

    python benchmarks/goodput_live.py [--seconds 60] [--kill redis|worker|simulator] [--pacer redis]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from goodput.measure import jain
from live.ledger import Audit, Fact, audit, facts, write_clock
from live.processes import (
    HOST,
    STARTS_S,
    NotStartedError,
    Process,
    free_port,
    module,
    redis_command,
)

DRAIN_S = 120.0
"""The calls that are open when time is up have so long to end."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run comes to.

    Attributes:
        goodput: Admitted of what the limit lets through while the server is up: its rate, and the
            bucket's burst (a second's worth) at each of its starts.
        refused: 429s per success.
        fairness: Jain's index of the workers' successes.
    """

    goodput: float
    refused: float
    fairness: float
    audit: Audit

    @property
    def whole(self) -> bool:
        """No call was lost, and none was answered twice."""
        return not self.audit.lost and not self.audit.doubled


class Run:
    """The processes of one run."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._began = 0.0
        self._down_s = 0.0
        port, store = free_port(), free_port()
        self.simulator = Process(
            module(
                "server",
                *("--port", str(port), "--rate", str(options.rate)),
                *("--latency", str(options.latency), "--refusal", str(options.refusal)),
                *("--ledger", self._server),
            ),
            port,
        )
        self.redis: Process | None = None
        pacer: tuple[str, ...] = ()
        if options.pacer == "redis":
            self.redis = Process(redis_command(store, folder), store)
            pacer = ("--pacer", f"redis://{HOST}:{store}/0")
        url = f"http://{HOST}:{port}/v1/chat/completions"
        common: tuple[str | Path, ...] = (
            *("--url", url, "--calls", str(options.calls), "--clock", self._clock),
            *pacer,
        )
        self.workers = [
            Process(module("worker", "--name", name, "--ledger", folder / name, *common))
            for name in self._names
        ]

    @property
    def _server(self) -> Path:
        return self._folder / "server"

    @property
    def _clock(self) -> Path:
        return self._folder / "clock"

    @property
    def _names(self) -> list[str]:
        return [f"worker{number}" for number in range(self._options.workers)]

    def victim(self) -> Process | None:
        """What is to be killed in the middle."""
        return {
            "redis": self.redis,
            "worker": self.workers[0],
            "simulator": self.simulator,
        }.get(self._options.kill)

    def perform(self) -> None:
        """Start all, kill one and bring it back, and wait for the workers' end."""
        with ExitStack() as ending:
            for process in (self.redis, self.simulator, *self.workers):
                if process is not None:
                    ending.callback(process.kill)
                    process.start()
            self._begin()
            self._disturb(self.victim())
            deadline = self._began + self._options.seconds + DRAIN_S
            for number, worker in enumerate(self.workers):
                if worker.wait(max(1.0, deadline - time.time())) != 0:
                    tell(f"worker{number} did not end well")

    def _begin(self) -> None:
        """Wait until every worker is ready, and let them begin together."""
        deadline = time.monotonic() + STARTS_S
        while not all(any(facts(self._folder / name)) for name in self._names):
            if time.monotonic() > deadline:
                raise NotStartedError("a worker did not get ready")
            time.sleep(0.02)
        self._began = time.time()
        write_clock(self._clock, self._began + self._options.seconds)

    def _disturb(self, victim: Process | None) -> None:
        if victim is None:
            return
        time.sleep(max(0.0, self._began + self._options.at - time.time()))
        killed_at = time.time()
        victim.kill()
        tell(f"{self._options.kill} killed")
        time.sleep(self._options.back_after)
        victim.start()
        tell(f"{self._options.kill} is back")
        if victim is self.simulator:
            self._down_s = time.time() - killed_at

    def outcome(self) -> Outcome:
        """Read the ledgers."""
        told = [fact for name in self._names for fact in facts(self._folder / name)]
        served = [fact for fact in facts(self._server) if fact.at >= self._began]
        until = self._began + self._options.seconds
        bursts = 2 if self._down_s else 1
        capacity = self._options.rate * (self._options.seconds - self._down_s + bursts)
        return outcome(told, served, self._names, until, capacity)


def outcome(
    told: Sequence[Fact],
    served: Sequence[Fact],
    names: Sequence[str],
    until: float,
    capacity: float,
) -> Outcome:
    """Sum up what the ledgers say; what is admitted after `until` is not counted."""
    admitted = [fact for fact in served if fact.what == "admitted" and fact.at <= until]
    refused = sum(fact.what == "refused" and fact.at <= until for fact in served)
    shares = [sum(fact.call.startswith(f"{name}-") for fact in admitted) for name in names]
    return Outcome(
        goodput=len(admitted) / capacity,
        refused=refused / max(1, len(admitted)),
        fairness=jain(shares),
        audit=audit(told, served),
    )


def tell(text: str) -> None:
    """Say what happens, to whoever watches."""
    print(f"goodput_live: {text}", file=sys.stderr, flush=True)


@contextmanager
def folder(kept: Path | None) -> Iterator[Path]:
    """Where the ledgers are: in a named folder that stays, or in one that goes."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="halley-live-") as name:
        yield Path(name)


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="of accepting calls")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--calls", type=int, default=25, help="that a worker keeps open")
    parser.add_argument("--rate", type=float, default=10.0, help="what the server admits a second")
    parser.add_argument("--latency", type=float, default=0.5, help="median of the answers")
    parser.add_argument("--refusal", type=float, default=0.1, help="round trip of a 429")
    parser.add_argument("--pacer", choices=("none", "redis"), default="none")
    parser.add_argument("--kill", choices=("redis", "worker", "simulator"))
    parser.add_argument("--at", type=float, default=20.0, help="seconds after the start")
    parser.add_argument("--back-after", type=float, default=5.0, help="seconds after the kill")
    parser.add_argument("--ledgers", type=Path, help="folder to keep them in")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(words)
    if options.kill == "redis" and options.pacer != "redis":
        parser.error("--kill redis: there is none without --pacer redis")
    return options


def table(found: Outcome) -> str:
    """The outcome for a person."""
    calls = found.audit
    lost = ", ".join(calls.lost[:5]) or "none"
    return "\n".join(
        (
            f"goodput            {100 * found.goodput:.1f} %",
            f"429s per success   {found.refused:.3f}",
            f"Jain's index       {found.fairness:.3f}",
            f"accepted           {calls.accepted}",
            f"answered           {calls.answered}",
            f"reported failed    {calls.failed}",
            f"lost               {len(calls.lost)} ({lost})",
            f"answered twice     {len(calls.doubled)}",
            f"admitted twice     {calls.repeated}",
        )
    )


def figures(found: Outcome) -> dict[str, Any]:
    """The outcome for a program."""
    return {**asdict(found), "whole": found.whole}


def main() -> int:
    """Run and print; 1 when a call was lost or answered twice."""
    options = arguments()
    with folder(options.ledgers) as place:
        run = Run(options, place)
        try:
            run.perform()
        except NotStartedError as error:
            tell(str(error))
            return 2
        found = run.outcome()
    print(json.dumps(figures(found)) if options.json else table(found))
    return int(not found.whole)


if __name__ == "__main__":
    sys.exit(main())
