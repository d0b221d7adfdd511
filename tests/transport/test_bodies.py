"""Rule 10: a body that can be sent again is, byte for byte; one that cannot is sent once."""

from __future__ import annotations

import io

import pytest

import halley
from halley.core.model import StopReason
from tests.lines import Answer, Caller, Line, failing, fault

PARTS = (b'{"model":', b'"m"}')


def generated(line: Line, made: list[int]):
    """A body that exists once, and says when it is made."""

    def chunks():
        made.append(1)
        yield from PARTS

    async def async_chunks():
        for chunk in chunks():
            yield chunk

    return async_chunks() if line.is_async else chunks()


def stops(response) -> list[StopReason | None]:
    """Why the attempts ended."""
    return [a.stop_reason for a in halley.history(response).attempts]


def test_a_generator_is_sent_once(line: Line):
    """After a 503 the bytes are gone: the reply is the caller's, and the record says why."""
    made: list[int] = []
    caller = line.client(failing(503), Answer())
    response = caller.post(content=generated(line, made))
    assert (response.status_code, stops(response)) == (503, [StopReason.NOT_REPLAYABLE])
    assert [s.body for s in caller.sent] == [b"".join(PARTS)]
    assert made == [1]


def test_a_generator_is_not_read_ahead(line: Line):
    """It goes straight to the wire: a large upload is not held in memory."""
    seen: list[bool] = []

    class Wire(line.module.MockTransport):
        def handle_request(self, request):
            seen.append(bool(made))
            return super().handle_request(request)

        async def handle_async_request(self, request):
            seen.append(bool(made))
            return await super().handle_async_request(request)

    made: list[int] = []
    wire = Wire(lambda _: line.module.Response(200, json={"choices": [{}]}))
    assert line.client(transport=wire).post(content=generated(line, made)).status_code == 200
    assert (seen, made) == ([False], [1])


@pytest.mark.parametrize("name", ["ConnectError", "ConnectTimeout", "PoolTimeout"])
def test_a_generator_of_which_nothing_was_sent_is_tried_again(line: Line, name: str):
    """The connection failed before the first byte: the body is still whole."""
    made: list[int] = []
    caller = line.client(fault(name), Answer())
    assert caller.post(content=generated(line, made)).status_code == 200
    assert caller.sent[-1].body == b"".join(PARTS)
    assert made == [1]


def test_a_generator_that_was_partly_sent_is_not(line: Line):
    """A reset on the way: nobody knows what arrived."""
    made: list[int] = []
    caller = line.client(fault("WriteError"), Answer())
    with pytest.raises(line.error("WriteError")) as caught:
        caller.post(content=generated(line, made))
    assert stops(caught.value) == [StopReason.NOT_REPLAYABLE]
    assert len(caller.sent) == 1


def test_a_generator_with_its_length_is_replayed(line: Line):
    """What is announced as small is held, and sent again byte for byte."""
    made: list[int] = []
    caller = line.client(failing(503), Answer())
    length = {"content-length": str(len(b"".join(PARTS)))}
    assert caller.post(content=generated(line, made), headers=length).status_code == 200
    assert [s.body for s in caller.sent] == [b"".join(PARTS)] * 2
    assert made == [1]


def test_one_that_is_announced_as_large_is_not_held(line: Line):
    """Beyond `body_bytes_max` it passes as it comes."""
    made: list[int] = []
    caller = line.client(failing(503), Answer(), policy=halley.Policy(body_bytes_max=1024))
    length = {"content-length": "1025"}
    response = caller.post(content=generated(line, made), headers=length)
    assert stops(response) == [StopReason.NOT_REPLAYABLE]


def test_the_limit_can_be_changed_for_a_call(line: Line):
    """`options` reaches it like any setting of a call."""
    made: list[int] = []
    caller = line.client(failing(503), Answer())
    with halley.options(body_bytes_max=1024):
        response = caller.post(content=generated(line, made), headers={"content-length": "1025"})
    assert stops(response) == [StopReason.NOT_REPLAYABLE]


def test_a_small_upload_is_replayed(line: Line):
    """Multipart, with a file: the same boundary, the same bytes."""
    caller = line.client(failing(503), Answer())
    file = ("a.wav", io.BytesIO(b"RIFF" * 1000), "audio/wav")
    assert _upload(caller, file).status_code == 200
    first, second = (s.body for s in caller.sent)
    assert first == second
    assert first.count(b"RIFF") == 1000
    assert caller.sent[0].headers["content-length"] == str(len(first))


def _upload(caller: Caller, file: tuple):
    return caller.post("https://a.test/v1/files", files={"file": file}, data={"m": "x"})


def test_the_record_says_that_it_could_not_be_replayed(
    line: Line, caplog: pytest.LogCaptureFixture
):
    """In the field `stop_reason`."""
    with caplog.at_level("WARNING", "halley"):
        line.client(failing(503)).post(content=generated(line, []))
    assert [r.halley["stop_reason"] for r in caplog.records] == ["not_replayable"]
