"""The Responses API of OpenAI: one object, or a stream of numbered events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import TypeAlias

from halley.simulator.answers import THOUGHTS, Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse
from halley.simulator.wishes import Wishes, of_responses

_WENT_WRONG = "The server had an error while processing your request."

ERROR_FRAME = sse(
    {
        "type": "error",
        "sequence_number": 0,
        "code": "server_error",
        "message": _WENT_WRONG,
        "param": None,
    },
    "error",
)
"""The flat form of the error event (OpenAI API reference, streaming events)."""


Write: TypeAlias = Callable[[str, Part, Json], Event]


def responses(ask: Ask) -> Answer:
    """`POST /v1/responses`, whole or as a stream."""
    wishes = of_responses(ask.fields)
    total = ask.prompt_tokens + _completion(ask, wishes)
    if ask.stream:
        return Answer(stream=_stream(ask, wishes), llm_tokens=total)
    return Answer(dumps(_response(ask, wishes, "completed")), llm_tokens=total)


def _completion(ask: Ask, wishes: Wishes) -> int:
    said = ask.argument_pieces if wishes.tool else ask.words
    return len(said) + len(THOUGHTS) * wishes.thoughts


def _part(text: str) -> dict[str, object]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _summary(text: str) -> dict[str, object]:
    return {"type": "summary_text", "text": text}


def _message(ask: Ask, status: str) -> dict[str, object]:
    content = [_part(ask.text)] if status == "completed" else []
    head = {"id": f"msg_{ask.object_id}", "type": "message", "role": "assistant"}
    return {**head, "status": status, "content": content}


def _call(ask: Ask, name: str, status: str) -> dict[str, object]:
    arguments = "".join(ask.argument_pieces) if status == "completed" else ""
    ids = {"id": f"fc_{ask.object_id}", "call_id": f"call_{ask.object_id}"}
    return {**ids, "type": "function_call", "name": name, "arguments": arguments, "status": status}


def _reasoning(ask: Ask, status: str) -> dict[str, object]:
    summary = [_summary("".join(THOUGHTS))] if status == "completed" else []
    return {"id": f"rs_{ask.object_id}", "type": "reasoning", "summary": summary}


def _output(ask: Ask, wishes: Wishes) -> list[object]:
    thoughts: list[object] = [_reasoning(ask, "completed")] if wishes.thoughts else []
    tool = wishes.tool
    return [*thoughts, _call(ask, tool, "completed") if tool else _message(ask, "completed")]


def _response(ask: Ask, wishes: Wishes, status: str) -> dict[str, object]:
    done = status == "completed"
    completion = _completion(ask, wishes)
    usage = {
        "input_tokens": ask.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": completion,
        "output_tokens_details": {"reasoning_tokens": len(THOUGHTS) * wishes.thoughts},
        "total_tokens": ask.prompt_tokens + completion,
    }
    return {
        "id": f"resp_{ask.object_id}",
        "object": "response",
        "created_at": ask.created,
        "status": status,
        "error": {"code": "server_error", "message": _WENT_WRONG} if status == "failed" else None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "model": ask.model,
        "output": _output(ask, wishes) if done else [],
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": usage if done else None,
    }


def _stream(ask: Ask, wishes: Wishes) -> Stream:
    numbers = count()

    def event(kind: str, part: Part, fields: Json) -> Event:
        value = {"type": kind, "sequence_number": next(numbers), **fields}
        return Event(sse(value, kind), part, ask.gap_s)

    begun = {"response": _response(ask, wishes, "in_progress")}
    said = int(wishes.thoughts)  # its place in the output: behind the thoughts
    events = (
        event("response.created", Part.HEAD, begun),
        event("response.in_progress", Part.HEAD, begun),
        *(_reasoning_events(ask, event) if wishes.thoughts else ()),
        *(
            _call_events(ask, wishes.tool, said, event)
            if wishes.tool
            else _message_events(ask, said, event)
        ),
        event("response.completed", Part.FINISH, {"response": _response(ask, wishes, "completed")}),
    )
    failed = event("response.failed", Part.FINISH, {"response": _response(ask, wishes, "failed")})
    return Stream(events, ERROR_FRAME, failure=failed.data)


def _reasoning_events(ask: Ask, event: Write) -> Iterator[Event]:
    item: Json = {"output_index": 0}
    place = {"item_id": f"rs_{ask.object_id}", "output_index": 0, "summary_index": 0}
    text = "".join(THOUGHTS)
    added = {**item, "item": _reasoning(ask, "in_progress")}
    yield event("response.output_item.added", Part.HEAD, added)
    part = {**place, "part": _summary("")}
    yield event("response.reasoning_summary_part.added", Part.HEAD, part)
    for word in THOUGHTS:
        delta = {**place, "delta": word}
        yield event("response.reasoning_summary_text.delta", Part.CONTENT, delta)
    yield event("response.reasoning_summary_text.done", Part.TAIL, {**place, "text": text})
    part = {**place, "part": _summary(text)}
    yield event("response.reasoning_summary_part.done", Part.TAIL, part)
    done = {**item, "item": _reasoning(ask, "completed")}
    yield event("response.output_item.done", Part.TAIL, done)


def _call_events(ask: Ask, tool: str, index: int, event: Write) -> Iterator[Event]:
    item: Json = {"output_index": index}
    place = {"item_id": f"fc_{ask.object_id}", "output_index": index}
    added = {**item, "item": _call(ask, tool, "in_progress")}
    yield event("response.output_item.added", Part.HEAD, added)
    for piece in ask.argument_pieces:
        delta = {**place, "delta": piece}
        yield event("response.function_call_arguments.delta", Part.CONTENT, delta)
    whole = {**place, "name": tool, "arguments": "".join(ask.argument_pieces)}
    yield event("response.function_call_arguments.done", Part.TAIL, whole)
    done = {**item, "item": _call(ask, tool, "completed")}
    yield event("response.output_item.done", Part.TAIL, done)


def _message_events(ask: Ask, index: int, event: Write) -> Iterator[Event]:
    item: Json = {"output_index": index}
    place = {"item_id": f"msg_{ask.object_id}", "output_index": index, "content_index": 0}
    added = {**item, "item": _message(ask, "in_progress")}
    yield event("response.output_item.added", Part.HEAD, added)
    yield event("response.content_part.added", Part.HEAD, {**place, "part": _part("")})
    for word in ask.words:
        delta = {**place, "delta": word, "logprobs": []}
        yield event("response.output_text.delta", Part.CONTENT, delta)
    whole = {**place, "text": ask.text, "logprobs": []}
    yield event("response.output_text.done", Part.TAIL, whole)
    yield event("response.content_part.done", Part.TAIL, {**place, "part": _part(ask.text)})
    done = {**item, "item": _message(ask, "completed")}
    yield event("response.output_item.done", Part.TAIL, done)
