"""The matrix: recorded streams, cut and split everywhere, as `halley.core.streams` sees them.

A stream that is cut is either not committed, so that it may be sent again, or is no whole answer;
one that is whole is never called cut. And where chunks end says nothing.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from contextlib import suppress
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core.endpoints import Format
from halley.core.streams import Observer

from .judge import judged, payloads
from .recorded import BY_NAME, RECORDED, Recorded, Wire

FORMATS = {
    Wire.CHAT: Format.OPENAI_CHAT,
    Wire.RESPONSES: Format.RESPONSES,
    Wire.MESSAGES: Format.MESSAGES,
    Wire.GEMINI: Format.GEMINI,
}
EACH = pytest.mark.parametrize("recorded", RECORDED, ids=str)
ONE_OF_EACH = pytest.mark.parametrize(
    "recorded",
    [
        BY_NAME[name]
        for name in (
            "chat_plain",
            "chat_crlf_bom_comments",
            "responses_reasoning_tool",
            "messages_thinking_tool",
            "gemini_plain_crlf",
        )
    ],
    ids=str,
)


def observed(wire: Wire, chunks: Iterable[bytes]) -> Observer:
    """An observer that has seen these chunks and the end."""
    observer = Observer(FORMATS[wire])
    for chunk in chunks:
        observer.feed(chunk)
    observer.end()
    return observer


def facts(observer: Observer) -> dict[str, Any]:
    """All that an observer tells."""
    names = ("committed", "content", "done", "finished", "error", "text", "tool_calls", "usage")
    return {name: getattr(observer, name) for name in names}


def at_every(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The bytes in chunks that end at these places."""
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


@EACH
def test_a_whole_stream_tells_what_it_holds(recorded: Recorded):
    """Text, tool calls and usage as its label has them; nothing of it is made up."""
    seen = observed(recorded.wire, [recorded.data])
    assert seen.text == recorded.text
    assert [call.name for call in seen.tool_calls] == [name for name, _ in recorded.tools]
    assert [call.complete for call in seen.tool_calls] == [
        arguments is not None for _, arguments in recorded.tools
    ]
    assert (seen.usage or {}).items() <= judged(recorded.wire, recorded.data).usage.items()
    assert (seen.usage is None) == (not recorded.usage)


@EACH
def test_a_cut_at_any_byte_is_what_the_label_says(recorded: Recorded):
    """Committed, whole and failed, each from its event on and not a byte before."""
    observer = Observer(FORMATS[recorded.wire])
    for byte in range(len(recorded.data) + 1):
        observer.feed(recorded.data[byte - 1 : byte])
        seen = deepcopy(observer)
        seen.end()
        assert seen.finished == recorded.whole_in(byte), byte
        assert (seen.error is not None) == recorded.failed_in(byte), byte
        assert seen.committed == recorded.begun_in(byte), byte


@EACH
def test_a_cut_at_any_event_may_be_sent_again_or_is_reported(recorded: Recorded):
    """The commit rule needs no other facts than these."""
    for end in (0, *recorded.ends):
        seen = observed(recorded.wire, recorded.blocks_in(end))
        retried, reported = not seen.committed and not seen.finished, not seen.finished
        assert recorded.whole_in(end) or retried or reported
        assert recorded.whole_in(end) == (not reported)


@EACH
def test_byte_by_byte_is_as_all_at_once(recorded: Recorded):
    """The smallest chunks there are."""
    pieces = [recorded.data[at : at + 1] for at in range(len(recorded.data))]
    assert facts(observed(recorded.wire, pieces)) == facts(observed(recorded.wire, [recorded.data]))


@ONE_OF_EACH
def test_every_split_in_two_is_as_all_at_once(recorded: Recorded):
    """A stream of 4 KB of each format, split at each byte."""
    data = recorded.data
    expected = facts(observed(recorded.wire, [data]))
    for at in range(1, len(data)):
        assert facts(observed(recorded.wire, at_every(data, [at]))) == expected, at


def test_a_first_choice_that_comes_second_must_end_too():
    """Without the deltas that name the roles, and with the other choice in front."""
    blocks = BY_NAME["chat_two_choices"].blocks
    first, second, ends_second = blocks[2], blocks[3], blocks[7]
    assert not observed(Wire.CHAT, [second, first, ends_second]).finished
    assert observed(Wire.CHAT, [second, first, ends_second, blocks[9]]).finished


SEEDS = st.integers(0, 2**32).map(random.Random)


