"""Bodies that are watched as they pass: untouched, and the call ends with them (rules 3, 4, 7)."""

from __future__ import annotations

import gc
import gzip
import json

import pytest

import halley
from halley.core.model import StopReason
from halley.drivers.clock import Clock
from tests.lines import EVENTS, SSE, Answer, Line, failing, stream

MUSIC = {"content-type": "audio/mpeg"}
ONE = halley.Policy(in_flight_max=1, backoff="full_jitter", backoff_base_s=0.001)


LEFT = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""Under trio httpx's own generators complain when an iteration is left."""


def in_flight(caller) -> int:
    """Permits that are out."""
    return sum(lane.in_flight for lane in caller.lanes)


def test_events_pass_as_they_come(line: Line):
    """Chunk for chunk: nothing is merged or changed; of a stream the first content is awaited."""
    taken = []

    def chunks():
        for chunk in EVENTS:
            taken.append(chunk)
            yield chunk

    opened = line.client(Answer(200, chunks(), dict(SSE))).open()
    assert taken == [EVENTS[0]]
    for number, chunk in enumerate(EVENTS, 1):
        assert opened.next() == chunk
        assert len(taken) == number
    assert opened.next() is None
    opened.close()


@pytest.mark.parametrize(
    "kind", ["text/event-stream", "audio/mpeg", "application/x-ndjson", "image/png"]
)
def test_the_permit_is_held_to_the_last_byte(line: Line, kind: str):
    """While a body is open its call is in flight; at its end it is not."""
    caller = line.client(Answer(200, EVENTS, {"content-type": kind}), policy=ONE)
    opened = caller.open()
    for _ in EVENTS:
        assert in_flight(caller) == 1
        opened.next()
    assert opened.next() is None
    assert in_flight(caller) == 0
    opened.close()
    assert caller.idle


def test_the_last_byte_gives_it_back_before_anything_is_closed(line: Line):
    """A caller that reads the stream itself may never close it."""
    caller = line.client(stream(), policy=ONE)
    opened = caller.open()
    body = opened.response.stream

    async def drained() -> list[bytes]:
        return [chunk async for chunk in body]

    assert caller.do(drained if line.is_async else lambda: list(body)) == list(EVENTS)
    assert in_flight(caller) == 0
    opened.close()


@LEFT
def test_closing_early_gives_the_permit_back(line: Line):
    """Without a failure: the caller had enough."""
    caller = line.client(stream(), policy=ONE)
    opened = caller.open()
    opened.next()
    opened.close()
    assert caller.idle
    assert caller.post().status_code == 200


def test_a_stream_that_is_left_leaves_no_generator_behind(line: Line):
    """Under trio one that is collected unfinished is a warning, and here an error."""
    if line.family == "httpx":
        pytest.skip("httpx leaves its own")
    opened = line.client(stream()).open()
    opened.next()
    opened.close()
    del opened
    gc.collect()


def test_closing_without_a_look_gives_it_back(line: Line):
    """Not a byte was read."""
    caller = line.client(stream(), policy=ONE)
    opened = caller.open()
    opened.close()
    assert caller.idle
    assert opened.response.is_closed


def test_an_error_in_the_middle_gives_it_back(line: Line):
    """Before the caller closes anything."""
    caller = line.client(Answer(200, (b"abc",), MUSIC, error="ReadError"), policy=ONE)
    opened = caller.open()
    opened.next()
    with pytest.raises(line.error("ReadError")) as caught:
        opened.next()
    assert in_flight(caller) == 0
    assert caught.value is caller.upstream.raised[-1]
    opened.close()


@LEFT
def test_a_stream_that_nobody_holds_gives_it_back(line: Line):
    """Collected as garbage, never closed."""
    caller = line.client(stream(), policy=ONE)
    request = caller.client.build_request("POST", "https://api.cometapi.com/v1/chat/completions")
    response = caller.do(caller.client.send, request, stream=True)
    assert in_flight(caller) == 1
    del response, request
    gc.collect()
    assert in_flight(caller) == 0


def test_a_trickle_is_ended_at_the_deadline(line: Line, monkeypatch: pytest.MonkeyPatch):
    """Each chunk is in time for the read timeout, all of them are not for the call."""
    late = [0.0]
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda self: now(self) + late[0])

    def trickle():
        for _ in range(10):
            late[0] += 20
            yield b"note"

    caller = line.client(Answer(200, trickle(), MUSIC), policy=halley.Policy(deadline_s=60))
    opened = caller.open()
    assert [opened.next() for _ in range(2)] == [b"note"] * 2
    with pytest.raises(line.error("ReadTimeout"), match="deadline") as caught:
        opened.rest()
    opened.close()
    assert halley.history(caught.value).stop_reason is StopReason.COMMITTED
    assert caller.idle


