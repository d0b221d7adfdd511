"""What an observer knows of a stream: begun, whole, failed; wherever its chunks are cut."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core import streams
from halley.core.endpoints import Format
from halley.core.streams import Observer, ToolCall

from .events import (
    ALL,
    CHAT,
    DONE,
    GEMINI,
    MESSAGES,
    PING,
    RESPONSES,
    TOOLS,
    Recorded,
    chat,
    chat_tool,
    event,
    facts,
    gemini,
    observed,
    typed,
)

EACH = pytest.mark.parametrize("recorded", ALL.values(), ids=ALL)


@EACH
def test_a_whole_stream_is_whole(recorded: Recorded):
    """Finished, without an error, with its text and its usage."""
    seen = observed(recorded, recorded.events)
    assert (seen.finished, seen.error, seen.judged) == (True, None, True)
    assert (seen.text, seen.usage) == (recorded.text, recorded.usage)


@EACH
def test_it_is_whole_with_one_event_and_not_before(recorded: Recorded):
    """Cut at each event: finished from the event that ends the answer on."""
    for cut in range(len(recorded.events) + 1):
        seen = observed(recorded, recorded.events[:cut])
        assert seen.finished == (cut > recorded.end), cut


@EACH
def test_it_is_committed_with_the_first_content(recorded: Recorded):
    """Keepalives, roles, heads of messages and empty deltas commit to nothing."""
    for cut in range(len(recorded.events) + 1):
        seen = observed(recorded, recorded.events[:cut])
        assert seen.committed == (cut > recorded.content_at), cut


@EACH
def test_a_cut_at_any_byte_is_a_cut(recorded: Recorded):
    """The event that ends the answer counts with its last byte, its blank line, and not before."""
    whole = recorded.whole
    ends = len(b"".join(recorded.events[: recorded.end + 1]))
    begins = len(b"".join(recorded.events[: recorded.content_at + 1]))
    for cut in range(len(whole) + 1):
        seen = observed(recorded, [whole[:cut]])
        assert (seen.committed, seen.finished) == (cut >= begins, cut >= ends), cut


@EACH
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_each_place_to_split_gives_the_same(recorded: Recorded, line_end: bytes):
    """Two chunks, split at each byte, or around each other line end; and one byte at a time."""
    whole = recorded.whole.replace(b"\n", line_end)
    expected = facts(observed(recorded, [whole]))
    assert expected == facts(observed(recorded, recorded.events))
    ends = {at + n for at, byte in enumerate(whole) if byte in b"\r\n" for n in (-1, 0, 1, 2)}
    for at in range(1, len(whole)) if line_end == b"\n" else sorted(ends):
        assert facts(observed(recorded, [whole[:at], whole[at:]])) == expected, at
    assert facts(observed(recorded, [whole[at : at + 1] for at in range(len(whole))])) == expected


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(sorted(ALL)),
    line_end=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    data=st.data(),
)
def test_any_chunking_gives_the_same(name, line_end, data):
    """Random chunks, of a stream cut at a random byte."""
    recorded = ALL[name]
    whole = recorded.whole.replace(b"\n", line_end)
    whole = whole[: data.draw(st.integers(0, len(whole)))]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    bounds = [0, *cuts, len(whole)]
    chunks = [whole[a:b] for a, b in pairwise(bounds)]
    assert facts(observed(recorded, chunks)) == facts(observed(recorded, [whole]))


@settings(max_examples=200, deadline=None)
@given(chunks=st.lists(st.binary(max_size=80), max_size=10), expected=st.sampled_from(Format))
def test_no_bytes_disturb_it(chunks, expected):
    """Whatever comes: it never raises, and never takes noise for a whole answer."""
    observer = Observer(expected)
    for chunk in chunks:
        observer.feed(chunk)
    observer.end()
    assert not observer.finished
    assert observer.text == ""


def test_done_proves_nothing():
    """A gateway says it after it lost its upstream."""
    seen = observed(CHAT, [chat("Hal"), DONE])
    assert (seen.done, seen.finished) == (True, False)


def test_a_finish_without_done_is_enough():
    """Its absence is harmless."""
    seen = observed(CHAT, [chat("Hal"), chat(finish="stop")])
    assert (seen.done, seen.finished) == (False, True)


def test_every_choice_that_was_asked_for_must_end():
    """Also one of which nothing was heard."""
    observer = Observer(Format.OPENAI_CHAT, choices=2)
    observer.feed(chat("one") + chat(finish="stop"))
    assert not observer.finished
    observer.feed(chat(finish="stop", index=1))
    assert observer.finished


def test_message_stop_alone_proves_nothing():
    """A gateway appends it as it does [DONE]: the stop reason belongs to it."""
    head = MESSAGES.events[:4]
    assert not observed(MESSAGES, [*head, typed("message_stop")]).finished


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete"])
def test_a_limited_response_is_whole_too(kind: str):
    """`incomplete` says that a limit was reached, which is an answer."""
    assert observed(RESPONSES, [typed(kind, response={"error": None})]).finished


@pytest.mark.parametrize(
    ("reason", "arguments", "finished"),
    [
        ("tool_calls", '{"a": 1}', True),
        ("tool_calls", "", True),
        ("tool_calls", '{"a": ', False),
        ("stop", '{"a": ', False),
        ("length", '{"a": ', True),
    ],
)
def test_tool_arguments_must_be_readable(reason: str, arguments: str, *, finished: bool):
    """Unless the finish says that they were cut by a limit; none at all are none."""
    seen = observed(TOOLS, [chat_tool(arguments, name="f"), chat(finish=reason), DONE])
    assert seen.finished is finished


@pytest.mark.parametrize("cut", [2, 3, 4, 5])
def test_tool_calls_say_whether_they_are_complete(cut: int):
    """As far as they came."""
    first = ["", '{"comet": ', '{"comet": "1P"}', '{"comet": "1P"}'][cut - 2]
    calls = observed(TOOLS, TOOLS.events[:cut]).tool_calls
    assert calls[0] == ToolCall("call_0", "orbit", first, complete=cut != 3)
    assert calls[1:] == ((ToolCall("call_1", "now", "", complete=True),) if cut == 5 else ())


@pytest.mark.parametrize(
    ("recorded", "call"),
    [
        (RESPONSES, ToolCall("call_1", "orbit", '{"a":1}', complete=True)),
        (MESSAGES, ToolCall("toolu_1", "orbit", '{"a": 1}', complete=True)),
    ],
    ids=["responses", "messages"],
)
def test_tool_calls_of_the_other_formats(recorded: Recorded, call: ToolCall):
    """Each has its own pieces."""
    assert observed(recorded, recorded.events).tool_calls == (call,)


@pytest.mark.parametrize("reason", ["tool_calls", "stop"])
def test_a_tool_call_may_begin_with_its_arguments(reason: str):
    """And look like the content before it: its arguments must be readable all the same."""
    half = [chat("a"), chat("b"), chat_tool('{"a": ', name="f"), chat(finish=reason)]
    assert not observed(TOOLS, half).finished
    assert observed(TOOLS, [*half[:3], chat_tool("1}"), half[3]]).finished


def test_a_delta_that_only_looks_like_the_ones_before_is_read():
    """Two choices in one event, of which the first ends there; an error beside a text."""
    begun = [chat("a"), chat("b"), chat("c")]
    choices = [
        {"index": 0, "delta": {"content": "d"}, "finish_reason": "stop"},
        {"index": 0, "delta": {"content": "e"}, "finish_reason": None},
    ]
    frame = {"id": "c1", "object": "chat.completion.chunk"}
    assert observed(CHAT, [*begun, event({**frame, "choices": choices, "usage": None})]).finished
    error = [{"index": 0, "delta": {"content": "d", "error": "x"}, "finish_reason": None}]
    said = {**frame, "choices": error, "error": {"code": 502}, "usage": None}
    assert observed(CHAT, [*begun, event(said)]).error is not None


def test_a_function_call_of_gemini_comes_whole():
    """Its arguments are an object, not a text in pieces."""
    part = {"functionCall": {"name": "orbit", "args": {"a": 1}}}
    body = event({"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]})
    seen = observed(GEMINI, [body])
    assert (seen.committed, seen.finished) == (True, True)
    assert seen.tool_calls[0].name == "orbit"


ERRORS = {
    "openai": event({"error": {"message": "busy", "type": "server_error", "code": None}}),
    "openrouter": event(
        {
            "id": "g",
            "error": {"code": 502, "message": "x"},
            "choices": [{"index": 0, "delta": {}, "finish_reason": "error"}],
        }
    ),
    "reason": chat(finish="error"),
    "vllm": event({"object": "error", "message": "busy", "code": 400}),
    "responses": typed("error", code="rate_limit_exceeded", message="slow down"),
    "failed": typed("response.failed", response={"error": {"code": "server_error"}}),
    "anthropic": typed("error", error={"type": "overloaded_error", "message": "Overloaded"}),
    "named": b'event: error\ndata: {"message": "x"}\n\n',
    "gemini": event({"error": {"code": 503, "status": "UNAVAILABLE"}}),
    "gemini list": event([{"error": {"code": 503, "status": "UNAVAILABLE"}}]),
    "bare": b'{"error":{"message":"busy","type":"new_api_error"}}',
    "bare, pretty": b'{\n  "error": {\n    "message": "busy"\n  }\n}\n',
    "broken": b'data: {"id":"c1","choices":[{"index":0,"del\n\n',
}


@pytest.mark.parametrize("before", [(), (PING,), (chat("Hal"),)], ids=["first", "ping", "later"])
@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_an_error_inside_the_stream_is_seen(error: bytes, before: tuple[bytes, ...]):
    """In every format, as the first event or after content, with its body as it came."""
    seen = observed(CHAT, [*before, error])
    assert seen.error is not None
    assert seen.error in error
    assert not seen.finished


@pytest.mark.parametrize(
    "talk",
    [
        'say "error": {"code": 1}',
        '"finish_reason": "stop"',
        "data: [DONE]",
        "\n\ndata: {}\n\n",
        '{"error": {"message": "x"}}',
        "event: error\ndata: x",
    ],
)
def test_an_answer_may_talk_about_all_of_it(talk: str):
    """Errors, finishes and events in the text are text."""
    seen = observed(CHAT, [chat("I "), chat(talk), chat_tool(talk, name="f")])
    assert (seen.error, seen.finished, seen.done) == (None, False, False)
    assert seen.text == f"I {talk}"


def test_json_that_is_no_event_is_no_content():
    """A whole answer without `data:` reaches no SDK."""
    answer = json.dumps({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]})
    seen = observed(CHAT, [PING, answer.encode()])
    assert facts(seen)[:5] == (False, 0, False, False, None)


def test_the_format_shows_itself():
    """A path may lead to another provider: Vertex speaks Anthropic's under Gemini's path."""
    observer = Observer(Format.GEMINI)
    for one in MESSAGES.events:
        observer.feed(one)
    assert (observer.finished, observer.text) == (True, MESSAGES.text)


def test_an_unknown_format_is_never_judged():
    """Its first data are content, its errors are errors, and its end says nothing."""
    observer = Observer(Format.AUDIO)
    observer.feed(PING)
    assert not observer.committed
    observer.feed(event({"type": "speech.audio.delta", "audio": "AAAA"}))
    observer.end()
    assert (observer.committed, observer.judged, observer.error) == (True, False, None)


def test_the_legacy_completions_are_judged_too():
    """They carry `text` where the others have a delta."""
    first = event({"choices": [{"index": 0, "text": "Hal", "finish_reason": None}]})
    last = event({"choices": [{"index": 0, "text": "ley", "finish_reason": "length"}]})
    assert not observed(CHAT, [first]).finished
    seen = observed(CHAT, [first, last])
    assert (seen.finished, seen.text) == (True, "Halley")


def test_of_a_cut_what_came_out_is_unknown():
    """Anthropic counts one token of output before there is any; what went in, it and Gemini say."""
    assert observed(MESSAGES, MESSAGES.events[:8]).usage == {"input_tokens": 3}
    so_far = {"promptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 4}
    assert observed(GEMINI, [gemini("H", usageMetadata=so_far)]).usage == {"promptTokenCount": 3}
    assert observed(CHAT, CHAT.events[:5]).usage is None


CACHE = {"cache_creation_input_tokens": 20, "cache_read_input_tokens": 0}


@pytest.mark.parametrize(
    ("first", "last", "cut", "whole"),
    [
        ({"input_tokens": 3, **CACHE}, {}, {"input_tokens": 3, **CACHE}, {"input_tokens": 3}),
        ({"input_tokens": 0}, {"input_tokens": 5}, None, {"input_tokens": 5}),
        ({"input_tokens": 0}, {}, None, {}),
        ({"input_tokens": 3}, {"input_tokens": 5}, {"input_tokens": 3}, {"input_tokens": 5}),
    ],
    ids=["said once", "said late", "never said", "corrected"],
)
def test_what_anthropic_says_first_and_last_is_one_usage(first, last, cut, whole):
    """A gateway that cannot count yet says 0, which is not known."""
    head = typed("message_start", message={"usage": {**first, "output_tokens": 1}})
    end = typed(
        "message_delta", delta={"stop_reason": "end_turn"}, usage={**last, "output_tokens": 9}
    )
    assert observed(MESSAGES, [head, *MESSAGES.events[3:8]]).usage == cut
    cached = CACHE if CACHE.items() <= first.items() else {}
    seen = observed(MESSAGES, [head, *MESSAGES.events[3:8], end]).usage
    assert seen == {**cached, **whole, "output_tokens": 9}


def test_a_count_so_far_of_what_came_out_is_no_usage():
    """Servers that state one with each delta are believed at the end; what went in is known."""
    so_far = [chat("a", usage={"completion_tokens": n, "prompt_tokens": 3}) for n in range(3)]
    assert observed(CHAT, so_far).usage == {"prompt_tokens": 3}
    usage = {"completion_tokens": 4, "prompt_tokens": 3}
    assert observed(CHAT, [*so_far, chat(finish="stop", usage=usage)]).usage == usage
    late = [*so_far, chat(finish="stop"), chat("", usage=usage)]
    assert observed(CHAT, late).usage == usage


def test_a_response_that_a_limit_ended_says_what_it_took():
    """As one that was completed does, and no event before either."""
    usage = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    under_way = [typed("response.created", response={"usage": None}), *RESPONSES.events[4:6]]
    assert observed(RESPONSES, under_way).usage is None
    said = {**usage, "output_tokens_details": {"reasoning_tokens": 2}}
    end = typed("response.incomplete", response={"error": None, "usage": said})
    assert observed(RESPONSES, [*under_way, end]).usage == usage


def test_the_thoughts_of_gemini_are_in_its_usage():
    """As it counts them, beside what it said; also where it only thought."""
    counts = {"promptTokenCount": 3, "thoughtsTokenCount": 40, "totalTokenCount": 43}
    assert observed(GEMINI, [gemini("", "MAX_TOKENS", usageMetadata=counts)]).usage == counts


def test_a_blocked_prompt_is_an_end():
    """Gemini then sends no candidate at all."""
    assert observed(GEMINI, [event({"promptFeedback": {"blockReason": "SAFETY"}})]).finished
    assert observed(GEMINI, [gemini(None, "SAFETY")]).finished


def test_an_event_too_large_to_keep_is_skipped(monkeypatch: pytest.MonkeyPatch):
    """It was content, and might have been the end: the stream is no longer judged."""
    monkeypatch.setattr(streams, "EVENT_BYTES_MAX", 1000)
    observer = Observer(Format.OPENAI_CHAT)
    large = chat("x" * 5000)
    for at in range(0, len(large), 100):
        observer.feed(large[at : at + 100])
        assert len(observer._rest) <= 1100
    observer.feed(chat("y"))
    assert (observer.content, observer.judged, observer.text) == (2, False, "y")


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """Events are packed when they are many, text is kept up to a limit; nothing else changes."""
    monkeypatch.setattr(streams, "KEPT_BYTES_MAX", 500)
    monkeypatch.setattr(streams, "CHARS_MAX", 50)
    observer = Observer(Format.OPENAI_CHAT)
    for _ in range(100):
        observer.feed(chat("word "))
        assert observer._kept_bytes <= 500
    observer.feed(chat(finish="stop"))
    assert (observer.content, observer.finished, observer.text) == (100, True, "word " * 10)
    unknown = Observer(Format.AUDIO)
    for _ in range(100):
        unknown.feed(event({"audio": "AAAA"}))
        assert unknown._kept_bytes <= 500


def test_what_is_packed_is_bounded_and_lost_nowhere(monkeypatch: pytest.MonkeyPatch):
    """The oldest of it is read in its turn; text and tool calls come out as they went in."""
    monkeypatch.setattr(streams, "KEPT_BYTES_MAX", 2000)
    monkeypatch.setattr(streams, "PACKED_BYTES_MAX", 1000)
    observer = Observer(Format.OPENAI_CHAT)
    words = [f"{number:x} " for number in range(10**9, 10**9 + 10**8, 10**6 + 3)]
    observer.feed(chat_tool('{"a": "', name="f"))
    sizes = set()
    for word in words:
        observer.feed(chat(word) + chat_tool(word))
        sizes.add(observer._packed_bytes)
    observer.feed(chat_tool('"}'))
    assert 0 < max(sizes) <= 1000
    assert len(sizes) > 5
    observer.feed(chat(finish="tool_calls"))
    assert observer.finished
    assert observer.text == "".join(words)
    assert json.loads(observer.tool_calls[0].arguments) == {"a": "".join(words)}


def test_a_byte_order_mark_hides_nothing():
    """It may stand before the first event."""
    seen = observed(GEMINI, [b"\xef\xbb\xbf" + GEMINI.whole])
    assert facts(seen) == facts(observed(GEMINI, [GEMINI.whole]))
