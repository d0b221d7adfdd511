"""The simulator on real sockets: each fault as a client of the field sees it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import socket
import threading
import time

import httpx
import httpx2
import pytest

from halley.simulator import Simulator, fail, faults, keys, script, serve, serve_forever
from halley.simulator.connection import BODY_BYTES_MAX

CHAT = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
HEADERS = {"authorization": f"Bearer {keys.VALID}"}
FAMILIES = [httpx2, httpx]


def post(family, server, *, timeout_s=5.0, **more):
    with family.Client(base_url=server.base_url, headers=HEADERS, timeout=timeout_s) as client:
        return client.post("/chat/completions", json={**CHAT, **more})


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("what", "error", "timeout_s"),
    [
        ("reset", "ReadError", 5.0),
        ("close", "RemoteProtocolError", 5.0),
        ("cut", "RemoteProtocolError", 5.0),
        ("hang", "ReadTimeout", 0.3),
        ("lost_reset", "ReadError", 5.0),
    ],
)
def test_a_fault_is_the_exception_of_the_field(family, what, error, timeout_s):
    """Reset, close, half a body and silence each raise what httpx raises for them."""
    with (
        serve(Simulator(script=script(fail(what))), speed=50.0) as server,
        pytest.raises(getattr(family, error)),
    ):
        post(family, server, timeout_s=timeout_s)


@pytest.mark.parametrize(
    ("what", "error"), [("cut_stream", "RemoteProtocolError"), ("stall", "ReadTimeout")]
)
def test_a_broken_stream_raises_after_its_first_events(what, error):
    """What came before the break is readable."""
    seen = []
    with (
        serve(Simulator(script=script(fail(what)))) as server,
        httpx2.Client(base_url=server.base_url, headers=HEADERS, timeout=0.3) as client,
        pytest.raises(getattr(httpx2, error)),
        client.stream("POST", "/chat/completions", json={**CHAT, "stream": True}) as reply,
    ):
        seen.extend(line for line in reply.iter_lines() if line)
    assert len(seen) > 2


@pytest.mark.parametrize("what", ["cut_clean", "no_finish", "error_middle"])
def test_a_clean_end_is_no_exception(what):
    """The transport sees nothing wrong where only the protocol is unfinished."""
    with serve(Simulator(script=script(fail(what)))) as server:
        reply = post(httpx2, server, stream=True)
    assert reply.status_code == 200
    assert '"finish_reason":"stop"' not in reply.text


def test_keepalive_goes_on_while_nothing_comes():
    """Comments keep a reader's timeout from firing although there is no content."""
    with (
        serve(Simulator(script=script(fail("stall_keepalive"))), speed=100.0) as server,
        httpx2.Client(base_url=server.base_url, headers=HEADERS, timeout=0.5) as client,
        client.stream("POST", "/chat/completions", json={**CHAT, "stream": True}) as reply,
    ):
        pings = (line for line in reply.iter_lines() if line == ": PING")
        assert [next(pings) for _ in range(3)] == [": PING"] * 3


@pytest.mark.parametrize("family", FAMILIES)
def test_one_connection_serves_many_requests(family):
    """Keep-alive: two requests come from one port of the client."""
    with (
        serve(Simulator()) as server,
        family.Client(base_url=server.base_url, headers=HEADERS) as client,
    ):
        streams = [
            client.post("/chat/completions", json=CHAT).extensions["network_stream"]
            for _ in range(2)
        ]
    assert streams[0] is streams[1]


def test_a_huge_body_arrives_whole():
    """Sixteen mebibytes in constant pieces, and a packed body unpacked by the client."""
    steps = script(fail(faults.huge_error(16)), fail("gzip"))
    with serve(Simulator(script=steps)) as server:
        assert len(post(httpx2, server).content) > 16 << 20
        assert post(httpx2, server).json()["choices"]


def test_a_form_is_a_request_too():
    """A multipart submit is read, and a second one has the same fingerprint."""
    with (
        serve(Simulator()) as server,
        httpx2.Client(base_url=server.base_url, headers=HEADERS) as client,
    ):
        for _ in range(2):
            files = {"model": (None, "sora-2"), "prompt": (None, "a comet")}
            assert client.post("/videos", files=files).json()["status"] == "queued"
        assert len(server.ledger.paid_twice()) == 1


def test_speed_shortens_the_wait():
    """A reply of two simulated seconds comes in a fiftieth of that."""
    with serve(Simulator(script=script(fail(faults.slow(2.0)))), speed=50.0) as server:
        started = time.monotonic()
        assert post(httpx2, server).status_code == 200
    assert 0.04 <= time.monotonic() - started < 1.0


def test_dates_are_true_on_a_real_socket():
    """The Date header is that of the machine, so that clocks can be compared."""
    with serve(Simulator()) as server:
        date = post(httpx2, server).headers["date"]
    told = time.mktime(time.strptime(date, "%a, %d %b %Y %H:%M:%S GMT")) - time.timezone
    assert abs(told - time.time()) < 5


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET /v1/nope HTTP/1.0\r\n\r\n", b"404"),
        (b"HEAD /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", b"404"),
    ],
)
def test_raw_bytes(raw, status):
    """Broken requests are refused, old ones served, and the connection is closed after them."""
    with serve(Simulator()) as server:
        assert _exchange(server, raw).split(b" ")[1] == status


