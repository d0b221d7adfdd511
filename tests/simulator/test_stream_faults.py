"""Each way in which a stream goes wrong, in each format, as it arrives on a real socket."""

from __future__ import annotations

import re
import time
from functools import cache

import pytest
from tests.streams.judge import judged
from tests.streams.recorded import Wire

from halley.simulator import faults

from .asks import FORCED, SEVERAL, THINKING, received

FRAMES = {
    Wire.CHAT: b'data: {"error":{',
    Wire.RESPONSES: b'event: error\ndata: {"type":"error"',
    Wire.MESSAGES: b'event: error\ndata: {"type":"error"',
    Wire.GEMINI: b'data: {"error":{',
}
KEEPALIVES = {Wire.MESSAGES: b'event: ping\ndata: {"type":"ping"}\n\n'}
"""In the other formats a keep-alive is a comment."""

WHOLE, FAILED, CUT = "whole", "failed", "cut"

ENDINGS = [
    ("cut_stream", "RemoteProtocolError", CUT),
    ("cut_clean", "", CUT),
    ("cut_byte", "RemoteProtocolError", CUT),
    ("cut_byte_clean", "", CUT),
    ("stall", "ReadTimeout", CUT),
    ("error_first", "", FAILED),
    ("error_middle", "", FAILED),
    ("error_last", "", FAILED),
    ("ping_then_json", "", CUT),
    ("json_for_stream", "", CUT),
    ("html_for_stream", "", CUT),
    ("no_finish", "", CUT),
    ("split_utf8", "", WHOLE),
    ("duplicate", "", WHOLE),
    ("left_open", "ReadTimeout", WHOLE),
    ("slow_first", "", WHOLE),
    ("slow_token", "", WHOLE),
    ("slow_token_keepalive", "", WHOLE),
]
"""Each fault, how the transport sees the end of the stream, and what has come of the answer."""


def verdict(wire: Wire, data: bytes) -> str:
    """What a careful client makes of the bytes."""
    opinion = judged(wire, data)
    return FAILED if opinion.failed else WHOLE if opinion.finished else CUT


@cache
def whole(wire: Wire) -> bytes:
    """The stream as it should be."""
    return good(wire)


def good(wire: Wire, **more: object) -> bytes:
    """The same of a request that asks for more."""
    chunks, ended = received(wire, None, more=more)
    assert ended == ""
    return b"".join(chunks)


def alike(data: bytes) -> bytes:
    """Without the second in which it was made."""
    return re.sub(rb'("created(?:_at)?":)\d*', rb"\1", data)


@pytest.fixture(params=Wire, ids=str)
def wire(request: pytest.FixtureRequest) -> Wire:
    return request.param


@pytest.mark.parametrize(("what", "ended", "left"), ENDINGS)
def test_what_arrives_of_a_spoiled_stream(wire: Wire, what: str, ended: str, left: str):
    """How the transport sees its end, and what a careful client makes of what came."""
    chunks, how = received(wire, what)
    assert (how, verdict(wire, b"".join(chunks))) == (ended, left)


@pytest.mark.parametrize("what", ["cut_stream", "cut_clean", "cut_byte", "cut_byte_clean", "stall"])
def test_what_is_cut_is_the_beginning_of_the_good_stream(wire: Wire, what: str):
    """Not a byte is changed; and only a cut at a byte breaks an event."""
    cut = b"".join(received(wire, what)[0])
    assert 0 < len(cut) < len(whole(wire))
    assert alike(cut) == alike(whole(wire)[: len(cut)])
    assert cut.endswith(b"\n\n") is not what.startswith("cut_byte")


@pytest.mark.parametrize("byte", [0, 1, 7, 100])
def test_a_cut_at_any_byte(wire: Wire, byte: int):
    """So many bytes arrive, and not one more."""
    data = b"".join(received(wire, faults.cut_byte(byte))[0])
    assert alike(data) == alike(whole(wire)[:byte])


def test_no_done_is_missed_by_nobody_careful():
    """Only the chat format has it."""
    data = b"".join(received(Wire.CHAT, "no_done")[0])
    assert b"[DONE]" not in data
    assert verdict(Wire.CHAT, data) == WHOLE


def test_done_without_a_finish():
    """`[DONE]` after a half answer, as new-api writes it when it has lost its upstream."""
    data = b"".join(received(Wire.CHAT, "no_finish")[0])
    assert data.endswith(b"data: [DONE]\n\n")
    assert verdict(Wire.CHAT, data) == CUT


