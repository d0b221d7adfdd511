"""Many threads on one client, real sockets, and permits while a call waits (rule 3)."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

import halley
import halley.httpx
from halley.core.model import StopReason
from halley.drivers.clock import Clock
from halley.simulator import Simulator, fail, ok, serve
from halley.testing import no_wait
from tests.lines import ASK, CHAT, QUICK, Answer, Line, failing, stream

KEY = {"authorization": "Bearer sk-" + "a" * 32}
FAMILIES = {"httpx2": halley.Client, "httpx": halley.httpx.Client}


@pytest.fixture(params=FAMILIES)
def threads(request: pytest.FixtureRequest):
    """Both families, in threads."""
    with Line(request.param, "threads") as line:
        yield line


def test_fifty_threads_on_a_flaky_upstream(threads: Line):
    """Each of a thousand calls fails once and then succeeds: none is lost, none sent too often."""
    lock, seen = threading.Lock(), Counter()

    def flaky(request):
        call = request.headers["x-call"]
        with lock:
            seen[call] += 1
            first = seen[call] == 1
        return threads.module.Response(503 if first else 200, json={"choices": [{}]})

    policy = halley.Policy(in_flight_max=20, budget_floor_per_s=1000, breaker_failures=0)
    caller = threads.client(policy=policy, transport=threads.module.MockTransport(flaky))

    def work(number: int) -> list[int]:
        calls = range(20 * number, 20 * number + 20)
        return [caller.post(headers={"x-call": str(call)}).status_code for call in calls]

    with no_wait(), ThreadPoolExecutor(50) as pool:
        statuses = [status for done in pool.map(work, range(50)) for status in done]
    assert statuses == [200] * 1000
    assert set(seen.values()) == {2}
    assert caller.idle


def test_a_waiting_call_holds_no_permit(threads: Line, monkeypatch: pytest.MonkeyPatch):
    """With one permit for all: while the first call waits, the second gets through."""
    asleep, wake = threading.Event(), threading.Event()

    def sleep(_: Clock, seconds: float) -> None:
        asleep.set()
        assert wake.wait(10)

    caller = threads.client(failing(503), Answer(), policy=halley.Policy(in_flight_max=1))
    monkeypatch.setattr(Clock, "sleep", sleep)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(caller.post)
        assert asleep.wait(10)
        assert caller.post().status_code == 200
        wake.set()
        assert first.result().status_code == 200
    assert caller.idle


def test_nothing_of_the_reply_is_open_while_a_call_waits(
    threads: Line, monkeypatch: pytest.MonkeyPatch
):
    """The connection is free before the sleep: a pool of one would lock itself otherwise."""
    held = []
    caller = threads.client(failing(503, b"x" * (9 << 20)), Answer(), policy=QUICK)
    monkeypatch.setattr(Clock, "sleep", lambda *_: held.append(caller.upstream.open))
    assert caller.post().status_code == 200
    assert held == [0]


def test_queueing_is_under_the_deadline(threads: Line):
    """The one permit is taken and never given back: the second call ends in time, and says why."""
    caller = threads.client(policy=halley.Policy(in_flight_max=1, deadline_s=0.2))
    caller.upstream.answers = [stream()]
    opened = caller.open()
    started = time.monotonic()
    response = caller.post()
    assert 0.15 < time.monotonic() - started < 2
    assert "the deadline has passed" in response.text
    assert halley.history(response).stop_reason is StopReason.DEADLINE
    opened.close()
    assert caller.idle
    assert len(caller.sent) == 1


def test_a_full_queue_refuses_at_once(threads: Line):
    """`queue_max` waiting calls, and one more."""
    caller = threads.client(policy=halley.Policy(in_flight_max=1, queue_max=1, deadline_s=20))
    caller.upstream.answers = [stream()]
    opened = caller.open()
    with ThreadPoolExecutor(1) as pool:
        queued = pool.submit(caller.post)
        while not caller.lanes[0].queued:
            time.sleep(0.001)
        refused = caller.post()
        assert (refused.status_code, halley.history(refused).stop_reason) == (429, "queue")
        assert "1 calls wait already" in refused.text
        opened.close()
        assert queued.result(10).status_code == 200
    assert caller.idle


def test_two_clients_share_nothing(threads: Line):
    """A refusal on one does not slow the other."""
    one, other = (threads.client(failing(429), Answer()) for _ in range(2))
    with no_wait():
        one.post()
    assert one.lanes
    assert not other.lanes


@pytest.mark.parametrize("family", FAMILIES)
def test_over_a_socket(family: str):
    """503, a reset, a reply cut short, then the answer; streams too; one connection is enough."""
    script = [fail(503), fail("reset"), fail("cut"), ok()]
    with serve(Simulator(script=[*script, fail("reset"), ok()])) as server:
        module = Line(family, "threads").module
        limits = module.Limits(max_connections=1)
        with FAMILIES[family](policy=QUICK, limits=limits) as client:
            url = f"{server.base_url}/chat/completions"
            response = client.post(url, json=ASK, headers=KEY)
            assert response.json()["choices"]
            assert len(halley.history(response).attempts) == 4
            with client.stream("POST", url, json={**ASK, "stream": True}, headers=KEY) as stream:
                assert list(stream.iter_lines())[-2:] == ["data: [DONE]", ""]


def test_a_deadline_ends_a_server_that_says_nothing():
    """The user's timeout is a minute; the call's deadline is not."""
    policy = halley.Policy(deadline_s=0.3)
    with (
        serve(Simulator(script=[fail("hang")])) as server,
        halley.Client(timeout=60, policy=policy) as client,
    ):
        started = time.monotonic()
        with pytest.raises(Line("httpx2", "threads").error("ReadTimeout")) as caught:
            client.post(f"{server.base_url}/chat/completions", json=ASK, headers=KEY)
        assert 0.2 < time.monotonic() - started < 2
        assert len(halley.history(caught.value).attempts) == 1


def test_a_user_without_a_content_type_or_body_is_served(threads: Line):
    """GET, HEAD and DELETE with empty answers are successes."""
    caller = threads.client(Answer(204, (), {}))
    for method in ("GET", "HEAD", "DELETE"):
        response = caller.client.request(method, CHAT.replace("chat/completions", "files/x"))
        assert response.status_code == 204
        assert len(halley.history(response).attempts) == 1
