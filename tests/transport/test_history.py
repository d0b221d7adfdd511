"""`halley.history` finds the attempts of a call wherever they travelled."""

from __future__ import annotations

import asyncio
import pickle

import anyio
import pytest

import halley
from halley.core.model import Action, FaultKind, History, StopReason
from halley.drivers.clock import Clock
from tests.lines import EVENTS, Answer, Line, failing, fault, stream


def test_a_success_carries_its_attempts_on_the_response(line: Line):
    """The failure before it is listed too, with status, wait and request id."""
    caller = line.client(
        failing(503, x_request_id="req_1"), Answer(headers={"x-request-id": "req_2"})
    )
    found = halley.history(caller.post())
    assert [(a.number, a.status, a.action, a.request_id) for a in found.attempts] == [
        (1, 503, Action.RETRY, "req_1"),
        (2, 200, Action.OK, "req_2"),
    ]
    assert found.attempts[0].wait_s > 0
    assert found.stop_reason is None


def test_a_response_given_up_on_says_why(line: Line):
    """The attempts of a call that failed for good end with the reason."""
    found = halley.history(line.client(failing(400)).post())
    assert [a.action for a in found.attempts] == [Action.FIX_REQUEST]
    assert found.stop_reason is StopReason.FINAL


def test_a_fault_carries_them_on_the_exception_and_on_what_was_raised_from_it(line: Line):
    """SDKs wrap the exception: the cause is searched."""
    caller = line.client(fault("ConnectError"))
    with pytest.raises(line.error("ConnectError")) as caught:
        caller.post()
    wrapped = RuntimeError("as an SDK would say it")
    wrapped.__cause__ = caught.value
    for error in (caught.value, wrapped):
        found = halley.history(error)
        assert [a.fault for a in found.attempts] == [FaultKind.CONNECT] * 5
        assert found.stop_reason is StopReason.ATTEMPTS


def test_a_status_error_is_searched_for_its_response(line: Line):
    """`raise_for_status` keeps the response on the error."""
    response = line.client(failing(404)).post()
    with pytest.raises(line.error("HTTPStatusError")) as caught:
        response.raise_for_status()
    assert halley.history(caught.value) is halley.history(response)


def test_a_stream_that_breaks_carries_them_on_its_exception(line: Line):
    """Nothing is sent again once a byte was delivered: the reason is `committed`."""
    opened = line.client(stream(EVENTS[0], error="ReadError")).open()
    assert opened.next() == EVENTS[0]
    with pytest.raises(line.error("RemoteProtocolError")) as caught:
        opened.next()
    opened.close()
    found = halley.history(caught.value)
    assert (found.stop_reason, found.attempts[-1].fault) == (StopReason.COMMITTED, FaultKind.READ)


def test_what_did_not_go_through_halley_has_none():
    """Not an error, and not a guess."""
    assert halley.history(ValueError("x")) is None
    assert halley.history(object()) is None


def test_exceptions_that_lead_to_each_other_end_the_search():
    """A circle of causes is walked once."""
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__cause__ = two, one
    assert halley.history(one) is None


def test_it_survives_pickling(line: Line):
    """Worker processes send it home."""
    found = halley.history(line.client(failing(429, retry_after="0"), failing(400)).post())
    assert pickle.loads(pickle.dumps(found)) == found
    assert isinstance(found, History)


@pytest.mark.parametrize("family", ["httpx2", "httpx"])
def test_a_timeout_around_a_call_that_waits_leads_to_the_failure_it_waited_after(family: str):
    """`asyncio.timeout` hides nothing: the last server error is on the way to its exception."""

    async def main() -> None:
        line = Line(family, "asyncio")
        client = line.client(failing(503), policy=halley.Policy(backoff_base_s=60)).client
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await client.post("https://a.test/v1/x")
        found = halley.history(caught.value)
        assert [(a.status, a.stop_reason) for a in found.attempts] == [(503, StopReason.CANCELLED)]
        await client.aclose()

    asyncio.run(main())


def test_wait_for_leads_to_it_as_well():
    """The older way to time out a call."""

    async def main() -> None:
        client = (
            Line("httpx2", "asyncio")
            .client(fault("ConnectError"), policy=halley.Policy(backoff_base_s=60))
            .client
        )
        with pytest.raises(TimeoutError) as caught:
            await asyncio.wait_for(client.post("https://a.test/v1/x"), 0.05)
        assert halley.history(caught.value).attempts[-1].fault is FaultKind.CONNECT
        await client.aclose()

    asyncio.run(main())


def test_an_interrupted_thread_keeps_it_too(monkeypatch: pytest.MonkeyPatch):
    """Ctrl-C during a wait: the history rides on the KeyboardInterrupt."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Clock, "sleep", interrupted)
    with Line("httpx2", "threads") as line:
        caller = line.client(failing(503))
        with pytest.raises(KeyboardInterrupt) as caught:
            caller.post()
        assert halley.history(caught.value).stop_reason is StopReason.CANCELLED
        assert caller.idle


def test_a_call_cancelled_while_it_is_sent_has_an_attempt_without_an_outcome():
    """It was on its way: no status, no fault, reason `cancelled`."""

    async def main() -> None:
        line = Line("httpx2", "asyncio")
        client = line.client(policy=halley.Policy()).client
        seen = []

        async def stuck(request: object) -> None:
            try:
                await anyio.sleep(30)
            except BaseException as error:
                seen.append(error)
                raise

        client._transport._forward = stuck
        with anyio.move_on_after(0.05):
            await client.post("https://a.test/v1/x")
        (attempt,) = halley.history(seen[0]).attempts
        assert (attempt.number, attempt.status, attempt.fault) == (1, None, None)
        assert attempt.stop_reason is StopReason.CANCELLED
        await client.aclose()

    anyio.run(main)
