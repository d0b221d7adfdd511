"""A retry that gets no permit: the call ends with what came before it (rules 5 and 7)."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

import halley
from halley.core.model import StopReason
from halley.core.pace import Lane
from halley.drivers.clock import Clock
from halley.transport.exchange import Exchange
from tests.lines import CHAT, QUICK, Answer, Caller, Line, failing, fault

ONE = QUICK.override({"in_flight_max": 1, "queue_max": 1, "body_bytes_max": 4096})
KEY = "sk-" + "k" * 32
ERROR = b'{"error":{"message":"busy (request id: 2026AbC123)"}}'
BUSY = failing(429, ERROR)
LARGE = failing(503, b"x" * 5000)


class Other:
    """Another call of the lane, which never leaves the queue."""

    def wake(self) -> None:
        """Stay."""


def fill(lane: Lane, now: float) -> None:
    """Take the only place in the queue."""
    lane.enter(Other(), now, now + 600)


def hold(lane: Lane, now: float) -> None:
    """Give no permit before the deadline, as after a server's wait."""
    lane.hold(now, 1000.0)


REASONS = pytest.mark.parametrize(
    ("shut", "reason"), [(fill, StopReason.QUEUE), (hold, StopReason.DEADLINE)]
)


def shut_out(line: Line, *answers: Answer, shut: Callable[[Lane, float], None] = hold) -> Caller:
    """A client whose lane is shut while the last of the answers is on its way."""
    shutting = replace(answers[-1], before=lambda: shut(*lane_of(caller)))
    caller = line.client(*answers[:-1], shutting, policy=ONE)
    return caller


def lane_of(caller: Caller) -> tuple[Lane, float]:
    """The one lane of a client, and what its clock says."""
    (lane,) = caller.lanes
    return lane, caller.client._transport._runtime.clock.now()


def raised(caller: Caller, name: str) -> Any:
    """The exception of a class of the family that a call ends with."""
    with pytest.raises(caller.line.error(name)) as caught:
        caller.post()
    return caught.value


@REASONS
@pytest.mark.parametrize("status", [429, 503])
def test_the_caller_gets_the_servers_error(line: Line, status, shut, reason):
    """Status, bytes and headers are the server's; the history says why nothing more was sent."""
    sent = [("content-type", "application/json"), ("x-odd", "1"), ("x-should-retry", "true")]
    caller = shut_out(line, Answer(status, (ERROR[:9], ERROR[9:]), sent), shut=shut)
    response = caller.post()
    assert (response.status_code, response.content) == (status, ERROR)
    assert response.headers["x-odd"] == "1"
    assert response.headers.get_list("x-should-retry") == ["false"]
    assert response.headers["x-request-id"] == "2026AbC123"
    history = halley.history(response)
    assert [a.status for a in history.attempts] == [status, None]
    assert history.stop_reason is reason
    assert len(caller.sent) == 1
    assert not caller.upstream.open
    assert not caller.lanes[0].in_flight


def test_its_bytes_can_be_read_as_they_came(line: Line):
    """A compressed error, read below the client's decoder."""
    packed = gzip.compress(ERROR)
    opened = shut_out(line, failing(503, packed, content_encoding="gzip")).open()
    assert b"".join(opened.rest()) == packed
    opened.close()


def test_an_echoed_key_is_masked_in_it(line: Line):
    """In the body and in the headers."""
    answer = failing(503, f"bad key {KEY}".encode(), x_echo=KEY)
    response = shut_out(line, answer).post(headers={"authorization": f"Bearer {KEY}"})
    assert response.content == b"bad key " + b"*" * len(KEY)
    assert response.headers["x-echo"] == "*" * len(KEY)


def test_it_leads_nowhere(line: Line):
    """A redirect that says it is overloaded loses its `Location` like any other."""
    body = b'{"error":{"type":"overloaded_error"}}'
    caller = shut_out(line, failing(307, body, location="https://b.test/"))
    request = partial(caller.client.request, follow_redirects=True)
    response = caller.do(request, "POST", CHAT)
    assert [a.status for a in halley.history(response).attempts] == [307, None]
    assert (response.status_code, len(caller.sent)) == (307, 1)
    assert "location" not in response.headers


def test_the_last_of_several_replies_is_delivered(line: Line):
    """A fault and another error came before it."""
    caller = shut_out(line, fault("ReadError"), failing(503, b"first"), BUSY)
    response = caller.post()
    assert (response.status_code, response.content) == (429, ERROR)
    assert len(halley.history(response).attempts) == 4


@REASONS
def test_a_fault_is_raised_as_it_came(line: Line, shut, reason):
    """The very object of the last attempt, whatever reply came before it."""
    caller = shut_out(line, BUSY, fault("ReadError"), shut=shut)
    error = raised(caller, "ReadError")
    assert error is caller.upstream.raised[-1]
    assert [a.status for a in halley.history(error).attempts] == [429, None, None]
    assert halley.history(error).stop_reason is reason


def test_a_reply_that_breaks_off_is_let_go(line: Line):
    """A whole one before it does not make it whole."""
    caller = shut_out(line, BUSY, Answer(503, (ERROR[:9],), error="ReadError"))
    assert raised(caller, "ReadError") is caller.upstream.raised[-1]
    assert not caller.upstream.open


def test_an_error_too_large_to_hold_is_not_kept(line: Line):
    """It was let go before the wait, and the fault before it is no longer the last word."""
    caller = shut_out(line, fault("ReadError"), LARGE)
    response = caller.post()
    assert "no permit to send" in response.json()["error"]["message"]
    assert [a.status for a in halley.history(response).attempts] == [None, 503, 429]
    assert len(caller.sent) == 2


def test_a_call_that_never_got_a_permit_is_answered_429_in_the_servers_place(line: Line):
    """Nothing was answered; what another call was answered is not its affair."""
    caller = shut_out(line, BUSY)
    caller.post()
    response = caller.post()
    assert response.status_code == 429
    assert response.json()["error"]["code"] == "halley_no_permit"
    assert response.headers["x-should-retry"] == "false"
    assert 900 < int(response.headers["retry-after-ms"]) / 1000 <= 1000
    (attempt,) = halley.history(response).attempts
    assert (attempt.number, attempt.stop_reason) == (1, StopReason.DEADLINE)
    assert len(caller.sent) == 1


@pytest.mark.parametrize(
    ("answer", "kept"), [(failing(503, ERROR), ERROR), (LARGE, None)], ids=["held", "too large"]
)
def test_what_is_kept_during_a_wait(line: Line, monkeypatch, answer, kept):
    """No connection, and of what is not held nothing at all."""
    waits = []

    def waiting(exchange: Exchange) -> Any:
        closing = let_go(exchange)
        waits.append((exchange.body, exchange.readable, exchange.response is not None))
        return closing

    let_go = Exchange.let_go
    monkeypatch.setattr(Exchange, "let_go", waiting)
    caller = line.client(answer, Answer(), policy=ONE)
    open_then = opened_while_asleep(caller, monkeypatch)
    assert caller.post().status_code == 200
    assert waits == [(kept or b"", b"", kept is not None)]
    assert open_then == [0]


def opened_while_asleep(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bodies of the upstream are open in each sleep."""
    counts: list[int] = []

    async def asleep(_: Clock, _seconds: float) -> None:
        counts.append(caller.upstream.open)

    monkeypatch.setattr(Clock, "sleep", lambda *_: counts.append(caller.upstream.open))
    monkeypatch.setattr(Clock, "asleep", asleep)
    return counts
