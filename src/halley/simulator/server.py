"""The simulator on a real socket of this machine: asyncio, h11, and misbehaviour on the wire.

`connection.py` plays replies; here connections are accepted and, above all, ended: leaving `serve`
aborts whatever is still open, stalled or not. Only loopback addresses are served, because every key
is good here and nothing is encrypted.
"""

from __future__ import annotations

import asyncio
import ipaddress
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from halley.simulator.behaviour import Simulator
from halley.simulator.clock import Clock
from halley.simulator.connection import Connection
from halley.simulator.ledger import Ledger
from halley.simulator.model import SimReply, SimRequest

CONNECTIONS_MAX = 1024
"""Connections served at once; one more is closed at once."""


@dataclass(frozen=True, slots=True)
class Server:
    """A simulator that listens."""

    simulator: Simulator
    host: str
    port: int

    @property
    def url(self) -> str:
        """The root, which the Anthropic and Gemini clients take as their base URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    @property
    def base_url(self) -> str:
        """The base URL of OpenAI clients and of CometAPI's own: the root and `/v1`."""
        return f"{self.url}/v1"

    @property
    def ledger(self) -> Ledger:
        """The truth about what was received and billed."""
        return self.simulator.ledger


@contextmanager
def serve(
    simulator: Simulator, *, host: str = "127.0.0.1", port: int = 0, speed: float = 1.0
) -> Iterator[Server]:
    """Serve in a background thread until the block is left.

    Args:
        simulator: What answers.
        host: A loopback address or `localhost`.
        port: 0 takes a free one.
        speed: All simulated waits are divided by it, > 0.

    Raises:
        ValueError: The host is not a loopback address.
        OSError: The port is taken.
    """
    host = loopback(host)
    ready: Future[_Running] = Future()
    thread = threading.Thread(
        target=lambda: asyncio.run(_background(simulator, host, port, speed, ready)),
        name="halley-simulator",
        daemon=True,
    )
    thread.start()
    running = ready.result()
    try:
        yield running.server
    finally:
        running.loop.call_soon_threadsafe(running.main.cancel)
        thread.join()


async def serve_forever(
    simulator: Simulator,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    speed: float = 1.0,
    ready: Callable[[Server], None],
) -> None:
    """Serve in the foreground until cancelled; `ready` is called once the socket listens.

    Raises:
        ValueError: The host is not a loopback address.
        OSError: The port is taken.
    """
    clock, open_connections = Clock(), set[asyncio.Task[None]]()

    def handle(request: SimRequest) -> SimReply:
        return simulator.handle(request, clock.now(), speed=speed)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(open_connections) >= CONNECTIONS_MAX:
            writer.transport.abort()
            return
        task = asyncio.create_task(Connection(reader, writer, handle).run())
        open_connections.add(task)
        task.add_done_callback(open_connections.discard)
        # Here and not in the task, which may be cancelled before its first step.
        task.add_done_callback(lambda _: writer.transport.abort())

    host = loopback(host)
    listener = await asyncio.start_server(accept, host, port)
    try:
        ready(Server(simulator, host, listener.sockets[0].getsockname()[1]))
        await asyncio.Event().wait()
    finally:
        await _accept_no_more(listener)
        listener.close()
        while open_connections:
            await _cancel(tuple(open_connections))
            await asyncio.sleep(0)  # where all were done, only this lets their callbacks run
        await asyncio.sleep(0)  # and this closes the sockets that those have aborted


def loopback(host: str) -> str:
    """The loopback address of a host.

    Raises:
        ValueError: It is none.

    >>> loopback("localhost")
    '127.0.0.1'
    """
    address = "127.0.0.1" if host == "localhost" else host
    try:
        if ipaddress.ip_address(address).is_loopback:
            return address
    except ValueError:
        pass  # a name: refused below, since where it leads may change
    raise ValueError(
        f"the simulator serves this machine only: expected 127.0.0.1, ::1 or localhost, "
        f"got host {host!r}"
    )


@dataclass(frozen=True, slots=True)
class _Running:
    server: Server
    loop: asyncio.AbstractEventLoop
    main: asyncio.Task[None]


async def _background(
    simulator: Simulator, host: str, port: int, speed: float, ready: Future[_Running]
) -> None:
    """Serve until cancelled from the other thread; a failure to start goes to `ready`."""
    loop = asyncio.get_running_loop()
    main = loop.create_task(
        serve_forever(
            simulator,
            host=host,
            port=port,
            speed=speed,
            ready=lambda server: ready.set_result(_Running(server, loop, main)),
        )
    )
    try:
        await main
    except asyncio.CancelledError:
        return
    except Exception as error:
        if ready.done():
            raise
        ready.set_exception(error)


async def _accept_no_more(listener: asyncio.Server) -> None:
    """Let connections that are being accepted arrive: closing loses what has not, unclosed.

    asyncio takes three turns of the loop for one.
    """
    with suppress(NotImplementedError):  # Windows has no readers
        for listening in listener.sockets:
            asyncio.get_running_loop().remove_reader(listening.fileno())
    for _ in range(3):
        await asyncio.sleep(0)


async def _cancel(tasks: tuple[asyncio.Task[None], ...]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
