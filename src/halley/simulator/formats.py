"""Chat completions and embeddings, the formats of OpenAI that most callers use."""

from __future__ import annotations

import base64
import struct

from halley.simulator.answers import Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse

_DIMENSIONS = 16

ERROR_FRAME = sse(
    {
        "error": {
            "message": "The server had an error while processing your request.",
            "type": "server_error",
            "param": None,
            "code": "server_error",
        }
    }
)
"""An upstream error as new-api relays it inside a 200 (QuantumNous/new-api#6643)."""


def chat(ask: Ask) -> Answer:
    """`POST /v1/chat/completions`, whole or as a stream."""
    completion = len(ask.words)
    usage = {
        "prompt_tokens": ask.prompt_tokens,
        "completion_tokens": completion,
        "total_tokens": ask.prompt_tokens + completion,
        # CometAPI adds this; the form of its value is not documented.
        "latency_checkpoint": {"total_ms": 0},
    }
    total = ask.prompt_tokens + completion
    if ask.stream:
        return Answer(stream=_chat_stream(ask, usage), llm_tokens=total)
    message = {"role": "assistant", "content": ask.text, "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    value = {**_chat_head(ask, "chat.completion"), "choices": [choice], "usage": usage}
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


def _chat_stream(ask: Ask, usage: Json) -> Stream:
    head = _chat_head(ask, "chat.completion.chunk")

    def event(delta: Json, part: Part, finish: str | None = None) -> Event:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return Event(sse({**head, "choices": [choice]}), part, ask.gap_s)

    options = ask.fields.get("stream_options")
    counted = isinstance(options, dict) and options.get("include_usage") is True
    tail = (Event(sse({**head, "choices": [], "usage": usage}), Part.TAIL, ask.gap_s),)
    events = (
        event({"role": "assistant", "content": ""}, Part.HEAD),
        *(event({"content": word}, Part.CONTENT) for word in ask.words),
        event({}, Part.FINISH, "stop"),
        *(tail if counted else ()),
        Event(b"data: [DONE]\n\n", Part.DONE),
    )
    return Stream(events, ERROR_FRAME)


def _unit_vector(dimensions: int) -> list[float]:
    return [1.0, *[0.0] * (max(dimensions, 1) - 1)]


def _pack(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
