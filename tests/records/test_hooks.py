"""Hooks: every attempt is told of, and nothing that a hook does reaches a call."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from functools import partial
from queue import Queue

import pytest

import halley
from halley.core.model import Action, Attempt, History, Kind, Request, StopReason
from halley.core.usage import Usage
from halley.records import hooks
from halley.records.events import Event, Hook
from halley.records.hooks import Hooks, Line
from halley.records.redact import Redactor
from tests.lines import CHAT, JSON, QUICK, Answer, failing, fault, stream
from tests.lines import Line as Live
from tests.records.test_canary import CANARIES, KEY_HEADERS, ask, leaked

SOON_S = 30.0
"""What must happen is waited for no longer."""
BEGUN = (
    b'data: {"choices":[{"delta":{"content":"x"}}],'
    b'"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
)
USED = b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":5,"completion_tokens":7}}'


class Heard:
    """A hook that keeps what it is told."""

    def __init__(self) -> None:
        self._events: Queue[Event] = Queue()

    def __call__(self, event: Event) -> None:
        self._events.put(event)

    def next(self) -> Event:
        """The next event."""
        return self._events.get(timeout=SOON_S)

    def take(self, count: int) -> list[Event]:
        """The next few."""
        return [self.next() for _ in range(count)]


def event(number: int = 1) -> Event:
    """An event like others."""
    history = History("c", (Attempt(number, Action.OK, 0.1, 200),))
    return Event(0.0, "POST", "a.test", "/v1/x", "m", history)


def threads() -> set[threading.Thread]:
    """The threads that deliver."""
    return {thread for thread in threading.enumerate() if thread.name == "halley-hooks"}


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a slow hook waits for; open at the end."""
    opened = threading.Event()
    yield opened
    opened.set()


def test_a_retry_and_the_success_after_it(line: Live):
    """One event an attempt, with what was asked, decided and used; the last one says it is that."""
    heard = Heard()
    line.client(failing(503), Answer(chunks=(USED,)), hooks=[heard]).post(CHAT + "?secret=1")
    retry, success = heard.take(2)
    assert (retry.method, retry.host, retry.path, retry.model) == (
        "POST",
        "api.cometapi.com",
        "/v1/chat/completions",
        "gpt-5-mini",
    )
    assert (retry.attempt.number, retry.attempt.status, retry.last) == (1, 503, False)
    assert retry.attempt.failure.kind is Kind.OVERLOADED
    assert (success.attempt.number, success.attempt.status, success.last) == (2, 200, True)
    assert success.history.attempts[0] == retry.attempt
    assert success.history.call_id == retry.history.call_id
    assert (retry.usage, success.usage) == (Usage(), Usage(5, 7))
    assert 0 < retry.wall_s <= success.wall_s


def test_a_plain_success_is_told_of_as_well(line: Live):
    """It is delivered at once, without the engine's steps."""
    heard = Heard()
    headers = {**JSON, "content-length": str(len(USED))}
    line.client(Answer(chunks=(USED,), headers=headers), hooks=[heard]).post()
    success = heard.next()
    assert (success.attempt.status, success.usage, success.last) == (200, Usage(5, 7), True)


def test_a_call_that_is_given_up(line: Live):
    """The last event says why it ended, by an answer or by a fault."""
    heard = Heard()
    line.client(failing(400), hooks=[heard]).post()
    caller = line.client(fault("ReadTimeout"), policy=halley.Policy(attempts=1), hooks=[heard])
    with pytest.raises(line.error("ReadTimeout")):
        caller.post()
    refused, lost = heard.take(2)
    assert (refused.attempt.stop_reason, refused.last) == (StopReason.FINAL, True)
    assert (lost.attempt.stop_reason, lost.last) == (StopReason.ATTEMPTS, True)


def test_a_stream_is_told_of_when_it_is_over(line: Live):
    """Not before: a stream that breaks is no success."""
    heard = Heard()
    opened = line.client(
        stream(BEGUN, error="ReadError"),
        hooks=[heard],
    ).open()
    with pytest.raises(line.error("RequestError")):
        opened.rest()
    opened.close()
    cut = heard.next()
    assert (cut.attempt.status, cut.attempt.stop_reason) == (200, StopReason.COMMITTED)
    assert cut.usage == Usage(1, None)  # of what came out, a count so far is not the count