@pytest.mark.parametrize("wire", SEVERAL, ids=str)
def test_one_choice_without_its_finish(wire: Wire):
    """Of two choices one is whole: the answer is not."""
    events = good(wire, **SEVERAL[wire]).split(b"\n\n")
    finishing = [
        at for at, event in enumerate(events) if re.search(rb'(?i)finish_?reason":"', event)
    ]
    assert verdict(wire, b"\n\n".join(events)) == WHOLE
    del events[finishing[0]]
    assert verdict(wire, b"\n\n".join(events)) == CUT


@pytest.mark.parametrize("what", ["error_first", "error_middle", "error_last"])
def test_the_frame_of_the_error_is_that_of_the_format(wire: Wire, what: str):
    """It comes last, after none, some or all of the content."""
    *before, last = b"".join(received(wire, what)[0]).removesuffix(b"\n\n").split(b"\n\n")
    assert last.startswith(FRAMES[wire])
    content = judged(wire, b"".join(event + b"\n\n" for event in before))
    words = {"error_first": range(1), "error_middle": range(1, 8), "error_last": range(8, 20)}
    assert len(content.text.split()) in words[what]
    assert not content.finished


@pytest.mark.parametrize("wire", [Wire.CHAT, Wire.RESPONSES], ids=str)
def test_a_finish_that_says_error(wire: Wire):
    """Where the format has one: all of the text, then the word that it failed."""
    data = b"".join(received(wire, "finish_error")[0])
    assert judged(wire, data).text.startswith("Comet Halley")
    assert verdict(wire, data) == FAILED
    assert re.search(rb'"finish_reason":"error"|"type":"response.failed"', data)


def test_keepalives_of_the_format_go_on_without_an_end(wire: Wire):
    """Comments, or Anthropic's pings: the transport's timeout does not fire, and no text comes."""
    keepalive = KEEPALIVES.get(wire, b": PING\n\n")
    stalled, _ = received(wire, faults.stall(0, keepalive=True), speed=200.0)
    assert b"".join(stalled) == keepalive * 12


def test_keepalives_while_the_first_token_is_late(wire: Wire):
    """They come before any text, and the text comes late."""
    started = time.monotonic()
    data = b"".join(received(wire, faults.slow_token(5.0, keepalive=True))[0])
    assert time.monotonic() - started >= 0.1
    before = data.partition(b"Comet")[0]
    assert before.count(KEEPALIVES.get(wire, b": PING\n\n")) >= 3
    assert not judged(wire, before).committed


def test_a_split_character_arrives_in_two_chunks(wire: Wire):
    """Neither half is text, both together are."""
    chunks, _ = received(wire, "split_utf8")
    assert any(not _decodes(chunk) for chunk in chunks)
    assert alike(b"".join(chunks)) == alike(whole(wire))


def test_a_corrupt_chunk_is_no_json(wire: Wire):
    """Its event ends as events do; the others are whole."""
    data = b"".join(received(wire, "corrupt")[0])
    assert data.count(b"\n\n") == whole(wire).count(b"\n\n")
    assert judged(wire, data).text != judged(wire, whole(wire)).text


def test_a_duplicate_event_arrives_twice(wire: Wire):
    """One event more, and it is one that was there."""
    spoiled = alike(b"".join(received(wire, "duplicate")[0])).split(b"\n\n")
    events = alike(whole(wire)).split(b"\n\n")
    assert len(spoiled) == len(events) + 1
    assert [event for event in spoiled if spoiled.count(event) > events.count(event)]


@pytest.mark.parametrize("asked", [FORCED, THINKING, SEVERAL], ids=["tool", "thoughts", "several"])
@pytest.mark.parametrize("what", ["cut_stream", "cut_byte_clean", "error_middle", "no_finish"])
def test_richer_streams_go_wrong_too(wire: Wire, what: str, asked: dict[Wire, dict[str, object]]):
    """Tool calls, thoughts and several choices are cut, and fail, as text does."""
    if wire not in asked:
        return
    assert verdict(wire, good(wire, **asked[wire])) == WHOLE
    data = b"".join(received(wire, what, more=asked[wire])[0])
    assert verdict(wire, data) == (FAILED if what == "error_middle" else CUT)


def test_every_fault_of_streams_is_tried_here():
    """By the table above, or by a test of its own."""
    named = {name for name, fault in faults.FAULTS.items() if isinstance(fault, faults.SpoilStream)}
    by_itself = {"stall_keepalive", "no_done", "corrupt", "finish_error"}
    assert named == {what for what, _, _ in ENDINGS} | by_itself


def _decodes(chunk: bytes) -> bool:
    try:
        chunk.decode()
    except UnicodeDecodeError:
        return False
    return True
