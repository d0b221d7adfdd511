"""The driver for threads: performs one call's effects, blocking where they wait."""

from __future__ import annotations

import math
import threading
from typing import Generic, Protocol, TypeVar, assert_never

from halley.core.effects import Admit, Deliver, Ended, GiveUp, LoadKeys, Send, Value, Wait
from halley.core.model import History, Outcome
from halley.core.pace import AskAgain, Refused
from halley.drivers.clock import Clock
from halley.drivers.session import Session

Response_co = TypeVar("Response_co", covariant=True)


class Wire(Protocol, Generic[Response_co]):
    """The live side of one call: what is on the socket, and how its caller gets it.

    Attributes:
        readable: What was read of the body of the attempt's reply, decoded as far as it was.
    """

    readable: bytes

    def send(self, effect: Send) -> Outcome:
        """Send the request from its start, and read the reply where `to_be_read` says so."""

    def drop(self) -> None:
        """Close the response in hand, unless all of its body is held: it may yet be delivered."""

    def deliver(self, effect: Deliver, session: Session) -> Response_co:
        """Hand over the response, and close the session with the last byte of its body."""

    def fault(self, effect: GiveUp) -> Exception:
        """Return the exception in hand, with the history on it."""

    def interrupted(self, error: BaseException, history: History | None) -> None:
        """Put the history so far on an exception that interrupts the call."""


class ThreadTicket:
    """A thread that waits for a permit."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event = threading.Event()

    def wake(self) -> None:
        """Let the thread ask again."""
        self._event.set()

    def wait(self, clock: Clock, deadline: float) -> None:
        """Block until woken, not beyond the deadline."""
        clock.wait(self._event, deadline - clock.now())
        self._event.clear()


def admit(session: Session, effect: Admit, clock: Clock) -> Refused | None:
    """Wait for a permit; None when it was granted."""
    ticket = ThreadTicket()
    try:
        while isinstance(answer := session.enter(effect, ticket), AskAgain):
            if math.isinf(answer.wait_s):
                ticket.wait(clock, effect.deadline)
            else:
                clock.sleep(answer.wait_s)
    except BaseException:
        session.give_up(effect.lane, ticket)
        raise
    return answer


def run(session: Session, wire: Wire[Response_co], clock: Clock) -> Response_co:
    """Perform a call to its end, or to the response whose body is still on the wire.

    Raises:
        Exception: the fault that halley gave up on, as it came.
    """
    try:
        effect = session.start()
        while True:
            value: Value = None
            match effect:
                case Send():
                    value = wire.send(effect)
                case Admit():
                    value = admit(session, effect, clock)
                case LoadKeys(generation):
                    value = session.load_keys(generation)
                case Wait(seconds, history):
                    session.record(history, wire.readable)
                    wire.drop()
                    session.leave()
                    clock.sleep(seconds)
                case Deliver():
                    return wire.deliver(effect, session)
                case GiveUp(history):
                    session.record(history, wire.readable)
                    fault = wire.fault(effect)
                    wire.drop()
                    break
                case Ended() | None:
                    raise AssertionError(f"{effect}: no answer")  # noqa: TRY301 - a bug of the engine
                case _:
                    assert_never(effect)
            effect = session.step(value)
    except BaseException as interruption:
        wire.interrupted(interruption, session.cancel())
        wire.drop()
        raise
    session.close()
    raise fault
