"""A client above that retries although halley has given up (rule 5)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

import halley
from halley.testing import no_wait
from tests.lines import ANSWER, CHAT, Answer, Line, failing, fault

AGAIN = {"x-stainless-retry-count": "1"}


def gave_up(caller) -> Exception:
    """The fault with which a call ends."""
    with pytest.raises(caller.line.error("ConnectError")) as caught:
        caller.post(headers={"x-stainless-retry-count": "0"})
    return caught.value


@pytest.fixture
def threads() -> Iterator[Line]:
    """A line whose calls share one context, as those of an SDK's loop do."""
    with Line("httpx2", "threads") as line:
        yield line


@pytest.fixture(autouse=True)
def _no_wait() -> Iterator[None]:
    with no_wait():
        yield


@pytest.mark.parametrize("family", ["httpx2", "httpx"])
def test_the_same_exception_comes_back_and_nothing_is_sent(family: str):
    """The SDK asks again twice: the object is the same, the upstream hears nothing."""
    with Line(family, "threads") as line:
        caller = line.client(fault("ConnectError"))
        error = gave_up(caller)
        for count in "12":
            with pytest.raises(line.error("ConnectError")) as caught:
                caller.post(headers={"x-stainless-retry-count": count})
            assert caught.value is error
        assert len(caller.sent) == 5
        assert len(halley.history(error).attempts) == 5


def test_it_holds_where_calls_are_traced(threads: Line):
    """A trace is one call's, the memory is the client's."""
    caller = threads.client(fault("ConnectError"), policy=halley.Policy(telemetry="otel"))
    error = gave_up(caller)
    with pytest.raises(threads.error("ConnectError")) as caught:
        caller.post(headers=AGAIN)
    assert caught.value is error
    assert len(caller.sent) == 5


@pytest.mark.parametrize("family", ["httpx2", "httpx"])
def test_it_holds_in_a_task_as_well(family: str):
    """The async SDKs loop inside one task."""

    async def main() -> None:
        line = Line(family, "asyncio")
        caller = line.client(fault("ConnectError"))
        seen = []
        for count in "012":
            with pytest.raises(line.error("ConnectError")) as caught:
                await caller.client.post(CHAT, headers={"x-stainless-retry-count": count})
            seen.append(caught.value)
        assert seen[0] is seen[1] is seen[2]
        assert len(caller.sent) == 5
        await caller.client.aclose()

    asyncio.run(main())


def test_a_count_without_a_memory_is_sent(threads: Line):
    """The first failure was not ours: a reply that halley let pass, or another client's."""
    caller = threads.client()
    assert caller.post(headers=AGAIN).content == ANSWER


def test_after_a_reply_it_is_sent(threads: Line):
    """Replies are vetoed in their headers; a client that asks again anyway is served."""
    caller = threads.client(failing(400), Answer())
    assert caller.post().status_code == 400
    assert caller.post(headers=AGAIN).status_code == 200


@pytest.mark.parametrize("change", [{"url": CHAT + "?b=1"}, {"headers": {}}])
def test_another_call_is_sent_and_forgets(threads: Line, change: dict):
    """Another URL, or a call that counts from 0, is a new call; the old fault is gone after it."""
    caller = threads.client(*[fault("ConnectError")] * 5, Answer())
    gave_up(caller)
    assert caller.post(**{"headers": AGAIN, **change}).status_code == 200
    assert caller.post(headers=AGAIN).status_code == 200


def test_threads_do_not_share_it(threads: Line):
    """A fault of one thread is not raised in another."""
    caller = threads.client(*[fault("ConnectError")] * 5, Answer())
    gave_up(caller)
    statuses = []
    thread = threading.Thread(
        target=lambda: statuses.append(caller.post(headers=AGAIN).status_code)
    )
    thread.start()
    thread.join()
    assert statuses == [200]


def test_clients_do_not_share_it(threads: Line):
    """What one client gave up on, another may be able to do."""
    gave_up(threads.client(fault("ConnectError")))
    assert threads.client().post(headers=AGAIN).status_code == 200


def test_tasks_do_not_share_it():
    """Nor one of a task in its sibling."""

    async def main() -> None:
        line = Line("httpx2", "asyncio")
        caller = line.client(*[fault("ConnectError")] * 5, Answer())

        async def fails() -> None:
            with pytest.raises(line.error("ConnectError")):
                await caller.client.post(CHAT)

        await asyncio.create_task(fails())
        response = await asyncio.create_task(caller.client.post(CHAT, headers=AGAIN))
        assert response.status_code == 200
        await caller.client.aclose()

    asyncio.run(main())
