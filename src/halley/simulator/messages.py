"""The Messages API of Anthropic."""

from __future__ import annotations

from halley.simulator.answers import THOUGHTS, Answer, Ask, Json
from halley.simulator.shapes import dumps
from halley.simulator.streams import Event, Part, Stream, sse
from halley.simulator.wishes import Wishes, of_messages

ERROR_FRAME = sse(
    {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "error"
)
"""As on Anthropic's errors page: an error after the 200 was sent."""

PING = sse({"type": "ping"}, "ping")
"""Anthropic's own keep-alive is an event, not a comment (streaming page)."""

_SIGNATURE = "c2lnbmF0dXJl"


def messages(ask: Ask) -> Answer:
    """`POST /v1/messages`, whole or as a stream."""
    wishes = of_messages(ask.fields)
    blocks = _blocks(ask, wishes)
    output = sum(len(deltas) for _, deltas in blocks)
    total = ask.prompt_tokens + output
    if ask.stream:
        return Answer(stream=_stream(ask, wishes, output), llm_tokens=total)
    value = _message(ask, _content(ask, wishes), _stop_reason(wishes), output)
    return Answer(dumps(value), llm_tokens=total)


def _stop_reason(wishes: Wishes) -> str:
    return "tool_use" if wishes.tool else "end_turn"


def _tool_use(ask: Ask, name: str, arguments: Json) -> dict[str, object]:
    return {"type": "tool_use", "id": f"toolu_{ask.object_id}", "name": name, "input": arguments}


def _content(ask: Ask, wishes: Wishes) -> list[object]:
    thought = {"type": "thinking", "thinking": "".join(THOUGHTS), "signature": _SIGNATURE}
    text = {"type": "text", "text": ask.text, "citations": None}
    said = _tool_use(ask, wishes.tool, ask.arguments) if wishes.tool else text
    return [thought, said] if wishes.thoughts else [said]


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


def _blocks(ask: Ask, wishes: Wishes) -> list[tuple[Json, list[Json]]]:
    """Each content block as it begins, and the deltas that fill it."""
    blocks: list[tuple[Json, list[Json]]] = []
    if wishes.thoughts:
        thoughts: list[Json] = [{"type": "thinking_delta", "thinking": word} for word in THOUGHTS]
        signed = {"type": "signature_delta", "signature": _SIGNATURE}
        begun = {"type": "thinking", "thinking": "", "signature": ""}
        blocks.append((begun, [*thoughts, signed]))
    if wishes.tool:
        pieces: list[Json] = [
            {"type": "input_json_delta", "partial_json": piece}
            for piece in ("", *ask.argument_pieces)
        ]
        blocks.append((_tool_use(ask, wishes.tool, {}), pieces))
    else:
        words: list[Json] = [{"type": "text_delta", "text": word} for word in ask.words]
        blocks.append(({"type": "text", "text": ""}, words))
    return blocks


def _stream(ask: Ask, wishes: Wishes, output: int) -> Stream:
    def event(kind: str, part: Part, fields: Json) -> Event:
        return Event(sse({"type": kind, **fields}, kind), part, ask.gap_s)

    def block(index: int, begun: Json, deltas: list[Json]) -> tuple[Event, ...]:
        place = {"index": index}
        ping = (Event(PING, Part.HEAD, ask.gap_s),) if index == 0 else ()
        return (
            event("content_block_start", Part.HEAD, {**place, "content_block": begun}),
            *ping,
            *(
                event("content_block_delta", Part.CONTENT, {**place, "delta": delta})
                for delta in deltas
            ),
            event("content_block_stop", Part.TAIL, place),
        )

    end: Json = {
        "delta": {"stop_reason": _stop_reason(wishes), "stop_sequence": None},
        "usage": {"output_tokens": output},
    }
    events = (
        event("message_start", Part.HEAD, {"message": _message(ask, [], None, 1)}),
        *(
            one
            for index, (begun, deltas) in enumerate(_blocks(ask, wishes))
            for one in block(index, begun, deltas)
        ),
        event("message_delta", Part.FINISH, end),
        event("message_stop", Part.FINISH, {}),
    )
    return Stream(events, ERROR_FRAME, keepalive=PING)
