"""Event streams: sent for again until something was delivered, never passed off as whole after."""

from __future__ import annotations

import gc
import gzip
import importlib
import logging
import pickle
import zlib
from contextlib import suppress

import pytest

import halley
from halley.core.endpoints import Format
from halley.core.model import StopReason, StreamState
from halley.core.streams import ToolCall
from halley.drivers.clock import Clock
from tests.core.events import (
    ALL,
    CHAT,
    DONE,
    MESSAGES,
    PING,
    TOOLS,
    Recorded,
    chat,
    chat_tool,
    chat_usage,
    event,
)
from tests.lines import ANSWER, EVENTS, JSON, QUICK, SSE, Answer, Line, failing, stream

PATHS = {
    Format.OPENAI_CHAT: "/v1/chat/completions",
    Format.RESPONSES: "/v1/responses",
    Format.MESSAGES: "/v1/messages",
    Format.GEMINI: "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
}
HOST = "https://api.cometapi.com"
RAMP = {"pace": "ramp"}
ROLE = chat("", role="assistant")
BUSY = event({"error": {"message": "busy", "type": "server_error", "code": None}})
NO_MONEY = event(
    {
        "error": {
            "message": "You exceeded your current quota",
            "code": "insufficient_quota",
            "type": "insufficient_quota",
        }
    }
)
LEFT = pytest.mark.filterwarnings(  # httpx's own generators complain when an iteration is left
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def packed(whole: bytes, size: int = 40) -> Answer:
    """A stream in gzip, in chunks of a size that fits no event."""
    raw = gzip.compress(whole)
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    return Answer(200, chunks, {**SSE, "content-encoding": "gzip"})


def interrupted(opened) -> halley.StreamInterrupted:
    """The error that a stream ends with."""
    with pytest.raises(halley.StreamInterrupted) as caught:
        opened.rest()
    return caught.value


BEFORE = {
    "nothing": stream(b""),
    "keepalives, then the end": stream(PING, PING),
    "a role, then the end": stream(PING, ROLE),
    "a role, then a lost connection": stream(ROLE, error="ReadError"),
    "a role, then silence": stream(ROLE, error="ReadTimeout"),
    "a role, then broken framing": stream(ROLE, error="RemoteProtocolError"),
    "[DONE] alone": stream(PING, DONE),
    "content and [DONE] in one chunk": stream(chat("Hal") + DONE),
    "an error as the first event": stream(BUSY),
    "an error after a role": stream(ROLE, BUSY, DONE),
    "an error after content in one chunk": stream(chat("Hal") + BUSY),
    "an error as finish reason": stream(ROLE, chat(finish="error"), DONE),
    "a broken event": stream(ROLE, b'data: {"choices":[{"index":0,"de\n\n'),
    "bare JSON after a keepalive": stream(PING, BUSY.removeprefix(b"data: ").strip()),
    "JSON in place of a stream": stream(
        b'{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'
    ),
    "JSON that says what it is": Answer(),
    "an error of another format": stream(
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n'
    ),
    "packed": packed(PING + ROLE),
}


ASK = {"json": {"model": "gpt-5-mini", "stream": True, "messages": []}}


@pytest.mark.parametrize("first", BEFORE)
def test_before_the_first_content_it_is_sent_for_again(line: Line, first: str):
    """Whatever went wrong; and what then comes arrives chunk by chunk as it was sent."""
    caller = line.client(BEFORE[first], stream())
    opened = caller.open(**ASK)
    assert opened.rest() == list(EVENTS)
    opened.close()
    assert len(caller.sent) == 2
    found = halley.history(opened.response)
    assert [a.stream for a in found.attempts][1:] == [StreamState.COMPLETE]
    assert found.attempts[0].stream not in (None, StreamState.COMPLETE)
    assert caller.idle


def test_a_first_attempt_that_breaks_is_classified_like_any_other(line: Line):
    """By what was said inside it; the record of the second knows when its content began."""
    caller = line.client(stream(BUSY), stream(ROLE, error="ReadTimeout"), stream())
    opened = caller.open()
    opened.rest()
    opened.close()
    busy, silent, good = halley.history(opened.response).attempts
    assert (busy.status, busy.failure.kind, busy.stream) == (200, "server_error", "failed")
    assert (silent.fault, silent.failure.kind, silent.stream) == (
        "read_timeout",
        "timeout",
        "stalled",
    )
    assert (good.action, good.stream) == ("ok", "complete")
    assert 0 <= good.first_s <= good.elapsed_s


@pytest.mark.parametrize(
    ("chunks", "kind"),
    [
        ((NO_MONEY, DONE), "balance"),
        ((PING, NO_MONEY.removeprefix(b"data: ")), "balance"),
        ((b"<!doctype html><html><title>CometAPI</title></html>",), "wrong_path"),
    ],
    ids=["error event", "bare error", "page"],
)
def test_what_will_not_pass_is_delivered_as_it_came(line: Line, chunks, kind: str):
    """Once; an SDK that overlooks it learns of it at the end."""
    caller = line.client(stream(*chunks))
    opened = caller.open()
    assert opened.response.status_code == 200
    assert opened.response.headers["x-should-retry"] == "false"
    told = [opened.next() for _ in chunks if chunks[-1] is not DONE] or [opened.next()]
    assert told == list(chunks[: len(told)])
    error = interrupted(opened)
    assert (len(caller.sent), error.halley.stop_reason) == (1, StopReason.FINAL)
    assert error.halley.attempts[-1].failure.kind == kind
    assert not error.safe_to_restart
    opened.close()
    assert caller.idle


def test_an_answer_that_no_sdk_would_see_is_not_passed_off(line: Line):
    """JSON where events were asked for: delivered as it came, and then the error."""
    caller = line.client(Answer())
    opened = caller.open(**ASK)
    assert opened.next() == ANSWER
    error = interrupted(opened)
    assert (len(caller.sent), error.halley.attempts[-1].action) == (3, "fail_over")
    opened.close()


@pytest.mark.parametrize("asked", [{}, {"stream": False}, {"tools": [{"stream": True}]}], ids=str)
def test_json_is_an_answer_to_whoever_asked_for_it(line: Line, asked):
    """Or did not ask for events."""
    caller = line.client(Answer())
    assert caller.post(json={"model": "m", **asked}).content == ANSWER
    assert len(caller.sent) == 1


def test_json_of_gemini_is_a_stream_without_events(line: Line):
    """`streamGenerateContent` without `alt=sse` answers with an array."""
    body = b'[{"candidates":[{"content":{"parts":[{"text":"hi"}]},"finishReason":"STOP"}]}]'
    caller = line.client(Answer(200, (body,)))
    url = f"{HOST}/v1beta/models/gemini-3-pro:streamGenerateContent"
    assert caller.post(url, json={"contents": []}).content == body
    assert len(caller.sent) == 1


def test_when_attempts_run_out_nothing_is_passed_off(line: Line):
    """The last stream, empty as it is, ends with the error."""
    caller = line.client(
        stream(PING, DONE),
        policy=halley.Policy(attempts=2, backoff="full_jitter", backoff_base_s=0.001),
    )
    opened = caller.open()
    assert opened.next() == PING
    error = interrupted(opened)
    assert (len(caller.sent), error.attempt, error.text) == (2, 2, "")
    assert error.halley.stop_reason is StopReason.ATTEMPTS
    opened.close()
    assert caller.idle


AFTER = {
    "the end": (stream(chat("Hal")), "interrupted"),
    "a lost connection": (stream(chat("Hal"), error="ReadError"), "interrupted"),
    "broken framing": (stream(chat("Hal"), error="RemoteProtocolError"), "interrupted"),
    "silence": (stream(chat("Hal"), error="ReadTimeout"), "stalled"),
    "[DONE] without a finish": (stream(chat("Hal"), DONE), "interrupted"),
    "an error event": (stream(chat("Hal"), BUSY, DONE), "failed"),
    "a finish by error": (stream(chat("Hal"), chat(finish="error"), DONE), "failed"),
    "packed": (packed(chat("Hal")), "interrupted"),
}


@pytest.mark.parametrize("broken", AFTER)
def test_after_the_first_content_it_is_reported(line: Line, broken: str):
    """Never silently, and never by a second send; permit and connection are given back at once."""
    answer, state = AFTER[broken]
    caller = line.client(failing(503), answer)
    opened = caller.open()
    error = interrupted(opened)
    assert isinstance(error, line.error("RemoteProtocolError"))
    assert (error.state, error.text, error.attempt, error.usage) == (state, "Hal", 2, None)
    assert error.safe_to_restart
    assert error.request is not None
    last = halley.history(error).attempts[-1]
    assert (last.stream, last.stop_reason, last.status) == (state, "committed", 200)
    assert len(caller.sent) == 2
    assert caller.idle
    opened.close()
    assert caller.idle


def test_an_error_that_is_no_object_is_kept_from_the_caller(line: Line):
    """Google's way in a stream of OpenAI's: SDKs look for a name in it."""
    google = b'data: [{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}]\n\n'
    opened = line.client(stream(chat("Hal"), google)).open()
    assert opened.next() == chat("Hal")
    with pytest.raises(halley.StreamInterrupted) as caught:
        opened.next()
    assert (caught.value.state, caught.value.text) == ("failed", "Hal")
    assert caught.value.safe_to_restart
    opened.close()


PACKAGES = {
    "br": {"httpx2": "brotli", "httpx": "brotli"},
    "zstd": {"httpx2": "backports.zstd", "httpx": "zstandard"},
}
CODINGS = pytest.mark.parametrize("coding", PACKAGES)


def packed_in(line: Line, coding: str, whole: bytes) -> Answer:
    """A stream in a coding that the HTTP library reads only with a package."""
    package = PACKAGES[coding][line.family]
    raw = pytest.importorskip(package).compress(whole)
    chunks = [raw[at : at + 40] for at in range(0, len(raw), 40)]
    return Answer(200, chunks, {**SSE, "content-encoding": coding})


@CODINGS
def test_brotli_and_zstd_are_looked_through_where_the_library_reads_them(line: Line, coding: str):
    """Sent for again before the content, reported after it, and passed on as they came."""
    sound = packed_in(line, coding, CHAT.whole)
    caller = line.client(packed_in(line, coding, PING + ROLE), sound)
    opened = caller.open()
    assert opened.rest() == list(sound.chunks)
    opened.close()
    assert [a.stream for a in halley.history(opened.response).attempts] == [
        "interrupted",
        "complete",
    ]
    error = interrupted(line.client(packed_in(line, coding, chat("Hal"))).open())
    assert (error.state, error.text) == ("interrupted", "Hal")


@pytest.mark.parametrize("coding", ["snappy", "br", "zstd"])
def test_what_nobody_can_read_is_not_judged_and_not_called_whole(
    line: Line, coding: str, monkeypatch: pytest.MonkeyPatch
):
    """Without the packages the record says nothing of its end; a break is a break."""
    decoders = importlib.import_module(f"{line.family}._decoders").SUPPORTED_DECODERS
    for name in PACKAGES:
        monkeypatch.delitem(decoders, name, raising=False)
    heads = {**SSE, "content-encoding": coding}
    opened = line.client(Answer(200, [b"junk", b"more"], heads)).open()
    assert opened.rest() == [b"junk", b"more"]
    opened.close()
    (last,) = halley.history(opened.response).attempts
    assert (last.stream, last.action, last.first_s) == (None, "ok", None)
    opened = line.client(Answer(200, [b"junk"], heads, "ReadError")).open()
    with pytest.raises(line.error("ReadError")):
        opened.rest()
    opened.close()


@CODINGS
def test_damage_in_a_packed_stream_ends_its_judgement(line: Line, coding: str):
    """Not the stream: what the SDK makes of it is its own affair."""
    junk = [b"junk" * 20, b"more" * 20]
    pytest.importorskip(PACKAGES[coding][line.family])
    opened = line.client(Answer(200, junk, {**SSE, "content-encoding": coding})).open()
    assert opened.rest() == junk
    opened.close()
    assert halley.history(opened.response).attempts[-1].stream is None


def test_the_lie_about_the_end_reaches_nobody(line: Line):
    """SDKs stop at [DONE] and would never learn; all that came before it is delivered."""
    for chunks in (
        (chat("Hal"), DONE),
        (chat("Hal"), chat("ley") + DONE),
        (chat("Hal"), DONE[:9], DONE[9:]),
    ):
        opened = line.client(stream(*chunks)).open()
        got: list[bytes] = []
        with pytest.raises(halley.StreamInterrupted):
            got.extend(iter(opened.next, None))
        whole = b"".join(chunks)
        told = b"".join(got)
        assert b"[DONE]" not in told
        assert whole[: -len(DONE)] == told[: len(whole) - len(DONE)]
        assert whole.startswith(told)
        opened.close()


def test_a_tool_call_that_is_not_whole_is_no_answer(line: Line):
    """The finish says `tool_calls`, and their arguments cannot be read."""
    opened = line.client(
        stream(chat_tool('{"a":', name="orbit"), chat(finish="tool_calls"), DONE)
    ).open()
    error = interrupted(opened)
    assert error.tool_calls == (ToolCall("call_0", "orbit", '{"a":', complete=False),)
    opened.close()


@pytest.mark.parametrize("pack", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ALL)
def test_a_whole_stream_passes_byte_for_byte(line: Line, name: str, *, pack: bool):
    """In all formats, in chunks that fit no event, with nothing at its end."""
    recorded: Recorded = ALL[name]
    whole = recorded.whole
    chunks = [whole[at : at + 37] for at in range(0, len(whole), 37)]
    answer = packed(whole) if pack else stream(*chunks)
    opened = line.client(answer).open(HOST + PATHS[recorded.format])
    assert opened.rest() == list(answer.chunks)
    opened.close()
    last = halley.history(opened.response).attempts[-1]
    assert (last.stream, last.action) == ("complete", "ok")


@pytest.mark.parametrize("name", ALL)
def test_a_cut_at_each_event_is_retried_or_reported(line: Line, name: str):
    """Before the first content a second stream comes whole; after it the cut is an error."""
    if line.colour == "trio":
        pytest.skip("the same code as under asyncio, and this is long")
    recorded: Recorded = ALL[name]
    extra = {"json": {"model": "m", "n": 2}} if name == "two" else {}
    for cut in range(len(recorded.events)):
        whole = stream(*recorded.events)
        caller = line.client(stream(*(recorded.events[:cut] or (b"",))), whole)
        opened = caller.open(HOST + PATHS[recorded.format], **extra)
        if cut > recorded.end:
            assert opened.rest() == list(recorded.events[:cut])
        elif cut > recorded.content_at:
            assert interrupted(opened).state == "interrupted"
        else:
            assert opened.rest() == list(recorded.events)
        assert len(caller.sent) == (2 if cut <= recorded.content_at else 1)
        opened.close()


def test_an_error_after_the_finish_takes_nothing_from_the_answer(line: Line):
    """The connection may break before [DONE]."""
    chunks = CHAT.events[: CHAT.end + 1]
    opened = line.client(stream(*chunks, error="ReadError")).open()
    assert opened.rest() == list(chunks)
    opened.close()
    assert halley.history(opened.response).attempts[-1].stream == "complete"


def test_the_history_is_found_on_the_error_and_its_ids(line: Line):
    """Of all attempts, in order."""
    first = Answer(503, (b"{}",), {"content-type": "application/json", "x-request-id": "req_1"})
    second = Answer(200, (chat("Hal"),), {**SSE, "x-request-id": "req_2"})
    error = interrupted(line.client(first, second).open())
    assert (error.request_id, error.request_ids) == ("req_2", ("req_1", "req_2"))
    assert [a.status for a in halley.history(error).attempts] == [503, 200]
    assert "req_2" in str(error)


def test_the_error_can_be_pickled(line: Line):
    """With all it knows, as the same class; without the request, which holds the key."""
    key = "sk-" + "k" * 40
    caller = line.client(stream(*TOOLS.events[:3]))
    error = interrupted(caller.open(headers={"authorization": f"Bearer {key}"}))
    raw = pickle.dumps(error)
    assert key.encode() not in raw
    again = pickle.loads(raw)
    assert type(again) is type(error)
    assert (str(again), again.tool_calls, again.halley) == (
        str(error),
        error.tool_calls,
        error.halley,
    )


def test_a_picture_that_is_bought_is_not_safe_to_restart(line: Line):
    """The same tables decide: reconcile first."""
    caller = line.client(stream(chat("![")))
    error = interrupted(caller.open(json={"model": "gpt-image-1", "stream": True}))
    assert not error.safe_to_restart
    assert error.halley.attempts[-1].decision.action == "reconcile"


def test_an_error_inside_that_will_not_pass_is_not_safe_to_restart(line: Line):
    """The same bytes fail again."""
    error = interrupted(line.client(stream(chat("Hal"), NO_MONEY)).open())
    assert (error.state, error.safe_to_restart) == ("failed", False)


ECHOED = "sk-" + "u4Jc" * 12


@pytest.mark.parametrize("pack", [False, True], ids=["plain", "gzip"])
def test_an_error_inside_that_echoes_the_key_shows_none(line: Line, *, pack: bool):
    """Masked in its chunk; in a compressed stream the event is kept from the caller."""
    error = event({"error": {"message": f"bad key {ECHOED}", "type": "server_error"}})
    parts = [ROLE, chat("Hal"), error]
    given = stream(*parts)
    if pack:
        packer = zlib.compressobj(wbits=31)
        parts = [packer.compress(one) + packer.flush(zlib.Z_SYNC_FLUSH) for one in parts]
        given = Answer(200, parts, {**SSE, "content-encoding": "gzip"})
    opened = line.client(given).open(headers={"authorization": f"Bearer {ECHOED}"})
    chunks: list[bytes] = []
    with pytest.raises(halley.StreamInterrupted, match="failed after 3 characters"):
        chunks.extend(iter(opened.next, None))
    raw = b"".join(chunks)
    seen = zlib.decompressobj(wbits=31).decompress(raw) if pack else raw
    assert b"Hal" in seen
    assert ECHOED[:12].encode() not in seen
    assert (b"bad key *****" in seen) is not pack


ENDS = chat(finish="stop")
COUNTED = chat_usage(prompt_tokens=300, completion_tokens=60, total_tokens=360)
ESTIMATED = 100
CACHED = [
    MESSAGES.events[0].replace(b'"input_tokens": 3', b'"input_tokens": 300'),
    *MESSAGES.events[3:-2],
    MESSAGES.events[-2].replace(b'"output_tokens": 9', b'"output_tokens": 60'),
    MESSAGES.events[-1],
]
ANSWERS = {
    "usage": (Format.OPENAI_CHAT, [chat("Hal"), ENDS, COUNTED, DONE], 360),
    "usage, and the connection lost": (Format.OPENAI_CHAT, [chat("Hal"), ENDS, COUNTED], 360),
    "no usage": (Format.OPENAI_CHAT, [chat("Hal"), ENDS, DONE], ESTIMATED),
    "cut before its usage": (Format.OPENAI_CHAT, [chat("Hal")], ESTIMATED),
    "usage in two parts": (Format.MESSAGES, CACHED, 360),
    "one part of two": (Format.MESSAGES, CACHED[:-2], ESTIMATED),
}


@LEFT
@pytest.mark.parametrize("close", [False, True], ids=["read to its end", "closed early"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_what_a_stream_took_settles_what_was_reserved_for_it(line: Line, kind: str, *, close: bool):
    """As for a whole answer; what is not said is not made up."""
    expected, events, used = ANSWERS[kind]
    error = "ReadError" if len(events) == 3 else ""
    limit = Answer(200, headers={"x-ratelimit-limit-tokens": "6000000", **JSON})
    caller = line.client(limit, stream(*events, error=error), policy=QUICK.override(RAMP))
    url = HOST + PATHS[expected]
    caller.post(url, content=b" " * 4 * ESTIMATED)
    (lane,) = caller.lanes
    assert lane.tokens_per_s == 100_000
    before = lane.law.burst.cost
    opened = caller.open(url, json=None, content=b" " * 4 * ESTIMATED)
    assert lane.law.burst.cost - before == ESTIMATED
    with suppress(halley.StreamInterrupted):
        for _ in events:
            opened.next()
        if not close:
            opened.rest()
    opened.close()
    assert lane.law.burst.cost - before == used
    assert caller.idle


def test_a_stream_of_unknown_format_is_not_judged(line: Line):
    """Its end is believed; a break in it is still a break."""
    sound = [event({"type": "speech.audio.delta", "audio": "AAAA"})] * 3
    opened = line.client(stream(*sound)).open(f"{HOST}/v1/audio/speech")
    assert opened.rest() == sound
    opened.close()
    opened = line.client(stream(*sound, error="ReadError")).open(f"{HOST}/v1/audio/speech")
    assert interrupted(opened).state == "interrupted"
    opened.close()


@pytest.mark.parametrize(("pieces", "sends"), [(1, 2), (2, 2), (3, 1)])
def test_tokens_held_back_widen_the_window(line: Line, pieces: int, sends: int):
    """A break within the first k is not seen; the chunks then arrive as they came."""
    policy = QUICK.override({"hold_tokens": 3})
    tokens = [chat(f"{n} ") for n in range(pieces)]
    caller = line.client(stream(ROLE, *tokens, error="ReadError"), stream(), policy=policy)
    opened = caller.open()
    if sends == 1:
        assert interrupted(opened).text == "0 1 2 "
    else:
        assert opened.rest() == list(EVENTS)
    opened.close()
    assert len(caller.sent) == sends


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that have passed beyond those that really have."""
    passed = [0.0]
    now = Clock.now
    monkeypatch.setattr(Clock, "now", lambda self: now(self) + passed[0])
    return passed


def timed(passed: list[float], *chunks: tuple[float, bytes]):
    """Chunks, each after some seconds."""
    for seconds, chunk in chunks:
        passed[0] += seconds
        yield chunk


@pytest.mark.parametrize(("gap_s", "sends"), [(0.4, 2), (1.1, 1)])
def test_seconds_held_back_widen_it_too(line: Line, late, gap_s: float, sends: int):
    """From the first content on."""
    policy = QUICK.override({"hold_s": 1.0})
    chunks = timed(late, (0, chat("a")), (gap_s, chat("b")), (0, chat("c")))
    caller = line.client(Answer(200, chunks, dict(SSE)), stream(), policy=policy)
    opened = caller.open()
    if sends == 1:
        interrupted(opened)
    else:
        opened.rest()
    opened.close()
    assert len(caller.sent) == sends


def test_a_buffered_stream_is_delivered_whole_or_sent_for_again(line: Line):
    """`rescue = "buffer"`: a break after a hundred tokens is not seen."""
    policy = QUICK.override({"rescue": "buffer"})
    tokens = [chat(f"{n} ") for n in range(100)]
    caller = line.client(
        stream(*tokens, error="ReadError"),
        stream(*tokens, BUSY),
        stream(*tokens, DONE),
        stream(),
        policy=policy,
    )
    opened = caller.open()
    assert opened.rest() == list(EVENTS)
    opened.close()
    assert len(caller.sent) == 4
    assert [str(a.stream) for a in halley.history(opened.response).attempts] == [
        "interrupted",
        "failed",
        "interrupted",
        "complete",
    ]


def test_keepalives_do_not_hide_a_stall_before_the_first_content(line: Line, late):
    """`first_content_timeout_s` counts from the request."""
    pings = timed(late, *[(4.0, PING)] * 10)
    policy = QUICK.override({"first_content_timeout_s": 10.0})
    caller = line.client(Answer(200, pings, dict(SSE)), stream(), policy=policy)
    opened = caller.open()
    assert opened.rest() == list(EVENTS)
    opened.close()
    assert halley.history(opened.response).attempts[0].stream == "stalled"
    assert 12 <= late[0] < 20


def test_keepalives_do_not_hide_a_stall_after_it(line: Line, late):
    """`content_idle_timeout_s` counts from the last content."""
    chunks = timed(late, (0, chat("a")), (8, chat("b")), *[(4.0, PING)] * 10)
    policy = QUICK.override({"content_idle_timeout_s": 10.0})
    caller = line.client(Answer(200, chunks, dict(SSE)), policy=policy)
    error = interrupted(caller.open())
    assert (error.state, error.text) == ("stalled", "ab")
    assert "content" in str(error.__cause__)
    assert 20 <= late[0] < 28


def test_a_caller_that_takes_his_time_is_no_stall(line: Line, late):
    """Only the server's silence counts, also before the rest after the finish."""
    chunks = (chat("a"), PING, chat("b"), PING, chat(finish="stop"), PING, DONE)
    policy = QUICK.override({"content_idle_timeout_s": 10.0})
    opened = line.client(stream(*chunks), policy=policy).open()
    got = []
    while (chunk := opened.next()) is not None:
        got.append(chunk)
        late[0] += 60
    opened.close()
    assert got == list(chunks)


def test_a_stream_that_trickles_on_after_its_finish_is_ended(line: Line, late):
    """Cleanly: the answer is whole."""
    chunks = timed(late, (0, chat("a")), (0, chat(finish="stop")), *[(0.7, PING)] * 50)
    opened = line.client(Answer(200, chunks, dict(SSE))).open()
    assert opened.rest() == [chat("a"), chat(finish="stop"), PING, PING]
    opened.close()
    assert late[0] < 3


@LEFT
def test_a_stream_that_nobody_holds_is_recorded(line: Line, caplog):
    """As closed by the caller."""
    caplog.set_level(logging.DEBUG, "halley")
    caller = line.client(stream())
    opened = caller.open()
    opened.next()
    del opened
    for _ in range(3):  # an event loop ends the generators that were collected, one by one
        gc.collect()
        caller.do(lambda: None)
    records = [r.halley for r in caplog.records if r.name == "halley"]
    assert [(r["stream"], r["action"]) for r in records] == [("closed", "ok")]


def test_the_callers_own_timeouts_come_back(line: Line):
    """A request may be sent twice, and its timeouts are the caller's."""
    caller = line.client(stream())
    timeouts = {"connect": 5.0, "read": 7.0, "write": 5.0, "pool": 5.0}
    for _ in range(2):
        opened = caller.open(extensions={"timeout": timeouts})
        opened.rest()
        opened.close()
        assert timeouts["read"] == 7.0
        assert caller.sent[-1].timeouts["read"] == 7.0
