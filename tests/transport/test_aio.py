"""Many tasks on one client, two loops in one process, and cancelling (rule 3)."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from functools import partial

import anyio
import pytest

import halley
import halley.httpx
from halley.simulator import Simulator, fail, ok, serve
from halley.testing import no_wait
from tests.lines import ASK, CHAT, QUICK, Answer, Line, failing, stream

pytestmark = pytest.mark.anyio
FAMILIES = {"httpx2": halley.AsyncClient, "httpx": halley.httpx.AsyncClient}
ONE = halley.Policy(in_flight_max=1, backoff="full_jitter", backoff_base_s=0.001)
KEY = {"authorization": "Bearer sk-" + "a" * 32}


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Both event loops."""
    return request.param


@pytest.fixture(params=FAMILIES)
async def tasks(request: pytest.FixtureRequest, anyio_backend: str) -> Line:
    """Both families, in the loop of the test."""
    return Line(request.param, anyio_backend)


async def test_fifty_tasks_on_a_flaky_upstream(tasks: Line):
    """Each of five hundred calls fails once and then succeeds."""
    seen: Counter[str] = Counter()
    statuses: list[int] = []

    async def flaky(request):
        await anyio.lowlevel.checkpoint()
        seen[request.headers["x-call"]] += 1
        status = 503 if seen[request.headers["x-call"]] == 1 else 200
        return tasks.module.Response(status, json={"choices": [{}]})

    policy = halley.Policy(in_flight_max=20, budget_floor_per_s=1000, breaker_failures=0)
    caller = tasks.client(policy=policy, transport=tasks.module.MockTransport(flaky))

    async def work(number: int) -> None:
        for call in range(10 * number, 10 * number + 10):
            response = await caller.client.post(CHAT, headers={"x-call": str(call)})
            statuses.append(response.status_code)

    with no_wait():
        async with anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(work, number)
    assert statuses == [200] * 500
    assert set(seen.values()) == {2}
    assert caller.idle
    await caller.client.aclose()


async def test_a_waiting_call_holds_no_permit(tasks: Line):
    """With one permit for all: while the first call waits, the second gets through."""
    policy = halley.Policy(in_flight_max=1, backoff_base_s=0.2)
    refused = anyio.Event()
    caller = tasks.client(failing(503), Answer(), policy=policy)
    caller.upstream.answers[0].before = refused.set
    order = []

    async def call(name: str) -> None:
        assert (await caller.client.post(CHAT)).status_code == 200
        order.append(name)

    async with anyio.create_task_group() as group:
        group.start_soon(call, "first")
        await refused.wait()
        group.start_soon(call, "second")
    assert order == ["second", "first"]
    assert caller.idle
    await caller.client.aclose()


async def test_queueing_is_under_the_deadline(tasks: Line):
    """The one permit is taken and never given back."""
    caller = tasks.client(stream(), policy=halley.Policy(in_flight_max=1, deadline_s=0.2))
    request = caller.client.build_request("POST", CHAT)
    response = await caller.client.send(request, stream=True)
    with anyio.fail_after(5):
        assert "the deadline has passed" in (await caller.client.post(CHAT)).text
    await response.aclose()
    assert caller.idle
    await caller.client.aclose()


async def test_a_caller_that_leaves_the_queue_does_not_block_it(tasks: Line):
    """The second of three is cancelled while it waits; the third gets the permit."""
    caller = tasks.client(stream(), Answer(), policy=ONE)
    response = await caller.client.send(caller.client.build_request("POST", CHAT), stream=True)
    done = []

    async def call() -> None:
        done.append((await caller.client.post(CHAT)).status_code)

    async with anyio.create_task_group() as group:
        async with anyio.create_task_group() as leaving:
            leaving.start_soon(call)
            while not caller.lanes[0].queued:
                await anyio.lowlevel.checkpoint()
            group.start_soon(call)
            while caller.lanes[0].queued < 2:
                await anyio.lowlevel.checkpoint()
            leaving.cancel_scope.cancel()
        await response.aclose()
    assert done == [200]
    assert caller.idle
    await caller.client.aclose()


