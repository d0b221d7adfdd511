"""One call between driver and engine: permits from anywhere, and sinks that fail."""

from __future__ import annotations

import gc
import threading

import pytest

import halley
from halley.compose import runtime
from halley.core.effects import Admit, Deliver, Send, StreamEnd
from halley.core.model import Reply, Request
from halley.core.pace import Refused
from halley.drivers.session import Session
from tests.lines import Answer, Line, failing, fault, stream

REQUEST = Request("POST", "https://a.test", "/v1/chat/completions", b'{"model":"m"}')
ONE = halley.Policy(in_flight_max=1)
GOOD = Reply(200, {}, b'{"choices":[{}]}')


class Ticket:
    """Counts how often it was woken."""

    woken = 0

    def wake(self) -> None:
        self.woken += 1


def admitted(shared) -> tuple[Session, Ticket]:
    """A session whose call holds its permit."""
    session, ticket = Session(shared, lambda: REQUEST, shared.policy), Ticket()
    effect = session.start()
    assert isinstance(effect, Admit)
    assert session.enter(effect, ticket) is None
    return session, ticket


def queued(shared) -> tuple[Session, Ticket]:
    """A session whose call waits for one."""
    session, ticket = Session(shared, lambda: REQUEST, shared.policy), Ticket()
    effect = session.start()
    assert session.enter(effect, ticket) is not None
    return session, ticket


@pytest.mark.parametrize("end", ["close", "cancel", "let_go", "leave"])
def test_a_permit_comes_back_once(end: str):
    """However the call ends, and however often that is said."""
    shared = runtime(ONE)
    session, _ = admitted(shared)
    (lane,) = shared.engine.lanes._lanes.values()
    _, waiting = queued(shared)
    for _ in range(2):
        getattr(session, end)()
        assert lane.in_flight == 0
    assert waiting.woken == 1


def test_a_call_that_is_let_go_inside_a_step_ends_after_it():
    """Garbage is collected at any moment, also in the thread that holds the lock: no deadlock."""
    shared = runtime(ONE)
    session, _ = admitted(shared)
    (lane,) = shared.engine.lanes._lanes.values()
    _, waiting = queued(shared)
    with shared.lock:
        session.let_go()
        assert lane.in_flight == 1
    shared.settle()
    assert (lane.in_flight, waiting.woken) == (0, 1)


def test_a_body_that_is_closed_inside_a_step_is_recorded_after_it():
    """The record is not lost, whoever writes it."""
    written = []
    shared = runtime(ONE, sink=lambda _, history, body: written.append((history, body)))
    session, _ = admitted(shared)
    session.step(None)
    assert isinstance(session.step(GOOD._replace(held=False)), Deliver)
    with shared.lock:
        session.let_go(StreamEnd(), b"the end")
    assert written == []
    other = Session(shared, lambda: REQUEST, shared.policy)
    other.start()
    ((history, body),) = written
    assert (history.attempts[-1].status, body) == (200, b"the end")


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("read", [False, True], ids=["untouched", "half-read"])
def test_collecting_a_stream_inside_a_step_does_not_lock(line: Line, *, read: bool):
    """The same through a client: the engine's chance is asked under the lock, and collects.

    An iteration of httpx2's that is collected closes its response, and so comes here as well.
    """
    caller = line.client(stream(), failing(503), Answer(), policy=halley.Policy(in_flight_max=2))
    shared = caller.client._transport._runtime
    draw = shared.engine.random

    def collecting() -> float:
        if shared.lock.locked():
            gc.collect()
        return draw()

    object.__setattr__(shared.engine, "random", collecting)
    gc.disable()
    try:
        opened = caller.open()
        if read:
            opened.next()
        opened.circle = opened
        del opened
        done = threading.Thread(target=caller.post, daemon=True)
        done.start()
        done.join(10)
        assert not done.is_alive()
    finally:
        gc.enable()
    assert not any(lane.in_flight for lane in caller.lanes)


