"""Chat completions and embeddings, the formats of OpenAI that most callers use."""

from __future__ import annotations

import base64
import struct

from halley.simulator.answers import THOUGHTS, Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse
from halley.simulator.wishes import Wishes, of_chat

_DIMENSIONS = 16

_ERROR: Json = {
    "error": {
        "message": "The server had an error while processing your request.",
        "type": "server_error",
        "param": None,
        "code": "server_error",
    }
}
ERROR_FRAME = sse(_ERROR)
"""An upstream error as new-api relays it inside a 200 (QuantumNous/new-api#6643)."""


def chat(ask: Ask) -> Answer:
    """`POST /v1/chat/completions`, whole or as a stream."""
    wishes = of_chat(ask.fields)
    each = len(_deltas(ask, wishes))
    completion = each * wishes.choices
    usage = {
        "prompt_tokens": ask.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": ask.prompt_tokens + completion,
        "completion_tokens_details": {"reasoning_tokens": len(THOUGHTS) * wishes.thoughts},
        # CometAPI adds this; the form of its value is not documented.
        "latency_checkpoint": {"total_ms": 0},
    }
    total = ask.prompt_tokens + completion
    if ask.stream:
        return Answer(stream=_chat_stream(ask, wishes, usage), llm_tokens=total)
    choices = [
        {
            "index": index,
            "message": _message(ask, wishes),
            "logprobs": None,
            "finish_reason": _finish_reason(wishes),
        }
        for index in range(wishes.choices)
    ]
    value = {**_chat_head(ask, "chat.completion"), "choices": choices, "usage": usage}
    return Answer(dumps(value), llm_tokens=total)


def embeddings(ask: Ask) -> Answer:
    """`POST /v1/embeddings`: one unit vector for each input, as floats or base64."""
    given = ask.fields.get("input", "")
    count = len(given) if isinstance(given, list) else 1
    wanted = ask.fields.get("dimensions")
    vector = _unit_vector(wanted if isinstance(wanted, int) else _DIMENSIONS)
    packed = ask.fields.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": index, "embedding": _pack(vector) if packed else vector}
        for index in range(count)
    ]
    usage = {"prompt_tokens": ask.prompt_tokens, "total_tokens": ask.prompt_tokens}
    value = {"object": "list", "data": data, "model": ask.model, "usage": usage}
    return Answer(dumps(value), llm_tokens=ask.prompt_tokens)


def _chat_head(ask: Ask, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{ask.object_id}",
        "object": kind,
        "created": ask.created,
        "model": ask.model,
    }


def _finish_reason(wishes: Wishes) -> str:
    return "tool_calls" if wishes.tool else "stop"


def _message(ask: Ask, wishes: Wishes) -> dict[str, object]:
    text = None if wishes.tool else ask.text
    message: dict[str, object] = {"role": "assistant", "content": text, "refusal": None}
    if wishes.thoughts:
        message["reasoning_content"] = "".join(THOUGHTS)
    if wishes.tool:
        message["tool_calls"] = [_tool_call(ask, wishes.tool, "".join(ask.argument_pieces))]
    return message


def _tool_call(ask: Ask, name: str, arguments: str) -> dict[str, object]:
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{ask.object_id}", "type": "function", "function": function}


def _deltas(ask: Ask, wishes: Wishes) -> tuple[Json, ...]:
    """What is said, piece by piece: thoughts first, then a tool call or the text."""
    thoughts = THOUGHTS if wishes.thoughts else ()
    said = [{"reasoning_content": word} for word in thoughts]
    if not wishes.tool:
        return (*said, *({"content": word} for word in ask.words))
    begun = {"index": 0, **_tool_call(ask, wishes.tool, "")}
    pieces = ({"index": 0, "function": {"arguments": piece}} for piece in ask.argument_pieces)
    return (*said, *({"tool_calls": [call]} for call in (begun, *pieces)))


def _chat_stream(ask: Ask, wishes: Wishes, usage: Json) -> Stream:
    head = _chat_head(ask, "chat.completion.chunk")
    indexes = range(wishes.choices)

    def frame(index: int, delta: Json, finish: str | None = None, **more: object) -> bytes:
        choice = {"index": index, "delta": delta, "finish_reason": finish}
        return sse({**head, "choices": [choice], **more})

    def each(part: Part, delta: Json, finish: str | None = None) -> tuple[Event, ...]:
        return tuple(Event(frame(index, delta, finish), part, ask.gap_s) for index in indexes)

    options = ask.fields.get("stream_options")
    counted = isinstance(options, dict) and options.get("include_usage") is True
    tail = (Event(sse({**head, "choices": [], "usage": usage}), Part.TAIL, ask.gap_s),)
    events = (
        *each(Part.HEAD, {"role": "assistant", "content": None if wishes.tool else ""}),
        *(event for delta in _deltas(ask, wishes) for event in each(Part.CONTENT, delta)),
        *each(Part.FINISH, {}, _finish_reason(wishes)),
        *(tail if counted else ()),
        Event(b"data: [DONE]\n\n", Part.DONE),
    )
    # OpenRouter ends a failed stream with both: the error and a finish_reason that says so.
    return Stream(events, ERROR_FRAME, failure=frame(0, {"content": ""}, "error", **_ERROR))


def _unit_vector(dimensions: int) -> list[float]:
    return [1.0, *[0.0] * (max(dimensions, 1) - 1)]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
