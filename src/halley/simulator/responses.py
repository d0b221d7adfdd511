"""The Responses API of OpenAI: one object, or a stream of numbered events."""

from __future__ import annotations

from itertools import count

from halley.simulator.answers import Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse

ERROR_FRAME = sse(
    {
        "type": "error",
        "sequence_number": 0,
        "code": "server_error",
        "message": "The server had an error while processing your request.",
        "param": None,
    },
    "error",
)
"""The flat form of the error event (OpenAI API reference, streaming events)."""


def responses(ask: Ask) -> Answer:
    """`POST /v1/responses`, whole or as a stream."""
    total = ask.prompt_tokens + len(ask.words)
    if ask.stream:
        return Answer(stream=_stream(ask), llm_tokens=total)
    return Answer(dumps(_response(ask, "completed")), llm_tokens=total)


def _part(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item(ask: Ask, status: str) -> dict[str, object]:
    content = [_part(ask.text)] if status == "completed" else []
    head = {"id": f"msg_{ask.object_id}", "type": "message", "role": "assistant"}
    return {**head, "status": status, "content": content}


def _response(ask: Ask, status: str) -> dict[str, object]:
    done = status == "completed"
    completion = len(ask.words)
    usage = {
        "input_tokens": ask.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ask.prompt_tokens + completion,
    }
    return {
        "id": f"resp_{ask.object_id}",
        "object": "response",
        "created_at": ask.created,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": ask.model,
        "output": [_item(ask, status)] if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if done else None,
    }


def _stream(ask: Ask) -> Stream:
    numbers = count()

    def event(kind: str, part: Part, fields: Json) -> Event:
        value = {"type": kind, "sequence_number": next(numbers), **fields}
        return Event(sse(value, kind), part, ask.gap_s)

    item = {"output_index": 0}
    place = {"item_id": f"msg_{ask.object_id}", "output_index": 0, "content_index": 0}
    begun = {"response": _response(ask, "in_progress")}
    events = (
        event("response.created", Part.HEAD, begun),
        event("response.in_progress", Part.HEAD, begun),
        event("response.output_item.added", Part.HEAD, {**item, "item": _item(ask, "in_progress")}),
        event("response.content_part.added", Part.HEAD, {**place, "part": _part("")}),
        *(
            event(
                "response.output_text.delta",
                Part.CONTENT,
                {**place, "delta": word, "logprobs": []},
            )
            for word in ask.words
        ),
        event("response.output_text.done", Part.TAIL, {**place, "text": ask.text, "logprobs": []}),
        event("response.content_part.done", Part.TAIL, {**place, "part": _part(ask.text)}),
        event("response.output_item.done", Part.TAIL, {**item, "item": _item(ask, "completed")}),
        event("response.completed", Part.FINISH, {"response": _response(ask, "completed")}),
    )
    return Stream(events, ERROR_FRAME)
