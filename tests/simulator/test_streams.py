"""Each way in which a stream goes wrong, on a stream of five events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.simulator import streams
from halley.simulator.model import Ending
from halley.simulator.streams import Event, Part, Stream

HEAD = Event(b"data: head\n\n", Part.HEAD)
ONE, TWO = Event("data: một\n\n".encode()), Event(b"data: two\n\n")
FINISH = Event(b"data: finish\n\n", Part.FINISH)
DONE = Event(b"data: [DONE]\n\n", Part.DONE)
FAILED = Event(b"data: failed\n\n", Part.FINISH)
WHOLE = Stream((HEAD, ONE, TWO, FINISH, DONE), error=b"data: error\n\n", failure=FAILED.data)


@pytest.mark.parametrize(
    ("fault", "events", "ending"),
    [
        (streams.cut_at(1), (HEAD,), Ending.CUT),
        (streams.cut_at(0), (), Ending.CUT),
        (streams.cut_at(), (HEAD, ONE), Ending.CUT),
        (streams.cut_at(3, clean=True), (HEAD, ONE, TWO), Ending.CUT_CLEAN),
        (streams.cut_at_byte(0), (), Ending.CUT),
        (streams.cut_at_byte(12), (HEAD,), Ending.CUT),
        (streams.cut_at_byte(15), (HEAD, Event(b"dat")), Ending.CUT),
        (streams.cut_at_byte(15, clean=True), (HEAD, Event(b"dat")), Ending.CUT_CLEAN),
        (streams.cut_at_byte(), (HEAD, ONE, Event(b"data:")), Ending.CUT),
        (streams.stall_at(2), (HEAD, ONE), Ending.STALL),
        (streams.left_open, WHOLE.events, Ending.STALL),
        (streams.failed_finish, (HEAD, ONE, TWO, FAILED, DONE), Ending.COMPLETE),
        (streams.instead(b"<html>"), (Event(b"<html>"),), Ending.COMPLETE),
        (streams.without(Part.DONE), (HEAD, ONE, TWO, FINISH), Ending.COMPLETE),
        (streams.without(Part.FINISH), (HEAD, ONE, TWO, DONE), Ending.COMPLETE),
        (streams.duplicate(1), (HEAD, ONE, ONE, TWO, FINISH, DONE), Ending.COMPLETE),
    ],
)
def test_what_is_left_of_the_stream(fault, events, ending):
    """The events that are sent, and how the stream ends."""
    spoiled = fault(WHOLE)
    assert (spoiled.events, spoiled.ending) == (events, ending)


@pytest.mark.parametrize(("place", "kept"), [("first", 0), ("middle", 2), ("last", 3)])
def test_an_error_frame_takes_the_place_of_the_rest(place, kept):
    """The frame of the dialect comes first, in the middle or where the finish would be."""
    events = streams.error_frame(place)(WHOLE).events
    assert events[:-1] == WHOLE.events[:kept]
    assert events[-1].data == WHOLE.error


def test_keepalive_without_content():
    """Comments go on coming, then silence."""
    stalled = streams.stall_at(1, keepalive=True)(WHOLE)
    assert stalled.ending is Ending.STALL
    assert {event.data for event in stalled.events[1:]} == {b": PING\n\n"}
    assert all(event.after_s > 0 for event in stalled.events[1:])


def test_ping_then_json():
    """A keep-alive comment commits the 200, then comes JSON without `data:`."""
    chunks = streams.ping_then_json(b'{"error":{}}')(WHOLE).chunks
    assert b"".join(chunk.data for chunk in chunks) == b': PING\n\n{"error":{}}'


def test_split_utf8_breaks_a_character_and_loses_nothing():
    """No piece is valid UTF-8 by itself where one was broken; together they are the stream."""
    pieces = streams.split_utf8(WHOLE).events
    assert b"".join(event.data for event in pieces) == b"".join(e.data for e in WHOLE.events)
    broken = [event.data for event in pieces if not _is_utf8(event.data)]
    assert len(broken) == 2


def test_corrupt_ends_the_event_but_not_its_json():
    """The event is cut short and still ends with a blank line."""
    spoiled = streams.corrupt(2)(WHOLE).events[2]
    assert TWO.data.startswith(spoiled.data[:-2])
    assert spoiled.data.endswith(b"\n\n")
    assert len(spoiled.data) < len(TWO.data)


def test_slow_first_delays_only_the_first_event():
    """The head of the reply comes at once, the first event later."""
    assert [event.after_s for event in streams.slow_first(3.0)(WHOLE).events] == [3.0, 0, 0, 0, 0]


def test_slow_token_delays_only_the_first_text():
    """What precedes it comes at once."""
    assert [event.after_s for event in streams.slow_token(3.0)(WHOLE).events] == [0, 3.0, 0, 0, 0]


@pytest.mark.parametrize(("wait_s", "pings"), [(0.4, 3), (45.0, 4)])
def test_slow_token_under_keepalives(wait_s: float, pings: int):
    """Keep-alives of the format fill the wait, three at least, and add nothing to it."""
    stream = Stream(WHOLE.events, keepalive=b": alive\n\n")
    head, *between, one, _, _, _ = streams.slow_token(wait_s, keepalive=True)(stream).events
    assert (head, one.data) == (HEAD, ONE.data)
    assert [event.data for event in between] == [b": alive\n\n"] * pings
    assert sum(event.after_s for event in (*between, one)) == pytest.approx(wait_s)


def test_without_a_text_or_a_failure_nothing_is_spoiled():
    """A dialect may have no finish that says error, and an answer no text."""
    bare = Stream((HEAD, DONE))
    assert streams.failed_finish(bare) == bare
    assert streams.slow_token(3.0)(bare) == bare


def test_faults_compose_from_left_to_right():
    """Two faults on one stream both show."""
    spoiled = streams.play(WHOLE, streams.slow_first(2.0), streams.cut_at(2))
    assert (len(spoiled.events), spoiled.events[0].after_s) == (2, 2.0)
    assert spoiled.ending is Ending.CUT


@given(at=st.integers(5, 50))
def test_a_fault_beyond_the_end_changes_nothing(at):
    """Nothing to spoil leaves the stream as it is, so that no ledger claims a fault."""
    beyond = sum(len(event.data) for event in WHOLE.events) + at - 5
    for fault in (streams.cut_at(at), streams.stall_at(at), streams.corrupt(at)):
        assert fault(WHOLE) == WHOLE
    assert streams.cut_at_byte(beyond)(WHOLE) == WHOLE


def _is_utf8(data):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
