"""No-wait mode: waits pass at once, everywhere, and time still adds up."""

from __future__ import annotations

import asyncio
import threading
import time

import anyio
import pytest

import halley
from halley.core.model import StopReason
from halley.core.pace import Lane
from halley.drivers.clock import Clock
from halley.testing import no_wait
from tests.lines import CHAT, Answer, Line, failing, stream

SLOW = halley.Policy(backoff_base_s=20)


def real() -> bool:
    """Whether a wait takes its time."""
    started = time.monotonic()
    Clock().sleep(0.01)
    return time.monotonic() - started >= 0.01


def test_a_client_made_before_does_not_wait():
    """Its waits are listed, in order; after the block they are real again."""
    with Line("httpx2", "threads") as line:
        caller = line.client(failing(503, retry_after="30"), failing(503), Answer(), policy=SLOW)
        started = time.monotonic()
        with no_wait() as skipped:
            assert caller.post().status_code == 200
        assert time.monotonic() - started < 2
    assert 30 <= skipped.waits[0] <= 31
    assert 30 <= skipped.waits[1] <= 31
    assert skipped.total_s == sum(skipped.waits)
    assert real()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_holds_in_every_loop(backend: str):
    """And can be cancelled where it would have waited."""

    async def main() -> None:
        caller = Line("httpx2", backend).client(failing(503), Answer(), policy=SLOW)
        assert (await caller.client.post(CHAT)).status_code == 200
        with anyio.CancelScope() as scope:
            scope.cancel()
            await Clock().asleep(10)
        assert scope.cancelled_caught
        await caller.client.aclose()

    with no_wait() as skipped:
        anyio.run(main, backend=backend)
    assert len(skipped.waits) == 2


def test_it_holds_in_other_threads():
    """The switch is the process's."""
    with Line("httpx2", "threads") as line, no_wait() as skipped:
        caller = line.client(failing(503), Answer(), policy=SLOW)
        thread = threading.Thread(target=caller.post)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert len(skipped.waits) == 1


def test_deadlines_still_end_calls():
    """In time that did not pass."""
    with Line("httpx2", "threads") as line, no_wait() as skipped:
        caller = line.client(failing(503, retry_after="25"), policy=halley.Policy(deadline_s=60))
        found = halley.history(caller.post())
    assert found.stop_reason is StopReason.DEADLINE
    assert len(skipped.waits) == 2


def test_blocks_may_be_nested():
    """Each lists what was asked for inside it, and the clock never goes back."""
    clock = Clock()
    times = [clock.now()]
    with no_wait() as outer:
        clock.sleep(10)
        with no_wait() as inner:
            times.append(clock.now())
            clock.sleep(20)
            times.append(clock.now())
        times.append(clock.now())
        clock.sleep(5)
    assert (outer.waits, inner.waits) == ([10, 20, 5], [20])
    times.append(clock.now())
    assert times == sorted(times)
    assert times[-1] - times[0] >= 35
    assert real()


def test_blocks_may_overlap_in_threads():
    """The one that began last does not end first: the switch is off when the last one is over."""
    first, second = no_wait(), no_wait()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not real()
    second.__exit__(None, None, None)
    assert real()


def test_a_client_that_is_used_on_does_not_wait_for_skipped_time():
    """A server's wait held the lane; it is over when the block is."""
    with Line("httpx2", "threads") as line:
        caller = line.client(failing(429, retry_after="60"), Answer(), policy=halley.Policy())
        with no_wait():
            caller.post()
        started = time.monotonic()
        with halley.options(deadline_s=5):
            assert caller.post().status_code == 200
        assert time.monotonic() - started < 4


def test_it_ends_when_the_block_is_left_by_an_exception():
    """A failing test does not take its waits into the next one."""
    with pytest.raises(ZeroDivisionError), no_wait():
        1 / 0  # noqa: B018
    assert real()


def test_waiting_for_a_permit_is_real(monkeypatch: pytest.MonkeyPatch):
    """Another call holds it, and that takes the time it takes; nothing spins."""
    asked = []
    enter = Lane.enter
    monkeypatch.setattr(Lane, "enter", lambda *a, **k: asked.append(1) or enter(*a, **k))
    with Line("httpx2", "threads") as line, no_wait() as skipped:
        caller = line.client(
            stream(),
            Answer(),
            policy=halley.Policy(in_flight_max=1),
        )
        opened = caller.open()
        thread = threading.Thread(target=caller.post)
        thread.start()
        thread.join(0.1)
        assert thread.is_alive()
        opened.close()
        thread.join(10)
        assert not thread.is_alive()
    assert skipped.waits == []
    assert len(asked) == 3


def test_asyncio_code_of_the_user_still_waits():
    """Only halley's own waits are skipped."""

    async def main() -> float:
        started = time.monotonic()
        await asyncio.sleep(0.02)
        return time.monotonic() - started

    with no_wait():
        assert asyncio.run(main()) >= 0.015
