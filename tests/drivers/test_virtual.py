"""Virtual time: hours in a moment, and the same trace every time."""

from __future__ import annotations

import time

import pytest

from halley.compose import runtime
from halley.core.model import Fault, FaultKind, Outcome, Reply, Request, StopReason
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.clock import Clock
from halley.drivers.virtual import VirtualClock, VirtualTime

REQUEST = Request("POST", "https://a.test", "/v1/chat/completions", b'{"model":"m"}')
GOOD = Reply(200, {"content-type": "application/json"}, b'{"choices":[{}]}')
BUSY = Reply(503, {"retry-after": "100"}, b"{}")


def world(upstream, policy: Policy | None = None, seed: int = 0) -> VirtualTime:
    """A world with one client."""
    return VirtualTime(runtime(policy, clock=VirtualClock(), chance=Chance(seed)), upstream)


def test_an_hour_takes_a_moment():
    """Five attempts a hundred seconds apart, each of them after the server's wait."""
    started = time.monotonic()
    calls = world(lambda *_: (BUSY, 1.0))
    call = calls.call(REQUEST)
    calls.run()
    assert [b - a >= 101 for a, b in zip(call.sends, call.sends[1:], strict=False)] == [True] * 4
    assert call.ended > 400
    assert not call.answered
    assert time.monotonic() - started < 1


def test_the_same_seed_gives_the_same_trace():
    """And another seed another one."""

    def sends(seed: int) -> list[float]:
        outcomes: list[Outcome] = [Fault(FaultKind.CONNECT), Reply(503, {}, b"{}"), GOOD]
        calls = world(lambda *_: (outcomes.pop(0), 0.5), seed=seed)
        call = calls.call(REQUEST)
        calls.run()
        assert call.answered
        return call.sends

    assert sends(1) == sends(1)
    assert sends(1) != sends(2)


def test_a_queue_moves_as_permits_come_back():
    """One permit, ten calls of a second each: they take ten seconds, one after the other."""
    calls = world(lambda *_: (GOOD, 1.0), Policy(in_flight_max=1))
    all_calls = [calls.call(REQUEST) for _ in range(10)]
    calls.run()
    assert [call.sends for call in all_calls] == [[float(second)] for second in range(10)]


def test_a_waiting_call_holds_no_permit():
    """With one permit for all: while the first call waits, the second gets through."""
    outcomes: list[Outcome] = [BUSY, GOOD, GOOD]
    calls = world(lambda *_: (outcomes.pop(0), 1.0), Policy(in_flight_max=1))
    first, second = calls.call(REQUEST), calls.call(REQUEST)
    calls.run()
    assert second.ended == 2.0
    assert first.ended > 100


def test_who_waits_beyond_the_deadline_is_refused_then():
    """Not later, and not before."""
    calls = world(lambda *_: (GOOD, 10.0), Policy(in_flight_max=1, deadline_s=5))
    first, second = calls.call(REQUEST), calls.call(REQUEST, at=1.0)
    calls.run()
    assert first.answered
    assert second.history.stop_reason is StopReason.DEADLINE
    assert (second.sends, second.ended) == ([], 6.0)


def test_a_stream_ends_its_call():
    """A reply that is watched is complete at once in virtual time."""
    head = Reply(200, {"content-type": "text/event-stream"}, b"", complete=False, held=False)
    calls = world(lambda *_: (head, 1.0), Policy(in_flight_max=1))
    all_calls = [calls.call(REQUEST) for _ in range(2)]
    calls.run()
    assert all(call.answered for call in all_calls)


def test_running_stops_where_it_is_told():
    """And goes on from there."""
    calls = world(lambda *_: (GOOD, 10.0))
    call = calls.call(REQUEST)
    calls.run(until=5.0)
    assert call.history is None
    calls.run()
    assert call.answered


def test_it_needs_a_clock_that_it_can_move():
    """The real one is refused by name."""
    with pytest.raises(TypeError, match="expected a VirtualClock, got Clock"):
        VirtualTime(runtime(clock=Clock()), lambda *_: (GOOD, 0.0))


def test_clients_with_one_clock_live_in_the_same_time():
    """Each with an engine of its own, in the order of time."""
    clock, seen = VirtualClock(), []

    def upstream(name: str):
        def answer(_request, now):
            seen.append((name, now))
            return GOOD, 1.0

        return answer

    first, second = (
        VirtualTime(runtime(clock=clock, chance=Chance(0)), upstream(name)) for name in "ab"
    )
    for client, at in ((first, 2.0), (second, 1.0), (first, 0.0)):
        client.call(REQUEST, at=at)
    second.run()
    assert seen == [("a", 0.0), ("b", 1.0), ("a", 2.0)]


def test_who_wants_to_hear_of_the_end_of_a_call_does():
    """With the call as it ended."""
    ended = []
    calls = world(lambda *_: (GOOD, 1.5))
    call = calls.call(REQUEST, at=1.0, then=ended.append)
    calls.run(until=2.0)
    assert ended == []
    calls.run()
    assert ended == [call]
    assert (call.answered, call.ended) == (True, 2.5)
