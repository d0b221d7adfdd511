"""The first send that is delivered at once: what it does not skip, in threads and event loops."""

from __future__ import annotations

import logging

import anyio
import httpx2
import pytest

import halley
from halley.drivers.clock import Clock
from halley.testing import no_wait

URL = "https://api.cometapi.com/v1/chat/completions"
BODY = {"model": "m", "messages": []}
GOOD = b'{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'
FAILED = b'{"choices":[{"index":0,"message":{"content":""},"finish_reason":"error"}]}'


class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """Two halves of an answer, and what happens between them."""

    def __init__(self, data, between=lambda: None):
        self.data, self.between = data, between

    def __iter__(self):
        yield self.data[:10]
        self.between()
        yield self.data[10:]

    async def __aiter__(self):
        for part in self:
            yield part


def answer(data, between=lambda: None):
    """A 200 with its length announced."""
    headers = {"content-type": "application/json", "content-length": str(len(data))}
    return httpx2.Response(200, headers=headers, stream=Body(data, between))


def asked(colour, *answers, **policy):
    """Make one call; return its response and how often it was sent."""
    left = list(answers)
    mock = httpx2.MockTransport(lambda _request: left.pop(0))
    chosen = halley.Policy(**policy)
    if colour == "threads":
        with halley.Client(transport=mock, policy=chosen) as client:
            return client.post(URL, json=BODY), len(answers) - len(left)

    async def main():
        async with halley.AsyncClient(transport=mock, policy=chosen) as client:
            return await client.post(URL, json=BODY)

    return anyio.run(main), len(answers) - len(left)


COLOURS = pytest.mark.parametrize("colour", ["threads", "event loop"])


@COLOURS
def test_a_plain_success_is_recorded_once(colour, caplog):
    """At DEBUG, with its action."""
    caplog.set_level(logging.DEBUG, "halley")
    response, _ = asked(colour, answer(GOOD))
    assert response.content == GOOD
    assert [record.halley["action"] for record in caplog.records if record.name == "halley"] == [
        "ok"
    ]


@COLOURS
def test_an_error_beside_choices_is_no_plain_success(colour):
    """It is decided by the engine, and retried."""
    with no_wait():
        response, sends = asked(colour, answer(FAILED), answer(GOOD))
    assert (response.content, sends) == (GOOD, 2)


def test_it_is_a_sign_of_life_to_a_breaker_that_saw_failures_since():
    """A slow answer among failures: they are no run, however the calls began."""

    def fails():
        with pytest.raises(httpx2.ConnectError):
            client.post(URL, json=BODY)
        Clock().sleep(3.0)

    def upstream(_request):
        if answers:
            return answers.pop()
        raise httpx2.ConnectError("refused")

    answers = [answer(GOOD, fails)]
    policy = halley.Policy(breaker_failures=2, attempts=1)
    with (
        no_wait(),
        halley.Client(transport=httpx2.MockTransport(upstream), policy=policy) as client,
    ):
        assert client.post(URL, json=BODY).content == GOOD
        breakers = client._transport._runtime.engine.breakers
        assert not breakers.targets
        fails()
        assert not any(breaker.open for breaker in breakers.targets.values())


@COLOURS
def test_an_interruption_in_the_body_carries_the_history(colour):
    """As one anywhere else in a call."""

    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        asked(colour, answer(GOOD, interrupt))
    assert halley.history(caught.value).stop_reason == "cancelled"


@COLOURS
def test_a_body_that_outlasts_the_deadline_is_a_timeout(colour):
    """A server that trickles does not hold the call longer than its deadline."""
    with no_wait(), pytest.raises(httpx2.ReadTimeout):
        asked(colour, answer(GOOD, lambda: Clock().sleep(100.0)), deadline_s=50.0)


def test_a_stream_that_is_forgotten_while_a_call_begins_is_ended_by_it():
    """A destructor runs at any moment, and this one finds the lock taken."""

    def upstream(_request):
        if answers:
            return answers.pop()
        return answer(GOOD)

    class Budget:
        """One that lets go of the stream under the lock."""

        def deposit(self, _now):
            stream.close()

    head = {"content-type": "audio/mpeg"}
    answers = [httpx2.Response(200, headers=head, stream=Body(b"a film of sound"))]
    with halley.Client(transport=httpx2.MockTransport(upstream)) as client:
        stream = client.send(client.build_request("POST", URL, json=BODY), stream=True)
        shared = client._transport._runtime
        assert len(shared.watched) == 1
        object.__setattr__(shared.engine, "budget", Budget())
        assert client.post(URL, json=BODY).content == GOOD
        assert not shared.watched
