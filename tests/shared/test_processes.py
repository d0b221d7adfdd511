"""Real processes that share one limit over sockets: together, killed, forked, spawned, ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import pytest

from halley.shared.store import MEMBER_S
from tests.shared.clients import Busy, Client, eventually
from tests.shared.limited import Limited, limited
from tests.shared.servers import Server
from tests.shared.worker import policy, work_for


class Worker:
    """`tests.shared.worker` in a process of its own."""

    def __init__(self, name: str, origin: str, pacer: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.shared.worker", name, origin, pacer],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ready(self) -> None:
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> dict[str, int]:
        """Let it finish; return how many calls came to which status."""
        out, _ = self.process.communicate("end\n", timeout=60)
        return json.loads(out)


@contextmanager
def working(count: int, origin: str, pacer: str) -> Iterator[list[Worker]]:
    """So many workers that have begun."""
    workers = [Worker(f"worker {number}", origin, pacer) for number in range(count)]
    try:
        for worker in workers:
            worker.ready()
        for worker in workers:
            worker.say("go")
        yield workers
    finally:
        for worker in workers:
            worker.process.kill()
            worker.process.communicate()


def jain(shares: list[int]) -> float:
    return sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares))


@pytest.fixture
def upstream() -> Iterator[Limited]:
    with limited(rate_per_s=20.0, burst=5.0) as server:
        yield server


def test_four_processes_find_and_share_one_limit(upstream: Limited, url: str) -> None:
    """Nobody is told of the 20/s: it is used, hardly exceeded, and divided equally."""
    with working(4, upstream.origin, url) as workers:
        assert eventually(lambda: len(upstream.admitted) == 4)
        began, before = time.monotonic(), upstream.admitted.copy()
        time.sleep(6.0)
        got = upstream.admitted - before
        capacity = 20.0 * (time.monotonic() - began)
        statuses = [worker.end() for worker in workers]
    assert all(set(counted) == {"200"} for counted in statuses)
    assert sum(counted["200"] for counted in statuses) == upstream.admitted.total()
    assert got.total() > 0.4 * capacity
    assert upstream.refused.total() < 0.3 * upstream.admitted.total()
    assert jain(list(got.values())) > 0.95


@pytest.fixture
def here(upstream: Limited, url: str) -> Iterator[Client]:
    """A client of this process on the same lane; its own calls are all admitted."""
    client = Client(url, origin=upstream.origin, pace="ramp")
    with Busy(client):
        yield client


class TestAProcessThatEnds:
    def test_is_missed_when_it_was_killed(self, upstream: Limited, here: Client, url: str) -> None:
        """It cannot say that it leaves; its share goes to the others all the same."""
        with working(1, upstream.origin, url) as (worker,):
            assert eventually(lambda: here.lane.share == 0.5)
            os.kill(worker.process.pid, signal.SIGKILL)
            assert eventually(lambda: here.lane.share == 1.0, MEMBER_S + 2.0)

    def test_says_so_when_it_ends_by_itself(
        self, upstream: Limited, here: Client, url: str, prefix: str, redis_server: Server
    ) -> None:
        """Nobody has to wait until it is missed: it is gone before its process is."""
        with working(1, upstream.origin, url) as (worker,), redis_server.client as raw:
            assert eventually(lambda: here.lane.share == 0.5)
            (members,) = raw.keys(f"{prefix}:*:members")
            assert raw.hlen(members) == 2
            worker.end()
            assert raw.hlen(members) == 1
            assert eventually(lambda: here.lane.share == 1.0)


def test_a_policy_can_be_shipped_to_a_process_of_any_kind(
    upstream: Limited, here: Client, url: str
) -> None:
    """Pickled into a spawned worker it leads to the same limit; it holds no connection."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        counted = pool.submit(work_for, "spawned", upstream.origin, policy(url), 4.0)
        assert eventually(lambda: here.lane.share == 0.5, 20.0)
        assert set(counted.result(60)) == {200}


FORKS = """
import os, sys, time
import halley
from tests.shared.servers import Server
from tests.shared.worker import policy, work_for
from tests.shared.clients import BODY, HEADERS, PATH

origin, pacer = sys.argv[1:]
client = halley.Client(policy=policy(pacer), headers=HEADERS, base_url=origin)
client.headers["x-worker"] = "parent"
statuses = []
for _ in range(20):
    statuses.append(client.post(PATH, json=BODY).status_code)
    if (child := os.fork()) == 0:
        client.headers["x-worker"] = "child"
        os._exit(client.post(PATH, json=BODY).status_code != 200)
    statuses.append(os.waitpid(child, 0)[1])
print(statuses)
"""


def test_a_forked_process_is_a_member_of_its_own(upstream: Limited, url: str) -> None:
    """Twenty children use the client that they inherited, whatever its thread was at just then."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS, upstream.origin, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == f"{[200, 0] * 20}\n", done.stderr
    assert (upstream.admitted["parent"], upstream.admitted["child"]) == (20, 20)


HELD = """
import os, threading
from halley.shared.forks import watch

class Client:
    lock = threading.Lock()
    def before_fork(self): assert self.lock.locked()
    def fork(self): assert self.lock.locked()

client, ends = Client(), threading.Event()
watch(client)

def step():
    while not ends.is_set():
        with client.lock:
            ends.wait(0.002)

threading.Thread(target=step).start()
codes = []
for _ in range(20):
    if (child := os.fork()) == 0:
        os._exit(not client.lock.acquire(timeout=5))
    codes.append(os.waitpid(child, 0)[1])
ends.set()
print(codes)
"""


def test_no_lock_of_a_thread_that_is_not_there_is_held_in_a_fork() -> None:
    """A thread steps calls nearly all of the time, and each of twenty children can step its own."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HELD],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{[0] * 20}\n", "")


class TestForksWithoutAStore:
    """A client that was made before the fork, and no `pacer`."""

    def family(self, what: str, origin: str) -> dict[str, dict[str, object]]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.shared.family", what, origin],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return {seen.pop("name"): seen for seen in map(json.loads, done.stdout.splitlines())}

    def test_share_one_limit(self, upstream: Limited) -> None:
        """Each has half of it, and all calls are answered."""
        seen = self.family("busy", upstream.origin)
        assert seen["parent"]["share"] == seen["child"]["share"] == 0.5
        assert all(one["good"] == one["calls"] > 5 for one in seen.values())

    def test_are_not_slowed_before_the_first_refusal(self, upstream: Limited) -> None:
        """No lane is opened in either."""
        assert self.family("calm", upstream.origin) == {
            "parent": {"lanes": 0},
            "child": {"lanes": 0},
        }

    def test_learn_from_the_refusal_of_one(self, upstream: Limited) -> None:
        """The parent was refused nothing, and is paced."""
        upstream.unlucky["child"] = 1
        assert self.family("warned", upstream.origin) == {"parent": {"knows": True}}
        assert upstream.refused == {"child": 1}
