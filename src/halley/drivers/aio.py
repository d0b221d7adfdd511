"""The driver for event loops: performs one call's effects, suspending where they wait.

It waits through anyio, so it runs under asyncio and trio alike. Whatever interrupts the call, the
response in hand is closed under a shield.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, Protocol, TypeVar, assert_never

import anyio
import anyio.lowlevel
import anyio.to_thread

from halley.core.effects import Admit, Deliver, Ended, GiveUp, LoadKeys, Send, Value, Wait
from halley.core.model import History, Outcome
from halley.core.pace import AskAgain, Refused
from halley.drivers.clock import Clock
from halley.drivers.session import Session

Response_co = TypeVar("Response_co", covariant=True)


class AsyncWire(Protocol, Generic[Response_co]):
    """The live side of one call: what is on the socket, and how its caller gets it.

    Attributes:
        readable: What was read of the body of the attempt's reply, decoded as far as it was.
    """

    readable: bytes

    async def send(self, effect: Send) -> Outcome:
        """Send the request from its start, and read the reply where `to_be_read` says so."""

    async def drop(self) -> None:
        """Close the response in hand, unless all of its body is held: it may yet be delivered."""

    async def deliver(self, effect: Deliver, session: Session) -> Response_co:
        """Hand over the response, and close the session with the last byte of its body."""

    def fault(self, effect: GiveUp) -> Exception:
        """Return the exception in hand, with the history on it."""

    def interrupted(self, error: BaseException, history: History | None) -> None:
        """Put the history so far on an exception that interrupts the call."""


def soon_of(token: Any) -> Callable[[Callable[[], object]], object]:  # noqa: ANN401 - see below
    """Return what calls a function inside the running loop, from any thread.

    Before anyio 4.11 the token is asyncio's loop or trio's token itself, since then it holds it.
    """
    loop = getattr(token, "native_token", token)
    return getattr(loop, "run_sync_soon", None) or loop.call_soon_threadsafe  # type: ignore[no-any-return]


class TaskTicket:
    """A task that waits for a permit."""

    __slots__ = ("_event", "_soon")

    def __init__(self) -> None:
        self._event = anyio.Event()
        self._soon = soon_of(anyio.lowlevel.current_token())

    def wake(self) -> None:
        """Let the task ask again; from any thread, for garbage is collected in any."""
        with suppress(RuntimeError):  # its loop has ended
            self._soon(self._event.set)

    async def wait(self, clock: Clock, deadline: float) -> None:
        """Suspend until woken, not beyond the deadline."""
        await clock.await_(self._event, deadline - clock.now())
        self._event = anyio.Event()


async def admit(session: Session, effect: Admit, clock: Clock) -> Refused | None:
    """Wait for a permit; None when it was granted."""
    ticket = TaskTicket()
    try:
        while isinstance(answer := session.enter(effect, ticket), AskAgain):
            if math.isinf(answer.wait_s):
                await ticket.wait(clock, effect.deadline)
            else:
                await clock.asleep(answer.wait_s)
    except BaseException:
        session.give_up(effect.lane, ticket)
        raise
    return answer


async def run(session: Session, wire: AsyncWire[Response_co], clock: Clock) -> Response_co:
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
                    value = await wire.send(effect)
                case Admit():
                    value = await admit(session, effect, clock)
                case LoadKeys(generation):
                    value = await anyio.to_thread.run_sync(session.load_keys, generation)
                case Wait(seconds, history):
                    session.record(history, wire.readable)
                    await wire.drop()
                    session.leave()
                    await clock.asleep(seconds)
                case Deliver():
                    return await wire.deliver(effect, session)
                case GiveUp(history):
                    session.record(history, wire.readable)
                    fault = wire.fault(effect)
                    await wire.drop()
                    break
                case Ended() | None:
                    raise AssertionError(f"{effect}: no answer")  # noqa: TRY301 - a bug of the engine
                case _:
                    assert_never(effect)
            effect = session.step(value)
    except BaseException as interruption:
        wire.interrupted(interruption, session.cancel())
        if not isinstance(interruption, GeneratorExit):  # which may not be answered by waiting
            with anyio.CancelScope(shield=True):
                await wire.drop()
        raise
    session.close()
    raise fault
