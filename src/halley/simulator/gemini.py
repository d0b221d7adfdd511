"""Gemini's generateContent and streamGenerateContent."""

from __future__ import annotations

from halley.simulator.answers import Answer, Ask
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse

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
    total = ask.prompt_tokens + len(ask.words)
    if ask.stream:
        return Answer(stream=_stream(ask), llm_tokens=total)
    return Answer(dumps(_value(ask, ask.text, finish=True)), llm_tokens=total)


def _value(ask: Ask, text: str, *, finish: bool) -> dict[str, object]:
    candidate: dict[str, object] = {
        "content": {"parts": [{"text": text}], "role": "model"},
        "index": 0,
    }
    if finish:
        candidate["finishReason"] = "STOP"
    usage = {
        "promptTokenCount": ask.prompt_tokens,
        "candidatesTokenCount": len(ask.words),
        "totalTokenCount": ask.prompt_tokens + len(ask.words),
    }
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": ask.model,
        "responseId": ask.object_id,
    }


def _stream(ask: Ask) -> Stream:
    *words, last = ask.words
    events = (
        *(Event(sse(_value(ask, word, finish=False)), Part.CONTENT, ask.gap_s) for word in words),
        Event(sse(_value(ask, last, finish=True)), Part.FINISH, ask.gap_s),
    )
    return Stream(events, ERROR_FRAME)