def test_every_step_settles_what_was_left_meanwhile():
    """Whoever holds the lock when a destructor comes by does its work afterwards."""
    shared = runtime(halley.Policy(in_flight_max=9))
    session, _ = admitted(shared)
    (lane,) = shared.engine.lanes._lanes.values()

    def leave_another() -> None:
        other, _ = admitted(shared)
        with shared.lock:
            other.let_go()

    def settled() -> bool:
        return lane.in_flight == 1 and not shared.left

    leave_another()
    assert not settled()
    assert isinstance(session.step(None), Send)
    assert settled()
    leave_another()
    other = Session(shared, lambda: REQUEST, shared.policy)
    other.start()
    assert settled()
    leave_another()
    other.cancel()
    assert settled()
    assert isinstance(session.step(GOOD), Deliver)
    leave_another()
    session.close()
    assert lane.in_flight == 0


def test_a_caller_that_is_refused_leaves_the_queue_and_wakes_the_next():
    """The deadline passed while it waited."""
    shared = runtime(ONE)
    admitted(shared)
    (lane,) = shared.engine.lanes._lanes.values()
    session, ticket = queued(shared)
    _, following = queued(shared)
    assert isinstance(session.enter(Admit(lane, session.now() - 1), ticket), Refused)
    assert following.woken == 1
    assert lane.queued == 1


def test_a_session_that_is_over_has_no_next_step():
    """Closed, cancelled or ended: None, and no history a second time."""
    session, _ = admitted(runtime(ONE))
    assert session.cancel() is not None
    assert session.step(None) is None
    assert session.cancel() is None


@pytest.mark.parametrize(
    "answers", [[Answer()], [failing(503), Answer()], [failing(400)], [stream()]]
)
def test_a_sink_that_fails_never_breaks_a_call(line: Line, answers: list[Answer]):
    """Nor does it keep a permit."""

    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire")

    caller = line.client(*answers, policy=ONE)
    object.__setattr__(caller.client._transport._runtime, "sink", broken)
    assert caller.post().status_code == answers[-1].status
    assert caller.idle


def test_nor_does_it_hide_a_fault(line: Line):
    """The exception is the network's."""

    def broken(*_: object) -> None:
        raise RuntimeError("disk on fire")

    caller = line.client(fault("ConnectError"), policy=halley.Policy(attempts=2))
    object.__setattr__(caller.client._transport._runtime, "sink", broken)
    with pytest.raises(line.error("ConnectError")):
        caller.post()


def test_threads_that_end_a_call_together_give_its_permit_back_once():
    """One reads a body to its end while another closes it: both wait for the lock."""
    shared = runtime(ONE)
    session, _ = admitted(shared)
    (lane,) = shared.engine.lanes._lanes.values()
    taken = threading.Event()
    lock = shared.lock

    class Lock:
        """Lets both threads come as far as the lock."""

        waiting = 0

        def __enter__(self) -> None:
            self.waiting += 1
            assert taken.wait(10)
            lock.acquire()

        def __exit__(self, *error: object) -> None:
            lock.release()

    held = Lock()
    object.__setattr__(shared, "lock", held)
    threads = [threading.Thread(target=session.leave) for _ in range(2)]
    for thread in threads:
        thread.start()
    while held.waiting < 2:
        pass
    taken.set()
    for thread in threads:
        thread.join(10)
    assert lane.in_flight == 0


def test_a_lane_knows_a_call_by_the_instant_at_which_it_was_granted():
    """A refusal names the send it is about, to the bit, on a real clock that never stands still."""
    shared = runtime(ONE)
    shared.engine.lanes.share(lambda: True, b"\1")
    session, _ = admitted(shared)
    (lane,) = shared.engine.lanes.open.values()
    assert isinstance(session.step(None), Send)
    session.step(Reply(429, {}, b"{}"))
    sent, refused = lane.outbox
    assert refused.sent_at == sent.now
