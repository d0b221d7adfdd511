"""Timeouts over real sockets: each read of an event stream has its own, in every colour."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

import halley
from halley.core.policy import Policy
from halley.core.stream_terms import StreamTerms
from halley.transport.timeouts import Patience, TimeLeft, time_left, unhurried
from tests.core.events import DONE, PING, chat
from tests.lines import QUICK, Line

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
SILENCE = b""
WHOLE = (chat("Halley"), chat(finish="stop"), DONE)


@contextmanager
def server(*scripts: tuple[bytes, ...]) -> Iterator[str]:
    """A server that plays one script a connection: chunks, and a silence where one is empty.

    A silence lasts until the client goes away, 20 seconds at most.
    """
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        threads = []

        def serve() -> None:
            for script in scripts:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=play, args=(connection, script)))
                threads[-1].start()

        def play(connection: socket.socket, script: tuple[bytes, ...]) -> None:
            with connection:
                connection.settimeout(20)
                try:
                    read_request(connection)
                    connection.sendall(HEAD)
                    for chunk in script:
                        if chunk is SILENCE:
                            while connection.recv(4096):
                                pass
                            return
                        connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                    connection.sendall(b"0\r\n\r\n")
                except OSError:
                    pass

        acceptor = threading.Thread(target=serve)
        acceptor.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions"
        acceptor.join(20)
        for thread in threads:
            thread.join(20)


def read_request(connection: socket.socket) -> None:
    """Take a request to its last byte: closing on an unread one would reset the connection."""
    with connection.makefile("rb") as lines:
        head = iter(lambda: lines.readline().strip().lower(), b"")
        fields = dict(line.split(b": ", 1) for line in head if b": " in line)
        lines.read(int(fields[b"content-length"]))


def client(line: Line, **changes: object):
    """A client on real sockets."""
    return line.client(policy=QUICK.override(changes), transport=None)


def timed(function: Callable[[], object]) -> float:
    """How long something takes, in seconds."""
    started = time.monotonic()
    function()
    return time.monotonic() - started


def test_silence_before_the_first_content_is_sent_for_again(line: Line):
    """After the limit, and in threads no later than the next whole second."""
    with server((PING, SILENCE), WHOLE) as url:
        opened = client(line, first_content_timeout_s=0.6).open(url)
        first, second = halley.history(opened.response).attempts
        assert b"".join(opened.rest()) == b"".join(WHOLE)
        opened.close()
    assert (first.stream, first.fault) == ("stalled", "read_timeout")
    assert 0.55 <= first.elapsed_s < (1.9 if line.colour == "threads" else 1.2)
    assert second.first_s < 1


@pytest.mark.parametrize("setting", ["idle_timeout_s", "content_idle_timeout_s"])
def test_silence_after_it_is_reported(line: Line, setting: str):
    """With what came before it, though the client's own timeout is minutes."""
    with server((chat("Hal"), SILENCE)) as url:
        opened = client(line, **{setting: 0.5}).open(url)
        opened.next()
        with pytest.raises(halley.StreamInterrupted) as caught:
            opened.rest()
        opened.close()
    assert (caught.value.state, caught.value.text) == ("stalled", "Hal")
    assert caught.value.halley.attempts[-1].elapsed_s < 2


def test_a_socket_left_open_after_the_finish_does_not_hang(line: Line):
    """The body ends cleanly after the grace, with nothing lost."""
    with server((*WHOLE, SILENCE)) as url:
        opened = client(line, finish_grace_s=0.5).open(url)
        chunks: list[bytes] = []
        took_s = timed(lambda: chunks.extend(opened.rest()))
        opened.close()
    assert b"".join(chunks) == b"".join(WHOLE)
    assert took_s < 2
    assert halley.history(opened.response).attempts[-1].stream == "complete"


def test_a_gap_shorter_than_the_limit_is_none(line: Line):
    """A limit for the first content does not bind what follows it, nor the finish what precedes."""
    with server(WHOLE) as url:
        opened = client(line, first_content_timeout_s=5, finish_grace_s=0.5).open(url)
        assert b"".join(opened.rest()) == b"".join(WHOLE)
        opened.close()


def test_no_head_in_time_is_a_read_timeout(line: Line):
    """`first_byte_timeout_s`, of a server that accepts and says nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat/completions"
        caller = client(line, first_byte_timeout_s=0.3, attempts=1)
        with pytest.raises(line.error("ReadTimeout")):
            caller.post(url)


@pytest.mark.parametrize(
    ("own_s", "policy_s", "expected_s"),
    [(5.0, None, 5.0), (5.0, 2.0, 2.0), (None, 2.0, 2.0), (1.0, 2.0, 1.0), (None, None, 60.0)],
)
def test_the_shorter_limit_counts(own_s, policy_s, expected_s):
    """Of the client's own, the policy's, and what is left of the deadline."""
    own = {"connect": own_s, "read": 100.0, "write": 1.0, "pool": 1.0}
    limited = time_left(own, StreamTerms(connect_s=policy_s), 60.0, lambda: 0.0)
    assert limited is not None
    assert limited["connect"] == expected_s
    assert limited["read"] == 60.0


def test_timeouts_that_bind_nothing_are_the_clients_own():
    """No mapping is made where none is needed."""
    own = dict.fromkeys(("connect", "read", "write", "pool"), 5.0)
    assert time_left(own, StreamTerms(), 60.0, lambda: 0.0) is None
    assert time_left(own, StreamTerms(first_byte_s=1.0), 60.0, lambda: 0.0) is not None


def test_a_limit_of_its_own_takes_a_call_off_the_short_way(line: Line):
    """The first send of a plain call looks at the client's timeouts alone."""
    request = line.module.Request("GET", "http://a.test", extensions={"timeout": {"read": 5.0}})
    assert unhurried(request, Policy())
    assert not unhurried(request, Policy(connect_timeout_s=1.0))
    assert not unhurried(request, Policy(first_byte_timeout_s=1.0))
    assert not unhurried(request, Policy(deadline_s=1.0))


def test_patience_is_asked_anew_each_time():
    """By a socket in whole seconds, rounded up and never 0; by a clock exactly."""
    left = [2.2, 0.3, 0.001]
    patience = Patience(left.pop)
    with closing(socket.socket()) as probe:
        for expected in (1.0, 1.0, 3.0):
            probe.settimeout(patience)  # type: ignore[arg-type]
            assert probe.gettimeout() == expected
    assert 10.0 + Patience(lambda: 0.25) == 10.25


def test_reads_of_a_stream_replace_the_read_timeout():
    """And that alone."""
    limited = TimeLeft({}, 60.0, lambda: 0.0)
    limited.reads = Patience(lambda: 1.5)
    assert (float(limited["read"]), limited["connect"]) == (1.5, 60.0)
