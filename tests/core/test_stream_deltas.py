"""Deltas that are recognised by their bytes: as many as there are, and none that says more."""

from __future__ import annotations

import json
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core import streams
from halley.core.endpoints import Format
from halley.core.streams import Observer

from .events import chat, chat_tool, event, facts, gemini, typed

TEXTS = st.text(st.sampled_from('aé☄"\\\n\r/ {}[]:,') | st.characters(codec="utf-8"), max_size=12)
NAMES = ("content", "reasoning_content", "refusal")
VALUES = TEXTS | st.sampled_from(["error", "index", "finish_reason", '"error":', "stop"])
CHOICES = st.fixed_dictionaries(
    {"delta": st.dictionaries(st.sampled_from(NAMES), VALUES | st.none(), max_size=2)},
    optional={
        "index": st.integers(0, 2),
        "finish_reason": st.sampled_from([None, None, None, "stop", "length", "error"]),
        "logprobs": st.none(),
    },
)
CHUNKS = st.fixed_dictionaries(
    {"id": st.just("c1"), "choices": st.lists(CHOICES, min_size=1, max_size=2)},
    optional={
        "usage": st.none() | st.just({"total_tokens": 7}),
        "error": st.none() | st.just({"message": "busy"}),
        "obfuscation": st.text("ab1", max_size=8) | VALUES,
    },
)
SPACINGS = st.sampled_from([(",", ":"), (", ", ": "), (" , ", " : ")])


def read_thoroughly(expected: Format, chunks: list[bytes]) -> Observer:
    """An observer that parses each event."""
    observer = Observer(expected)
    for chunk in chunks:
        observer._deltas = None
        observer.feed(chunk)
    observer.end()
    return observer


def told(chunks: list[bytes], expected: Format = Format.OPENAI_CHAT) -> tuple[Any, ...]:
    """What an observer makes of these chunks."""
    observer = Observer(expected)
    for chunk in chunks:
        observer.feed(chunk)
    observer.end()
    return facts(observer)


def chunk_of(value: Any, spacing: tuple[str, str]) -> bytes:
    """One event, in any spacing that JSON allows."""
    return f"data: {json.dumps(value, separators=spacing, ensure_ascii=False)}\n\n".encode()


STREAMS = st.tuples(CHUNKS, st.lists(VALUES | CHUNKS, max_size=10))


def alike(like: dict[str, Any], changes: list[str | dict[str, Any]]) -> list[dict[str, Any]]:
    """Chunks that are like one another but for their text; some are quite different."""
    chunks = [like]
    for change in changes:
        chunk = deepcopy(like) if isinstance(change, str) else change
        if isinstance(change, str):
            chunk["choices"][0]["delta"]["content"] = change
        chunks.append(chunk)
    return chunks


@settings(max_examples=400, deadline=None)
@given(stream=STREAMS, spacing=SPACINGS, cuts=st.lists(st.integers(0, 2000)))
def test_whatever_the_deltas_are_like_parsing_each_says_the_same(stream, spacing, cuts):
    """Finishes, errors, choices, padding and texts in any order, in chunks of any size."""
    events = [chat("a"), *(chunk_of(value, spacing) for value in alike(*stream))]
    expected = facts(read_thoroughly(Format.OPENAI_CHAT, events))
    assert told(events) == expected
    whole = b"".join(events)
    bounds = sorted({0, len(whole), *(cut % (len(whole) + 1) for cut in cuts)})
    assert told([whole[a:b] for a, b in pairwise(bounds)]) == expected


def padded(text: str, pad: str) -> bytes:
    """A delta as OpenAI sends it: of a length that tells nothing."""
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
    return event({"id": "c1", "choices": [choice], "usage": None, "obfuscation": pad})


def counted(text: str, count: int) -> bytes:
    """A delta of Gemini, with the usage so far."""
    return gemini(text, usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": count})


WORDS = [f"word{n}" for n in range(50)]
ALIKE = {
    "chat": (Format.OPENAI_CHAT, [chat(word) for word in WORDS]),
    "padded": (Format.OPENAI_CHAT, [padded(word, "x" * (n % 7)) for n, word in enumerate(WORDS)]),
    "escapes": (Format.OPENAI_CHAT, [chat(f'"{word}"\n') for word in WORDS]),
    "tool": (Format.OPENAI_CHAT, [chat_tool(word) for word in WORDS]),
    "responses": (
        Format.RESPONSES,
        [
            typed("response.output_text.delta", sequence_number=n, delta=word)
            for n, word in enumerate(WORDS)
        ],
    ),
    "messages": (
        Format.MESSAGES,
        [
            typed("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
            for word in WORDS
        ],
    ),
    "gemini": (Format.GEMINI, [counted(word, n) for n, word in enumerate(WORDS)]),
}


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("kind", ALIKE)
def test_only_the_first_of_many_deltas_is_parsed(
    kind: str, line_end: bytes, monkeypatch: pytest.MonkeyPatch
):
    """Padding, running numbers and escapes included; all of them count, and give their text."""
    expected, events = ALIKE[kind]
    parsed: list[bytes] = []
    parse = streams._parsed
    monkeypatch.setattr(streams, "_parsed", lambda text: parsed.append(text) or parse(text))
    observer = Observer(expected)
    for one in events:
        observer.feed(one.replace(b"\n", line_end))
    assert (len(parsed), observer.content) == (1, len(events))
    assert facts(observer) == facts(read_thoroughly(expected, events))


@pytest.mark.parametrize(
    "broken",
    [
        b'data: {"choices":[{"delta":{"content":"abc}',
        b'data: {"choices":[{"delta":{"content":"abc',
        b'data: {"choices":[{"delta":{"content":"',
    ],
)
def test_a_delta_that_never_ends_is_damage(broken: bytes):
    """It begins as those before it, and nothing of it is taken on trust."""
    whole = b'data: {"choices":[{"delta":{"content":"abc"}}]}\n\n'
    observer = Observer(Format.OPENAI_CHAT)
    for one in (whole, whole, broken + b"\n\n"):
        observer.feed(one)
    assert (observer.content, observer.damaged) == (2, True)


def test_a_choice_that_was_only_looked_at_must_not_end():
    """The text is another choice's, which is named behind it."""
    other = {"delta": {"content": "b"}, "finish_reason": None, "index": 1}
    ends = {"delta": {}, "finish_reason": "stop", "index": 1}
    observer = Observer(Format.OPENAI_CHAT)
    for choice in (other, other, ends):
        observer.feed(event({"choices": [choice]}))
    assert observer.finished