def test_a_slow_hook_delays_no_call(line: Live, gate: threading.Event):
    """Ten calls are over while the hook still hangs in the first event."""
    heard, begun = Heard(), threading.Event()

    def slow(told: Event) -> None:
        begun.set()
        assert gate.wait(SOON_S)
        heard(told)

    caller = line.client(hooks=[slow])
    for _ in range(10):
        assert caller.post().status_code == 200
    assert begun.wait(SOON_S)
    gate.set()
    assert len(heard.take(10)) == 10


def test_a_failing_hook_breaks_nothing(line: Live, caplog: pytest.LogCaptureFixture):
    """Not the call, not the hook beside it; the log says once what happened and where."""
    heard = Heard()

    def bad(_: Event) -> None:
        raise KeyError("text of the error")

    def ends(_: Event) -> None:
        sys.exit(1)

    caller = line.client(failing(503), Answer(), hooks=[bad, ends, heard])
    assert caller.post().status_code == 200
    assert [told.attempt.status for told in heard.take(2)] == [503, 200]
    errors = [r.getMessage() for r in caplog.records if r.levelname == "ERROR"]
    assert len(errors) == 2
    assert "bad raised KeyError at test_hooks.py:" in errors[0]
    assert "ends raised SystemExit at test_hooks.py:" in errors[1]
    assert "text of the error" not in caplog.text


def test_what_finds_the_queue_full_is_lost_and_counted(
    monkeypatch: pytest.MonkeyPatch, gate: threading.Event
):
    """The next event that is delivered says how many were."""
    monkeypatch.setattr(hooks, "QUEUED_MAX", 3)
    heard, begun = Heard(), threading.Event()

    def slow(told: Event) -> None:
        begun.set()
        assert gate.wait(SOON_S)
        heard(told)

    one = Line((slow,))
    one.put(event(1))
    assert begun.wait(SOON_S)
    for number in range(2, 9):
        one.put(event(number))
    gate.set()
    told = heard.take(4)
    assert [each.attempt.number for each in told] == [1, 2, 3, 4]
    assert [each.dropped for each in told] == [0, 4, 0, 0]
    assert one.flush(SOON_S)
    one.put(event(9))
    assert (heard.next().dropped, one.flush(SOON_S)) == (0, True)
    one.end()


def test_a_flush_that_takes_too_long_says_so(gate: threading.Event):
    """And does not wait for ever; where nothing was queued there is nothing to wait for."""
    idle, hung = Line((print,)), Line((lambda _: gate.wait(SOON_S),))
    assert idle.flush(0.0)
    hung.put(event())
    assert not hung.flush(0.01)
    hung.end()


def test_a_hook_may_make_calls_itself():
    """On the same client: its events come after, and nothing waits for itself."""
    heard = Heard()
    with Live("httpx2", "threads") as line:

        def asks_again(told: Event) -> None:
            heard(told)
            if told.path == "/first":
                caller.post("https://a.test/second")

        caller = line.client(hooks=[asks_again])
        caller.post("https://a.test/first")
        assert [told.path for told in heard.take(2)] == ["/first", "/second"]


def test_the_thread_goes_with_the_client():
    """A program that makes a client per request keeps no thread of each."""
    before = threads()
    heard = Heard()
    sink = Hooks([heard], lambda *_: None, lambda _: Redactor())
    sink(lambda: Request("POST", "https://a.test", "/v1/x"), event().history, b"")
    (thread,) = threads() - before
    del sink
    gc.collect()
    thread.join(SOON_S)
    assert not thread.is_alive()
    assert heard.next().path == "/v1/x"


def test_without_hooks_there_is_no_thread():
    """Nothing is made for those who ask for nothing."""
    before = threads()
    with Live("httpx2", "threads") as line:
        line.client().post()
    assert threads() == before


