"""Gemini's generateContent and streamGenerateContent."""

from __future__ import annotations

from halley.simulator.answers import THOUGHTS, Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse
from halley.simulator.wishes import Wishes, of_gemini

ERROR_FRAME = sse(
    {
        "error": {
            "code": 503,
            "message": "The model is overloaded. Please try again later.",
            "status": "UNAVAILABLE",
        }
    }
)
"""An error object in the stream (Gemini API troubleshooting page: 503 UNAVAILABLE)."""


def gemini(ask: Ask) -> Answer:
    """`POST /v1beta/models/{model}:generateContent`, whole or as a stream."""
    wishes = of_gemini(ask.fields)
    pieces = _pieces(ask, wishes)
    total = ask.prompt_tokens + len(pieces) * wishes.choices
    if ask.stream:
        return Answer(stream=_stream(ask, wishes), llm_tokens=total)
    parts = _whole(ask, wishes)
    value = _value(ask, wishes, parts, len(pieces), finish=True)
    return Answer(dumps(value), llm_tokens=total)


def _thought(text: str) -> Json:
    return {"text": text, "thought": True}


def _call(ask: Ask, tool: str) -> Json:
    return {"functionCall": {"name": tool, "args": ask.arguments}}


def _whole(ask: Ask, wishes: Wishes) -> list[Json]:
    thoughts = [_thought("".join(THOUGHTS))] if wishes.thoughts else []
    return [*thoughts, _call(ask, wishes.tool) if wishes.tool else {"text": ask.text}]


def _pieces(ask: Ask, wishes: Wishes) -> list[Json]:
    """What is said, part by part; a function call comes whole."""
    thoughts = [_thought(word) for word in THOUGHTS] if wishes.thoughts else []
    said = [_call(ask, wishes.tool)] if wishes.tool else [{"text": word} for word in ask.words]
    return [*thoughts, *said]


def _value(
    ask: Ask, wishes: Wishes, parts: list[Json], count: int, *, finish: bool
) -> dict[str, object]:
    """One object of the format; `count` parts of each candidate have been said by now."""
    end: Json = {"finishReason": "STOP"} if finish else {}
    said = {"content": {"parts": parts, "role": "model"}, **end}
    thoughts = min(count, len(THOUGHTS)) if wishes.thoughts else 0
    usage = {
        "promptTokenCount": ask.prompt_tokens,
        "candidatesTokenCount": (count - thoughts) * wishes.choices,
        "thoughtsTokenCount": thoughts * wishes.choices,
        "totalTokenCount": ask.prompt_tokens + count * wishes.choices,
    }
    return {
        "candidates": [{**said, "index": index} for index in range(wishes.choices)],
        "usageMetadata": usage,
        "modelVersion": ask.model,
        "responseId": ask.object_id,
    }


def _stream(ask: Ask, wishes: Wishes) -> Stream:
    pieces = _pieces(ask, wishes)
    events = [
        Event(
            sse(_value(ask, wishes, [piece], count, finish=count == len(pieces))),
            Part.FINISH if count == len(pieces) else Part.CONTENT,
            ask.gap_s,
        )
        for count, piece in enumerate(pieces, 1)
    ]
    return Stream(tuple(events), ERROR_FRAME)