def test_an_error_that_trickles_in_is_ended_too(line: Line, monkeypatch: pytest.MonkeyPatch):
    """A body that is read before the decision is under the same deadline, and is closed."""
    late = [0.0]
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda self: now(self) + late[0])

    arrived = []

    def trickle():
        while True:
            late[0] += 20
            arrived.append(1)
            yield b" "

    caller = line.client(Answer(500, trickle()), policy=halley.Policy(deadline_s=50))
    with pytest.raises(line.error("ReadTimeout"), match="deadline") as caught:
        caller.post()
    assert halley.history(caught.value).stop_reason is StopReason.DEADLINE
    assert len(arrived) == 3
    del caught
    assert caller.idle


def test_a_stream_is_never_sent_again(line: Line):
    """Once a byte was delivered the call is committed, however early it breaks."""
    caller = line.client(stream(EVENTS[0], error="ReadError"), stream())
    opened = caller.open()
    with pytest.raises(halley.StreamInterrupted):
        opened.rest()
    opened.close()
    assert len(caller.sent) == 1


def test_a_stream_that_fails_before_its_head_is(line: Line):
    """Nothing was delivered: the answer may come from the second attempt."""
    caller = line.client(failing(503), Answer(error="ReadError", chunks=()), stream())
    opened = caller.open()
    assert opened.rest() == list(EVENTS)
    opened.close()
    assert len(caller.sent) == 3


def test_a_response_made_in_memory_ends_its_call_at_once(line: Line):
    """Mocks hand over bodies that were read before: no client reads them again."""
    mock = line.module.MockTransport(
        lambda _: line.module.Response(200, headers=SSE, content=b"".join(EVENTS))
    )
    caller = line.client(policy=ONE, transport=mock)
    for _ in range(2):
        assert caller.post().content == b"".join(EVENTS)
        assert in_flight(caller) == 0


USAGE = {
    "openai": [
        b'{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}',
        b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}',
    ],
    "responses": [
        b'{"type":"response.completed","response":{"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}'
    ],
    "anthropic": [
        b'{"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}',
        *[b'{"type":"content_block_delta","delta":{"text":"%s"}}' % (b"word" * 50)] * 100,
        b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}',
        b'{"type":"message_stop"}',
    ],
    "gemini": [
        (
            b'{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}],'
            b'"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4,"totalTokenCount":7}}'
        )
    ],
}


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("dialect", USAGE)
def test_the_record_of_a_stream_has_its_tokens(line: Line, caplog, dialect: str, *, packed: bool):
    """In every dialect, compressed or not, however far apart input and output are counted."""
    body = b"".join(b"data: %s\n\n" % event for event in USAGE[dialect])
    raw = gzip.compress(body) if packed else body
    heads = {**SSE, "content-encoding": "gzip"} if packed else SSE
    chunks = (
        [raw[at : at + 100] for at in range(0, len(raw), 100)] if packed else [raw[:200], raw[200:]]
    )
    with caplog.at_level("DEBUG", "halley"):
        opened = line.client(Answer(200, chunks, heads)).open()
        assert b"".join(opened.rest()) == raw
        opened.close()
    assert [r.halley["total_tokens"] for r in caplog.records if r.name == "halley"] == [7]


def test_the_record_of_a_large_answer_has_its_tokens(line: Line, caplog):
    """Usage stands behind a megabyte of embeddings."""
    answer = {"data": [{"embedding": [0.5] * 300_000}], "usage": {"total_tokens": 8}}
    with caplog.at_level("DEBUG", "halley"):
        line.client(Answer(chunks=(json.dumps(answer).encode(),))).post(
            "https://a.test/v1/embeddings"
        )
    assert [r.halley["total_tokens"] for r in caplog.records if r.name == "halley"] == [8]


def test_a_switch_of_protocol_passes_untouched(line: Line):
    """A websocket's 101 has no body to wait for; what its extensions hold is the caller's."""
    caller = line.client(Answer(101, (), {"upgrade": "websocket"}))
    opened = caller.open()
    assert opened.response.status_code == 101
    assert caller.upstream.open == 1
    opened.close()