@settings(max_examples=400, deadline=None)
@given(recorded=st.sampled_from(RECORDED), source=SEEDS)
def test_any_chunks_are_as_all_at_once(recorded: Recorded, source: random.Random):
    """Also of a stream that was cut."""
    data = recorded.data[: source.randint(0, len(recorded.data))]
    cuts = [source.randint(0, len(data)) for _ in range(source.randint(0, 40))]
    assert facts(observed(recorded.wire, at_every(data, cuts))) == facts(
        observed(recorded.wire, [data])
    )


@settings(max_examples=300, deadline=None)
@given(recorded=st.sampled_from(RECORDED), source=SEEDS)
def test_what_the_standard_allows_changes_nothing(recorded: Recorded, source: random.Random):
    """Other line ends, comments, further fields, no space after the colon: the same events."""
    data = rewritten(recorded.data, source)
    assert payloads(data) == payloads(recorded.data)
    cuts = [source.randint(0, len(data)) for _ in range(source.randint(0, 12))]
    seen = observed(recorded.wire, at_every(data, cuts))
    meant = observed(recorded.wire, [recorded.data])
    for name in ("committed", "finished", "text", "tool_calls", "usage"):
        assert getattr(seen, name) == getattr(meant, name)
    assert (seen.error is None) == (meant.error is None)


@settings(max_examples=400, deadline=None)
@given(recorded=st.sampled_from(RECORDED), source=SEEDS)
def test_lost_events_are_as_the_second_opinion_has_them(recorded: Recorded, source: random.Random):
    """Of any part of the events in their order: as much text, as whole, as failed."""
    kept = [block for block in recorded.blocks if source.random() < 0.8]
    seen = observed(recorded.wire, kept)
    opinion = judged(recorded.wire, b"".join(kept))
    assert seen.text == opinion.text
    assert seen.committed == opinion.committed
    assert (seen.error is not None) == opinion.failed
    assert seen.finished <= opinion.finished  # pieces of tool calls are also held against it


@settings(max_examples=600, deadline=None)
@given(recorded=st.sampled_from(RECORDED), source=SEEDS)
def test_damage_is_never_taken_for_an_answer(recorded: Recorded, source: random.Random):
    """Bytes lost or doubled: whole for the observer is whole for the second opinion."""
    at, length = source.randrange(len(recorded.data)), source.randint(1, 200)
    data = recorded.data[:at] + recorded.data[at + source.choice([length, -length]) :]
    seen = observed(recorded.wire, [data])
    with suppress(AttributeError, TypeError):  # misshapen, so that there is no second opinion
        opinion = judged(recorded.wire, data)
        assert opinion.finished or not seen.finished or seen.error is not None


@settings(max_examples=1500, deadline=None)
@given(recorded=st.sampled_from(RECORDED), source=SEEDS)
def test_no_value_of_an_unexpected_type_disturbs_it(recorded: Recorded, source: random.Random):
    """A gateway may write anything anywhere: an observer must never be what ends a stream."""
    blocks = list(recorded.blocks)
    at = source.randrange(len(blocks))
    blocks[at] = misshapen(blocks[at], source)
    seen = observed(recorded.wire, blocks)
    assert isinstance(seen.text, str)
    assert all(isinstance(call.arguments, str) for call in seen.tool_calls)


JUNK: list[Any] = [None, {}, [], {"a": [1]}, ["b"], 7, -1, 0.5, True, "", "x"]


def misshapen(block: bytes, source: random.Random) -> bytes:
    """The event with one value, somewhere in its JSON, in the place of another."""
    head, found, tail = block.partition(b"data: ")
    try:
        value = json.loads(tail)
    except ValueError:
        return block
    place, junk = value, source.choice(JUNK)
    while isinstance(place, dict | list) and place:
        key = source.choice(list(place if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or not place[key] or source.random() < 0.3:
            place[key] = junk
            break
        place = place[key]
    return head + found + json.dumps(value).encode() + b"\n\n"


def rewritten(data: bytes, source: random.Random) -> bytes:
    """The same events in other words."""
    bom = data.startswith(b"\xef\xbb\xbf")
    out = bytearray(data[:3] if bom else source.choice([b"", b"\xef\xbb\xbf"]))
    for line in re.split(rb"\r\n|\n|\r", data[3 * bom :])[:-1]:
        if source.random() < 0.1:
            out += b": comment\n"
        if line and source.random() < 0.1:
            out += source.choice([b"id: 7", b"retry: 100", b"other: x", b"data-x: y"]) + b"\n"
        if line.startswith(b"data: ") and source.random() < 0.3:
            out += b"data:" + line[6:]
        else:
            out += line
        alone = not line and out.endswith(b"\r")  # a line feed would belong to the return
        out += source.choice([b"\r\n", b"\r"] if alone else [b"\n", b"\r\n", b"\r"])
    return bytes(out)
