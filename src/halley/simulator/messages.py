"""The Messages API of Anthropic."""

from __future__ import annotations

from halley.simulator.answers import Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse

ERROR_FRAME = sse(
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"
)
"""As on Anthropic's errors page: an error after the 200 was sent."""


def messages(ask: Ask) -> Answer:
    """`POST /v1/messages`, whole or as a stream."""
    total = ask.prompt_tokens + len(ask.words)
    if ask.stream:
        return Answer(stream=_stream(ask), llm_tokens=total)
    content: list[object] = [{"type": "text", "text": ask.text, "citations": None}]
    value = _message(ask, content, "end_turn", len(ask.words))
    return Answer(dumps(value), llm_tokens=total)


def _message(ask: Ask, content: list[object], stop: str | None, output: int) -> dict[str, object]:
    return {
        "id": f"msg_{ask.object_id}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": ask.prompt_tokens, "output_tokens": output},
    }


def _stream(ask: Ask) -> Stream:
    def event(kind: str, part: Part, fields: Json) -> Event:
        return Event(sse({"type": kind, **fields}, kind), part, ask.gap_s)

    def text(word: str) -> Json:
        return {"index": 0, "delta": {"type": "text_delta", "text": word}}

    end: Json = {
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": len(ask.words)},
    }
    block = {"index": 0, "content_block": {"type": "text", "text": ""}}
    events = (
        event("message_start", Part.HEAD, {"message": _message(ask, [], None, 1)}),
        event("content_block_start", Part.HEAD, block),
        event("ping", Part.HEAD, {}),
        *(event("content_block_delta", Part.CONTENT, text(word)) for word in ask.words),
        event("content_block_stop", Part.TAIL, {"index": 0}),
        event("message_delta", Part.FINISH, end),
        event("message_stop", Part.DONE, {}),
    )
    return Stream(events, ERROR_FRAME)
