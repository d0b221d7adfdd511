"""Threads: whatever interrupts a call, nothing of it stays behind (rule 3)."""

from __future__ import annotations

import contextlib
import threading

import httpx
import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core.pace import AskAgain
from halley.drivers.clock import Clock
from halley.drivers.sync import ThreadTicket
from halley.transport.family import family
from halley.transport.sync import Transport

from .interruptions import SCRIPTS, World

URL = "https://a.test/v1/chat/completions"
PLACES = st.integers(0, 40)
FAMILIES = st.sampled_from([httpx2, httpx])


class Struck(KeyboardInterrupt):
    """What a user's Ctrl-C looks like."""


def strike() -> None:
    """Interrupt the thread."""
    raise Struck


def client_of(world: World):
    """A client of the world's family above it."""

    def forward(request):
        world.tick()
        return world.response()

    module = world.module
    transport = Transport(world.runtime, family(module.__name__), forward, lambda: None)
    return module.Client(transport=transport)


@settings(max_examples=300, deadline=None)
@given(FAMILIES, SCRIPTS, PLACES, st.integers(0, 4))
def test_an_interruption_anywhere_leaves_nothing(module, script: list[str], at: int, chunks: int):
    """At any effect, chunk, close or record; the next call gets its permit."""
    world = World(module, script, at, strike)
    client = client_of(world)
    try:
        with (
            client.stream("POST", URL, json={}) as response,
            contextlib.closing(response.iter_raw()) as raw,
        ):
            for _ in range(chunks):
                next(raw, None)
    except (Struck, module.RequestError):
        pass
    world.check()
    world._at, world.script = -1, ["ok"]
    assert client.post(URL, json={}).status_code == 200
    world.check()


def test_every_place_is_reached():
    """The places above are real: a call through all of it ticks more than a dozen times."""
    world = World(httpx2, ["503", "429", "cut", "stream"], -1, strike)
    with client_of(world).stream("POST", URL, json={}) as response:
        response.read()
    assert 12 < world.ticks < 40


def test_a_ticket_that_is_woken_early_is_not_lost():
    """Woken between the question and the wait: the wait ends at once, and only once."""
    ticket, clock = ThreadTicket(), Clock()
    ticket.wake()
    ticket.wait(clock, clock.now() + 60)
    started = clock.now()
    ticket.wait(clock, started + 0.02)
    assert clock.now() - started >= 0.02


def test_a_paced_call_sleeps_until_its_turn(monkeypatch: pytest.MonkeyPatch):
    """The head of the queue sleeps as long as the lane says, without the lock."""
    slept = []
    world = World(httpx2, ["ok"], -1, strike)
    client = client_of(world)
    client.post(URL, json={})
    (lane,) = world.runtime.engine.lanes._lanes.values()
    answers = [AskAgain(2.5)]
    enter = type(lane).enter

    def paced(self, ticket, now, deadline, **asked):
        return answers.pop() if answers else enter(self, ticket, now, deadline, **asked)

    monkeypatch.setattr(type(lane), "enter", paced)
    monkeypatch.setattr(
        type(world.runtime.clock),
        "sleep",
        lambda _, seconds: slept.append((seconds, world.runtime.lock.locked())),
    )
    assert client.post(URL, json={}).status_code == 200
    assert slept == [(2.5, False)]


def test_threads_are_served_in_the_order_in_which_they_asked():
    """First come, first served, one permit after the other."""
    world = World(httpx2, ["stream"], -1, strike)
    client = client_of(world)
    held = client.send(client.build_request("POST", URL), stream=True)
    (lane,) = world.runtime.engine.lanes._lanes.values()
    order: list[int] = []
    threads = []
    for number in range(5):
        thread = threading.Thread(
            target=lambda number=number: (client.post(URL), order.append(number))
        )
        thread.start()
        threads.append(thread)
        while lane.queued <= number:
            pass
    held.close()
    for thread in threads:
        thread.join(10)
    assert sorted(order) == list(range(5))
    world.check()