def test_a_sink_within_that_fails_loses_no_event_and_no_record():
    """Each gets its own, whatever becomes of the other."""
    heard, written = Heard(), []

    def broken(*record: object) -> None:
        written.append(record)
        raise OSError("no space left")

    hooks_on = partial(Hooks, [heard], redactor=lambda _: Redactor())
    with pytest.raises(OSError, match="no space left"):
        hooks_on(broken)(lambda: Request("GET", "https://a.test", "/"), event().history, b"")
    assert heard.next().path == "/"
    undescribed = hooks_on(lambda *record: written.append(record))
    with pytest.raises(ZeroDivisionError):
        undescribed(lambda: 1 // 0, event().history, b"")  # type: ignore[arg-type, return-value]
    assert len(written) == 2


async def _coroutine(_: Event) -> None: ...


class _Coroutine:
    async def __call__(self, _: Event) -> None: ...


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (print, "expected a list of functions, got builtin_function_or_method"),
        ("print", "expected a list of functions, got str"),
        (7, "expected a list of functions, got int"),
        ([7], "expected functions that take an event, got int"),
        ([print, _coroutine], "expected functions that take an event, got a coroutine function"),
        ([_Coroutine()], "expected functions that take an event, got a coroutine function"),
    ],
)
@pytest.mark.parametrize("make", [halley.Client, lambda **k: halley.protect(halley.Client(), **k)])
def test_what_is_no_list_of_functions_is_refused_at_once(make, given: Iterable[Hook], said: str):
    """When the client is made, not by silence later."""
    with pytest.raises(TypeError, match=said):
        make(hooks=given)


def test_protect_takes_hooks_and_changes_them():
    """A protected client keeps its hooks until others are named."""
    first, second = Heard(), Heard()
    with Live("httpx2", "threads") as line:
        upstream = line.client().upstream
        plain = line.module.Client(transport=upstream.transport)
        told = halley.protect(plain, QUICK, hooks=[first])
        told.post("https://a.test/1")
        halley.protect(told).post("https://a.test/2")
        halley.protect(told, hooks=[second]).post("https://a.test/3")
    assert [each.path for each in first.take(2)] == ["/1", "/2"]
    assert second.next().path == "/3"


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
@pytest.mark.parametrize("status", [200, 401, 503])
def test_no_event_holds_a_secret(status: int):
    """No key, prompt, query, cookie or header value, and of an echo of all that nothing either."""
    heard = Heard()
    with Live("httpx2", "threads") as line:

        def echo(request) -> object:
            said = f"{request.url} {dict(request.headers)} {request.content.decode()}"
            return line.module.Response(status, json={"error": said if status != 200 else None})

        transport = line.module.MockTransport(echo)
        policy = halley.Policy(attempts=1)
        with halley.Client(transport=transport, policy=policy, hooks=[heard]) as client:
            ask(client, "/v1/chat/completions", KEY_HEADERS, stream=False)
    told = heard.next()
    assert leaked(repr(told)) == set()
    assert told.path == "/v1/chat/completions"


def test_a_key_in_the_path_or_the_model_is_not_told(line: Live):
    """Where none belongs."""
    heard, key = Heard(), CANARIES["key"]
    caller = line.client(hooks=[heard])
    caller.post(f"https://a.test/{key}/x", json={"model": key}, headers=KEY_HEADERS)
    told = heard.next()
    assert leaked(repr(told)) == set()
    assert told.path.endswith("/x")


PROGRAM = """
import os, sys, threading, httpx2, halley

def call(hook, path="/in-time"):
    transport = httpx2.MockTransport(lambda _: httpx2.Response(400))
    halley.Client(transport=transport, hooks=[hook]).post("https://a.test" + path)

def say(event):
    print(event.path, flush=True)
"""


def program(code: str) -> str:
    """What a program prints that ends by itself."""
    argv = [sys.executable, "-W", "ignore", "-c", PROGRAM + code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=SOON_S)
    assert done.stderr == ""
    return done.stdout


def test_a_program_that_ends_delivers_what_is_queued():
    """Even of a client that is gone by then, through a hook that takes its time."""
    code = "import time\ndef slowly(event): time.sleep(0.2); say(event)\ncall(slowly)"
    assert program(code) == "/in-time\n"


def test_a_hook_that_hangs_keeps_no_program_from_ending():
    """It is waited for a bounded time."""
    assert program("call(lambda _: threading.Event().wait())\nprint('end')") == "end\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_worker_has_a_queue_and_a_thread_of_its_own():
    """The parent's event is delivered once, by the parent; the child's by the child."""
    code = """
transport = httpx2.MockTransport(lambda _: httpx2.Response(400))
client = halley.Client(transport=transport, hooks=[say])
client.post("https://a.test/parent-before")
child = os.fork()
client.post("https://a.test/child" if child == 0 else "https://a.test/parent")
if child:
    os.waitpid(child, 0)
"""
    assert sorted(program(code).split()) == ["/child", "/parent", "/parent-before"]
