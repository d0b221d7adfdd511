"""Streams of the four formats, written from the providers' API references (read 2026-11)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from halley.core.endpoints import Format
from halley.core.streams import Observer


def event(data: Any, name: str = "") -> bytes:
    """One event with a JSON value."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


DONE = b"data: [DONE]\n\n"
PING = b": PING\n\n"


def chat(
    text: str | None = None,
    finish: str | None = None,
    index: int = 0,
    usage: Any = None,
    **delta: Any,
) -> bytes:
    """One chunk of a chat completion."""
    if text is not None:
        delta["content"] = text
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return event(
        {"id": "c1", "object": "chat.completion.chunk", "choices": [choice], "usage": usage}
    )


def chat_tool(arguments: str, *, name: str | None = None, at: int = 0) -> bytes:
    """One piece of a tool call of a chat completion."""
    function = {"arguments": arguments, **({"name": name} if name else {})}
    return chat(
        tool_calls=[
            {
                "index": at,
                "id": f"call_{at}" if name else None,
                "type": "function",
                "function": function,
            }
        ]
    )


def chat_usage(**counts: int) -> bytes:
    """The chunk without choices that states the usage."""
    return event({"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": counts})


def typed(kind: str, **fields: Any) -> bytes:
    """One event of Responses or Messages, which say their type twice."""
    return event({"type": kind, **fields}, kind)


def gemini(text: str | None = None, finish: str | None = None, **fields: Any) -> bytes:
    """One response of a Gemini stream."""
    parts = [] if text is None else [{"text": text}]
    candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    return event({"candidates": [candidate], **fields})


class Recorded(NamedTuple):
    """A stream that is whole, and what can be known of it."""

    format: Format
    events: tuple[bytes, ...]
    text: str = ""
    usage: dict[str, int] | None = None
    finished_at: int = -1
    """Number of the event with which the answer is whole; negative: from the end."""
    content_at: int = 0
    """Number of the first event that carries content."""

    @property
    def whole(self) -> bytes:
        return b"".join(self.events)

    @property
    def end(self) -> int:
        """Number of the event with which the answer is whole."""
        return self.finished_at % len(self.events)


CHAT = Recorded(
    Format.OPENAI_CHAT,
    (
        PING,
        chat("", role="assistant"),
        chat("Halley "),
        chat("kommt – "),
        chat("“data: [DONE]”\n\n"),
        chat("zurück ☄"),
        chat(finish="stop"),
        chat_usage(prompt_tokens=3, completion_tokens=4, total_tokens=7),
        DONE,
    ),
    "Halley kommt – “data: [DONE]”\n\nzurück ☄",
    {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    finished_at=6,
    content_at=2,
)
TOOLS = Recorded(
    Format.OPENAI_CHAT,
    (
        chat(role="assistant"),
        chat_tool("", name="orbit", at=0),
        chat_tool('{"comet": '),
        chat_tool('"1P"}'),
        chat_tool("", name="now", at=1),
        chat(finish="tool_calls"),
        DONE,
    ),
    finished_at=5,
    content_at=1,
)
TWO = Recorded(
    Format.OPENAI_CHAT,
    (
        chat("", role="assistant"),
        chat("one"),
        chat("uno", index=1),
        chat(finish="stop"),
        chat(" more", index=1),
        chat(finish="stop", index=1),
        DONE,
    ),
    "one",
    finished_at=5,
    content_at=1,
)
RESPONSES = Recorded(
    Format.RESPONSES,
    (
        typed("response.created", response={"id": "r", "status": "in_progress", "error": None}),
        typed("response.in_progress", response={"id": "r", "error": None, "usage": None}),
        typed("response.output_item.added", output_index=0, item={"type": "message", "id": "m"}),
        typed("response.content_part.added", part={"type": "output_text", "text": ""}),
        typed("response.output_text.delta", output_index=0, delta="Halley "),
        typed("response.output_text.delta", output_index=0, delta="returns"),
        typed("response.output_text.done", output_index=0, text="Halley returns"),
        typed(
            "response.output_item.added",
            output_index=1,
            item={"type": "function_call", "call_id": "call_1", "name": "orbit"},
        ),
        typed("response.function_call_arguments.delta", output_index=1, delta='{"a":'),
        typed("response.function_call_arguments.delta", output_index=1, delta="1}"),
        typed("response.function_call_arguments.done", output_index=1, arguments='{"a":1}'),
        typed(
            "response.completed",
            response={
                "id": "r",
                "error": None,
                "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
            },
        ),
    ),
    "Halley returns",
    {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
    content_at=4,
)
MESSAGES = Recorded(
    Format.MESSAGES,
    (
        typed(
            "message_start",
            message={
                "id": "msg_1",
                "stop_reason": None,
                "content": [],
                "usage": {"input_tokens": 3, "output_tokens": 1},
            },
        ),
        typed("content_block_start", index=0, content_block={"type": "thinking", "thinking": ""}),
        typed("ping"),
        typed("content_block_delta", index=0, delta={"type": "thinking_delta", "thinking": "Hm"}),
        typed("content_block_stop", index=0),
        typed("content_block_start", index=1, content_block={"type": "text", "text": ""}),
        typed("content_block_delta", index=1, delta={"type": "text_delta", "text": "Halley "}),
        typed("content_block_delta", index=1, delta={"type": "text_delta", "text": "returns"}),
        typed("content_block_stop", index=1),
        typed(
            "content_block_start",
            index=2,
            content_block={"type": "tool_use", "id": "toolu_1", "name": "orbit", "input": {}},
        ),
        typed(
            "content_block_delta",
            index=2,
            delta={"type": "input_json_delta", "partial_json": '{"a": '},
        ),
        typed(
            "content_block_delta", index=2, delta={"type": "input_json_delta", "partial_json": "1}"}
        ),
        typed("content_block_stop", index=2),
        typed("message_delta", delta={"stop_reason": "tool_use"}, usage={"output_tokens": 9}),
        typed("message_stop"),
    ),
    "Halley returns",
    {"input_tokens": 3, "output_tokens": 9},
    content_at=3,
)
GEMINI = Recorded(
    Format.GEMINI,
    (
        gemini("Halley "),
        gemini("returns", usageMetadata={"promptTokenCount": 3, "totalTokenCount": 5}),
        gemini(
            "",
            "STOP",
            usageMetadata={"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7},
        ),
    ),
    "Halley returns",
    {"promptTokenCount": 3, "candidatesTokenCount": 4, "totalTokenCount": 7},
)
ALL = {
    "chat": CHAT,
    "tools": TOOLS,
    "two": TWO,
    "responses": RESPONSES,
    "messages": MESSAGES,
    "gemini": GEMINI,
}


def observed(recorded: Recorded, chunks: Iterable[bytes]) -> Observer:
    """A stream as an observer sees it, to its end."""
    observer = Observer(recorded.format, 2 if recorded is TWO else 1)
    for chunk in chunks:
        observer.feed(chunk)
    observer.end()
    return observer


def facts(observer: Observer) -> tuple[Any, ...]:
    """Everything that is known of a stream."""
    return (
        observer.committed,
        observer.content,
        observer.finished,
        observer.done,
        observer.error,
        observer.judged,
        observer.usage,
        observer.text,
        observer.tool_calls,
    )
