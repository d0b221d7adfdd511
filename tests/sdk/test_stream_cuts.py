"""Recorded streams that a server cuts, read by the real SDKs: sent again, or reported, never both.

A sample of places: before anything, at events, inside events; half of the cuts end the body as if
all were well, half of them lose the connection. What a whole stream is to an SDK is what the SDK
without halley reads from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import halley
from halley.simulator import Ending, SimReply, Step, fail, serve
from halley.simulator.faults import Refuse
from halley.simulator.model import Chunk
from tests.streams.recorded import BY_NAME, RECORDED, Recorded, Wire

from .kits import KITS, MARKS, QUESTION, QUICK, Kit, listed, settle, simulator, status_of

pytestmark = MARKS

POLICY = QUICK.override({"budget_ratio": 10.0, "budget_floor_per_s": 1000.0})
SSE = (("content-type", "text/event-stream"), ("x-request-id", "req_cut"))
ENDINGS = (Ending.CUT, Ending.CUT_CLEAN)
CUTS_INSIDE = 3
BREATH_S = 0.02
"""Long enough for what was sent before to be read by itself, and not together with what follows."""
SPOKEN = {
    "openai": (Wire.CHAT, Wire.RESPONSES),
    "cometapi": (Wire.CHAT, Wire.RESPONSES),
    "anthropic": (Wire.MESSAGES,),
    "genai": (Wire.GEMINI,),
}
WHOLE = [recorded for recorded in RECORDED if recorded.finish is not None]
FAILING = [
    BY_NAME[name]
    for name in (
        "chat_error_frame",
        "chat_openrouter_error",
        "chat_done_without_finish",
        "chat_arguments_do_not_parse",
        "responses_flat_error",
        "responses_failed",
        "messages_overloaded",
        "gemini_error",
    )
]
READ_BY_THE_SDK = {
    "chat_error_frame",
    "chat_openrouter_error",
    "messages_overloaded",
    "gemini_error",
}
"""Frames that reach the SDK as they came, and of which it makes its own error."""
AGAIN = {
    Wire.CHAT: BY_NAME["chat_plain"],
    Wire.RESPONSES: BY_NAME["responses_plain"],
    Wire.MESSAGES: BY_NAME["messages_plain"],
    Wire.GEMINI: BY_NAME["gemini_plain_crlf"],
}
"""What a stream that failed is followed by."""


def pairs(streams: list[Recorded]) -> list[Any]:
    """Each SDK with each stream of a format that it speaks."""
    return [
        pytest.param(kit, recorded, id=f"{kit}-{recorded}")
        for kit in KITS
        for recorded in streams
        if recorded.wire in SPOKEN[kit.name]
    ]


async def events(kit: Kit, client: Any, wire: Wire) -> list[Any]:
    """One question, streamed: every event of the answer as plain data."""
    if wire is Wire.RESPONSES:
        asked = client.responses.create(model="gpt-5-mini", input=QUESTION, stream=True)
        stream = await settle(asked)
    else:
        stream = await settle(kit.question(client, stream=True))
    found = [event.model_dump(warnings=False) for event in await listed(stream)]
    for event in found:
        event.pop("sdk_http_response", None)  # google-genai's: it has the date
    return found


def played(data: bytes, ending: Ending = Ending.COMPLETE, first: int = 0) -> Step:
    """A server that sends these bytes and ends so; after the first ones it takes a breath."""
    chunks = (Chunk(data[:first]), Chunk(data[first:], after_s=BREATH_S))
    sent = tuple(chunk for chunk in chunks if chunk.data)
    reply = SimReply(200, SSE, sent, ending=ending)
    return fail(Refuse("recorded", lambda _scene: reply))


def cuts(recorded: Recorded) -> list[tuple[int, Ending]]:
    """Places to cut at, with both endings in turn; with either next to the commit and the end."""
    size, ends = len(recorded.data), [_settled(recorded.data, end) for end in recorded.ends]
    inside = {size * part // (CUTS_INSIDE + 1) for part in range(1, CUTS_INSIDE + 1)}
    sampled = sorted({0, *inside, *ends[:: max(len(ends) // 4, 1)]})
    found = [(at, ENDINGS[number % 2]) for number, at in enumerate(sampled)]
    edges = {ends[recorded.content or 0], ends[recorded.finish or 0]}
    around = sorted({at - by for at in edges for by in (0, 4)})
    return [*found, *((at, ending) for at in around for ending in ENDINGS)]


def _settled(data: bytes, end: int) -> int:
    """Past a carriage return, which is known for the end of its line by what follows it."""
    return min(end + 1, len(data)) if data[end - 1 : end] == b"\r" else end


def interruption(error: BaseException | None) -> halley.StreamInterrupted:
    """What halley raised, wherever the SDK has put it."""
    while error is not None and not isinstance(error, halley.StreamInterrupted):
        error = error.__cause__
    assert error is not None
    return error


Whole = dict[tuple[str, str], list[Any]]


@pytest.fixture(scope="module")
def known() -> Whole:
    """What each SDK makes of each whole stream, as far as it was asked."""
    return {}


async def without_halley(kit: Kit, recorded: Recorded, known: Whole) -> list[Any]:
    """What the SDK makes of the whole stream; its other colour is asked only once."""
    key = (kit.name, recorded.name)
    if key not in known:
        with serve(simulator(played(recorded.data))) as server:
            client = kit.client(server, **({"max_retries": 0} if kit.stainless else {}))
            known[key] = await events(kit, client, recorded.wire)
            await kit.close(client)
    return known[key]


@pytest.mark.parametrize(("kit", "recorded"), pairs(WHOLE))
async def test_a_cut_is_sent_again_or_reported(kit: Kit, recorded: Recorded, known: Whole) -> None:
    """By what had come: nothing of the answer, a part of it, or all of it."""
    expected = await without_halley(kit, recorded, known)
    places = cuts(recorded)
    steps = [step for place in places for step in _steps(recorded, *place)]
    with serve(simulator(*steps)) as server:
        client = halley.protect(kit.client(server), POLICY)
        for at, ending in places:
            before = len(server.ledger.calls)
            if recorded.begun_in(at) and not recorded.whole_in(at):
                with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
                    await events(kit, client, recorded.wire)
                _is_reported(recorded, caught.value)
                sent = 1
            else:
                found = await events(kit, client, recorded.wire)
                assert found == expected[: len(found)], at
                lost = len(recorded.ends) - recorded.events_in(at) if recorded.whole_in(at) else 0
                assert len(found) >= len(expected) - lost, at
                sent = 1 if recorded.whole_in(at) else 2
            assert len(server.ledger.calls) - before == sent, (at, ending)
        await kit.close(client)


def _steps(recorded: Recorded, at: int, ending: Ending) -> Iterator[Step]:
    yield played(recorded.data[:at], ending)
    if not recorded.begun_in(at) and not recorded.whole_in(at):
        yield played(recorded.data)


def _is_reported(recorded: Recorded, error: Exception) -> None:
    found = interruption(error)
    assert recorded.text.startswith(found.text)
    assert found.safe_to_restart
    assert (found.attempt, found.request_id) == (1, "req_cut")
    history = halley.history(error)
    assert history is not None
    assert history.stop_reason == "committed"


@pytest.mark.parametrize(("kit", "recorded"), pairs(FAILING))
async def test_a_stream_that_fails_is_reported(kit: Kit, recorded: Recorded) -> None:
    """An error after some of the answer, `[DONE]` without a finish, arguments that do not parse."""
    first = _settled(recorded.data, recorded.ends[recorded.content or 0])
    with serve(simulator(played(recorded.data, first=first))) as server:
        client = halley.protect(kit.client(server), POLICY)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await events(kit, client, recorded.wire)
        await kit.close(client)
        assert len(server.ledger.calls) == 1
    if recorded.name not in READ_BY_THE_SDK:
        assert interruption(caught.value).text == recorded.text
    elif kit.stainless:
        history = halley.history(caught.value)
        assert history is not None
        assert history.attempts[-1].stream == "failed"
    else:
        assert status_of(caught.value) == 503


@pytest.mark.parametrize(
    ("kit", "recorded"), pairs([one for one in FAILING if one.error is not None])
)
async def test_an_error_before_any_content_is_not_seen(
    kit: Kit, recorded: Recorded, known: Whole
) -> None:
    """The same error behind what carries nothing of an answer: the stream is sent for again."""
    again = AGAIN[recorded.wire]
    expected = await without_halley(kit, again, known)
    head = recorded.ends[recorded.content - 1] if recorded.content else 0
    error = recorded.data[recorded.ends[(recorded.error or 0) - 1] :]
    with serve(simulator(played(recorded.data[:head] + error), played(again.data))) as server:
        client = halley.protect(kit.client(server), POLICY)
        assert await events(kit, client, recorded.wire) == expected
        await kit.close(client)
        assert len(server.ledger.calls) == 2


@pytest.mark.parametrize(("kit", "recorded"), pairs(list(AGAIN.values())))
async def test_an_event_that_cannot_be_read_is_reported(kit: Kit, recorded: Recorded) -> None:
    """Half of its JSON is missing: the SDK never sees it, and raises no error of its parser."""
    events_before, spoiled = recorded.ends[-4], recorded.ends[-3]
    broken = recorded.data[: (events_before + spoiled) // 2] + b"\n\n" + recorded.data[spoiled:]
    first = _settled(recorded.data, recorded.ends[recorded.content or 0])
    with serve(simulator(played(broken, first=first))) as server:
        client = halley.protect(kit.client(server), POLICY)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await events(kit, client, recorded.wire)
        await kit.close(client)
        assert len(server.ledger.calls) == 1
    found = interruption(caught.value)
    assert found.state == "failed"
    assert recorded.text.startswith(found.text)
    assert found.text