async def test_a_permit_that_comes_back_in_another_thread_wakes_a_task(tasks: Line):
    """A forgotten stream may be collected in any thread; the loop that waits must hear of it."""
    caller = tasks.client(stream(), Answer(), policy=ONE)
    held = [await caller.client.send(caller.client.build_request("POST", CHAT), stream=True)]
    session = held[0].stream._stream._watch._session
    done = []

    async def call() -> None:
        done.append((await caller.client.post(CHAT)).status_code)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            while not caller.lanes[0].queued:
                await anyio.lowlevel.checkpoint()
            thread = threading.Thread(target=session.let_go)
            thread.start()
            await anyio.to_thread.run_sync(thread.join)
    assert done == [200]
    await held.pop().aclose()
    await caller.client.aclose()


async def test_over_a_socket(tasks: Line):
    """503, a reset, a reply cut short, then the answer; a stream; and one connection is enough."""
    script = [fail(503), fail("reset"), fail("cut"), ok(times=3)]
    with serve(Simulator(script=script)) as server:
        limits = tasks.module.Limits(max_connections=1)
        async with FAMILIES[tasks.family](policy=QUICK, limits=limits) as client:
            url = f"{server.base_url}/chat/completions"
            response = await client.post(url, json=ASK, headers=KEY)
            assert len(halley.history(response).attempts) == 4
            streamed = {"json": {**ASK, "stream": True}, "headers": KEY}
            async with client.stream("POST", url, **streamed) as opened:
                lines = [line async for line in opened.aiter_lines()]
            assert lines[-2:] == ["data: [DONE]", ""]
            assert (await client.post(url, json=ASK, headers=KEY)).status_code == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_cancelled_over_a_socket_the_connection_is_free_again(tasks: Line):
    """While the head is awaited and while a body is read: nothing is left behind.

    Under trio the HTTP library's own generators complain when an iteration is left.
    """
    script = [fail("hang"), fail("huge_error"), ok()]
    with serve(Simulator(script=script)) as server:
        limits = tasks.module.Limits(max_connections=1)
        async with FAMILIES[tasks.family](policy=ONE, limits=limits) as client:
            url = f"{server.base_url}/chat/completions"
            for arrived in (1, 2):
                async with anyio.create_task_group() as group:
                    group.start_soon(partial(client.post, url, json=ASK, headers=KEY))
                    while len(server.ledger.calls) < arrived:  # noqa: ASYNC110 - in another thread
                        await anyio.sleep(0.004)
                    group.cancel_scope.cancel()
            with anyio.fail_after(5):
                assert (await client.post(url, json=ASK, headers=KEY)).status_code in (200, 500)


def test_two_loops_in_two_threads_share_nothing():
    """Each has its own client, queue and permits; both finish."""
    results: list[list[int]] = []

    def run() -> None:
        async def main() -> list[int]:
            caller = Line("httpx2", "asyncio").client(failing(503), Answer(), policy=ONE)
            calls = [caller.client.post(CHAT) for _ in range(20)]
            responses = await asyncio.gather(*calls)
            await caller.client.aclose()
            return [response.status_code for response in responses]

        results.append(asyncio.run(main()))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [[200] * 20] * 2


def test_a_loop_that_is_torn_down_returns_the_permit():
    """A coroutine that is closed while it waits for the body gets no chance to wait again."""

    async def chunks():
        yield b"{"
        await asyncio.sleep(60)

    line = Line("httpx2", "asyncio")

    class Slow(line.module.AsyncBaseTransport):
        async def handle_async_request(self, request):
            body = type("Body", (line.module.AsyncByteStream,), {"__aiter__": lambda _: chunks()})()
            return line.module.Response(503, stream=body)

    caller = line.client(policy=ONE, transport=Slow())

    async def main() -> None:
        call = caller.client.post(CHAT)
        pending = asyncio.ensure_future(asyncio.sleep(0))
        call.send(None)
        call.close()
        await pending

    asyncio.run(main())
    gc.collect()
    assert [lane.in_flight for lane in caller.lanes] == [0]