def test_a_body_that_is_too_long_is_refused():
    """413 before all of it was read."""
    head = b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (BODY_BYTES_MAX * 2)
    with serve(Simulator()) as server:
        reply = _exchange(server, head, flood=BODY_BYTES_MAX + (1 << 20))
    assert reply.startswith(b"HTTP/1.1 413")


def test_expect_100_continue_is_answered():
    """A client that asks first is told to go on."""
    body = json.dumps(CHAT).encode()
    head = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n"
        b"connection: close\r\nauthorization: Bearer %s\r\ncontent-length: %d\r\n\r\n"
    ) % (keys.VALID.encode(), len(body))
    with serve(Simulator()) as server, _connect(server) as peer:
        peer.sendall(head)
        assert peer.recv(1024).startswith(b"HTTP/1.1 100")
        peer.sendall(body)
        assert b"200" in peer.recv(1024)


def test_leaving_ends_everything_at_once():
    """A stalled reply does not hold up the exit, and no thread is left."""
    before = set(threading.enumerate())
    with contextlib.ExitStack() as peers:
        with serve(Simulator(script=script(fail("hang", times=3)))) as server:
            stalled = [peers.enter_context(_connect(server)) for _ in range(3)]
            for peer in stalled:
                peer.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
            _until(lambda: len(server.ledger.calls) == 3)
            started = time.monotonic()
        assert time.monotonic() - started < 1.0
        assert [peer.recv(1) for peer in stalled] == [b""] * 3
    assert set(threading.enumerate()) == before


def test_a_client_that_hangs_up_frees_its_connection():
    """The server does not sleep on for a client that has gone."""

    async def run():
        async with _foreground(Simulator(script=script(fail("hang")))) as server:
            idle = asyncio.all_tasks()
            _, writer = await _stalled(server)
            assert asyncio.all_tasks() > idle
            writer.close()
            await writer.wait_closed()
            async with asyncio.timeout(5):
                while asyncio.all_tasks() != idle:  # noqa: ASYNC110 a task has no event for its end
                    await asyncio.sleep(0.005)

    asyncio.run(run())


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::", "example.com", ""])
def test_only_loopback_is_served(host):
    """Every key is good here, so nobody else may ask."""
    with (
        pytest.raises(ValueError, match="this machine only: expected"),
        serve(Simulator(), host=host),
    ):
        pass


def test_a_taken_port_is_an_os_error():
    """The failure to start comes back to the caller."""
    with (
        serve(Simulator()) as first,
        pytest.raises(OSError, match="address already in use"),
        serve(Simulator(), port=first.port),
    ):
        pass


def test_addresses():
    """The root for Anthropic and Gemini clients, /v1 for OpenAI's."""
    with serve(Simulator(), host="localhost") as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert server.base_url == f"{server.url}/v1"


def test_the_foreground_face_leaves_nothing_behind():
    """What `halley sim` runs: cancelled, it ends even a stalled connection and all its tasks."""

    async def run():
        async with _foreground(Simulator(script=script(fail("hang")))) as server:
            reader, writer = await _stalled(server)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert await reader.read() == b""
        writer.close()

    asyncio.run(run())


@contextlib.asynccontextmanager
async def _foreground(simulator):
    """`serve_forever` in this loop, cancelled at the end."""
    found = asyncio.get_running_loop().create_future()
    main = asyncio.create_task(serve_forever(simulator, ready=found.set_result))
    try:
        yield await found
    finally:
        main.cancel()
        with pytest.raises(asyncio.CancelledError):
            await main


async def _stalled(server):
    """A connection whose request was received and will not be answered."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    writer.write(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
    async with asyncio.timeout(5):
        while not server.ledger.calls:  # noqa: ASYNC110 nor has a ledger
            await asyncio.sleep(0.005)
    return reader, writer


def _connect(server):
    return socket.create_connection((server.host, server.port), timeout=5)


def _exchange(server, raw, flood=0):
    """Send bytes (and so many more), return all that comes back until the server closes."""
    with _connect(server) as peer:
        peer.sendall(raw)
        block = bytes(1 << 20)
        try:
            for _ in range(flood >> 20):
                peer.sendall(block)
            reply = b""
            while data := peer.recv(1 << 16):
                reply += data
        except (ConnectionResetError, BrokenPipeError):
            return reply
        return reply


def _until(condition):
    """Wait for another thread, at most five seconds."""
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_who_comes_in_the_moment_it_stops_leaves_no_socket_open():
    """A connection that is being accepted arrives before the listener is closed.

    One that is left unclosed complains when it is collected, which fails the test.
    """
    for _ in range(50):
        with serve(Simulator()) as server:
            host, port = server.base_url.split("/")[2].split(":")
            callers = [socket.create_connection((host, int(port))) for _ in range(3)]
        for caller in callers:
            caller.close()
    gc.collect()
