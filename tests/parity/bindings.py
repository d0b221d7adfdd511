"""One script of upstream behaviour through every driver and binding, in virtual time.

A script is a list of outcomes. The virtual driver gets them as they are; a mock transport plays
them to the four bindings as responses and exceptions of its family. Every way returns its trace.
"""

from __future__ import annotations

import anyio
import httpx
import httpx2

from halley.compose import runtime
from halley.core.model import Fault, FaultKind, History, Outcome, Reply, Request
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.virtual import VirtualClock, VirtualTime
from halley.transport.aio import AsyncTransport
from halley.transport.family import family
from halley.transport.history import history
from halley.transport.sync import Transport

URL = "https://api.cometapi.com/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'
REQUEST = Request(
    "POST", "https://api.cometapi.com", "/v1/chat/completions", BODY, "application/json"
)

EXCEPTIONS = {
    FaultKind.CONNECT: "ConnectError",
    FaultKind.CONNECT_TIMEOUT: "ConnectTimeout",
    FaultKind.READ: "ReadError",
    FaultKind.READ_TIMEOUT: "ReadTimeout",
    FaultKind.WRITE: "WriteError",
    FaultKind.POOL_TIMEOUT: "PoolTimeout",
    FaultKind.PROTOCOL: "RemoteProtocolError",
    FaultKind.PROXY: "ProxyError",
}


class SleepingClock(VirtualClock):
    """Virtual time for one call at a time: a sleep moves it."""

    __slots__ = ()

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    async def asleep(self, seconds: float) -> None:
        self.time += seconds
        await anyio.lowlevel.checkpoint()


def virtual(script: list[Outcome], policy: Policy, seed: int) -> History:
    """The driver for virtual time."""
    outcomes = iter(script)
    run = runtime(policy, clock=VirtualClock(), chance=Chance(seed))
    world = VirtualTime(run, lambda _request, _now: (next(outcomes), 0.0))
    call = world.call(REQUEST)
    world.run()
    assert call.history is not None
    return call.history


def sync(name: str, script: list[Outcome], policy: Policy, seed: int) -> History:
    """The driver for threads, under a client of a family."""
    module = {"httpx2": httpx2, "httpx": httpx}[name]
    mock = module.MockTransport(_player(module, script))
    run = runtime(policy, clock=SleepingClock(), chance=Chance(seed))
    transport = Transport(run, family(name), mock.handle_request, mock.close)
    with module.Client(transport=transport) as client:
        try:
            return _found(
                client.post(URL, content=BODY, headers={"content-type": "application/json"})
            )
        except module.RequestError as error:
            return _found(error)


async def aio(name: str, script: list[Outcome], policy: Policy, seed: int) -> History:
    """The driver for event loops, under an async client of a family."""
    module = {"httpx2": httpx2, "httpx": httpx}[name]
    mock = module.MockTransport(_player(module, script))
    run = runtime(policy, clock=SleepingClock(), chance=Chance(seed))
    transport = AsyncTransport(run, family(name), mock.handle_async_request, mock.aclose)
    async with module.AsyncClient(transport=transport) as client:
        try:
            headers = {"content-type": "application/json"}
            return _found(await client.post(URL, content=BODY, headers=headers))
        except module.RequestError as error:
            return _found(error)


def trace(of: History) -> list[tuple[object, ...]]:
    """Everything decided in a call, without the identity of the call."""
    return [
        (a.number, a.status, a.fault, a.action, a.failure, a.decision, a.wait_s, a.stop_reason)
        for a in of.attempts
    ]


def _found(subject: object) -> History:
    found = history(subject)
    assert found is not None
    return found


def _player(module, script: list[Outcome]):
    outcomes = iter(script)

    def play(request):
        match next(outcomes):
            case Fault(kind):
                raise getattr(module, EXCEPTIONS[kind])("played", request=request)
            case Reply() as reply:
                return module.Response(
                    reply.status, headers=dict(reply.headers), stream=module.ByteStream(reply.body)
                )

    return play
