"""A reply as the script of its own delivery."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.simulator.model import STALL_S_MAX, Chunk, Ending, SimReply, plain_reply

REPLY = SimReply(200, (("a", "1"), ("b", "2")), (Chunk(b"x", 1.0), Chunk(b"y", 2.0)), 0.5)


def test_duration_is_every_wait():
    """Latency, pauses, and what a stall adds."""
    assert REPLY.duration_s == pytest.approx(3.5)
    stalled = SimReply(0, latency_s=0.5, ending=Ending.STALL)
    assert stalled.duration_s == pytest.approx(0.5 + STALL_S_MAX)


@given(speed=st.floats(0.1, 1000))
def test_speed_divides_the_whole_duration(speed):
    """Stalls too, and no byte is lost."""
    stalled = SimReply(0, latency_s=0.5, ending=Ending.STALL)
    for reply in (REPLY, stalled):
        assert reply.faster(speed).duration_s == pytest.approx(reply.duration_s / speed)
        assert reply.faster(speed).body == reply.body


def test_a_header_takes_the_place_of_its_name():
    """Others stay, the new one comes last."""
    assert REPLY.with_headers(("a", "9")).headers == (("b", "2"), ("a", "9"))
    assert REPLY.header("b") == "2"
    assert REPLY.header("c") is None


def test_a_plain_reply_knows_its_length():
    """In bytes; no body is no chunk."""
    assert plain_reply(200, "ổ".encode(), "text/plain").header("content-length") == "3"
    assert plain_reply(429, b"", "").chunks == ()
