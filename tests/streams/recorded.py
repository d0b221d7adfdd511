"""The recorded streams with what each of them is, said by hand: see README.md.

An event is counted from 0 and counts when it carries data; comments do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class Wire(StrEnum):
    """The formats of streams."""

    CHAT = "chat"
    RESPONSES = "responses"
    MESSAGES = "messages"
    GEMINI = "gemini"


@dataclass(frozen=True)
class Recorded:
    """One stream.

    Attributes:
        content: The first event that carries something of the answer, be it the name of a tool.
        finish: The event with which the answer is whole; None for one that never is.
        error: The event that says that the answer failed.
        text: The text of the first choice.
        tools: The tool calls, also the provider's own: name and arguments, None where these do
            not parse, as they stand where they are no JSON.
        usage: What the stream says was used, by the names it uses.
    """

    name: str
    wire: Wire
    content: int | None = None
    finish: int | None = None
    error: int | None = None
    text: str = ""
    tools: tuple[tuple[str, Any], ...] = ()
    usage: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name

    @cached_property
    def data(self) -> bytes:
        """The bytes as they came."""
        return (HERE / f"{self.name}.sse").read_bytes()

    @cached_property
    def blocks(self) -> tuple[bytes, ...]:
        """The bytes cut after each blank line: an event or a comment each."""
        ends = [found.end() for found in _BLANK_LINE.finditer(self.data)]
        return tuple(self.data[a:b] for a, b in zip([0, *ends], ends, strict=False))

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Where each event that counts is over, in bytes; a CR ends a line without its LF."""
        ends, at = [], 0
        for block in self.blocks:
            at += len(block)
            if not block.lstrip(b"\xef\xbb\xbf").startswith(b":"):
                ends.append(at - block.endswith(b"\r\n"))
        return tuple(ends)

    def blocks_in(self, byte: int) -> tuple[bytes, ...]:
        """The blocks of the first so many bytes, the last one perhaps broken."""
        left, kept = byte, []
        for block in self.blocks:
            kept.append(block[:left])
            left -= len(kept[-1])
        return tuple(kept)

    def events_in(self, byte: int) -> int:
        """How many events are over in the first so many bytes."""
        return sum(end <= byte for end in self.ends)

    def whole_in(self, byte: int) -> bool:
        """Whether the first so many bytes are a whole answer."""
        return self.finish is not None and self.events_in(byte) > self.finish

    def failed_in(self, byte: int) -> bool:
        """Whether the first so many bytes say that the answer failed."""
        return self.error is not None and self.events_in(byte) > self.error

    def begun_in(self, byte: int) -> bool:
        """Whether something of the answer is in the first so many bytes."""
        return self.content is not None and self.events_in(byte) > self.content


RECORDED = (
    Recorded(
        "chat_plain",
        Wire.CHAT,
        content=1,
        finish=12,
        text="Comet Halley kehrt zurück, sao chổi 彗星 ☄️ 🚀.",
    ),
    Recorded(
        "chat_tools_usage",
        Wire.CHAT,
        content=1,
        finish=14,
        tools=(("orbit", {"comet": "Halley"}), ("weather", {"city": "Đà Nẵng 彗", "days": [1, 2]})),
        usage={"prompt_tokens": 82, "completion_tokens": 46, "total_tokens": 128},
    ),
    Recorded(
        "chat_two_choices",
        Wire.CHAT,
        content=2,
        finish=9,
        text="Every 76 years.",
        usage={"prompt_tokens": 19, "completion_tokens": 6, "total_tokens": 25},
    ),
    Recorded(
        "chat_reasoning",
        Wire.CHAT,
        content=1,
        finish=8,
        text="Halley. 哈雷",
        usage={"prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19},
    ),
    Recorded("chat_length_no_done", Wire.CHAT, content=1, finish=4, text="One two three"),
    Recorded(
        "chat_azure",
        Wire.CHAT,
        content=2,
        finish=5,
        text="A comet.",
        usage={"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    ),
    Recorded("chat_refusal", Wire.CHAT, content=1, finish=4),
    Recorded(
        "chat_crlf_bom_comments",
        Wire.CHAT,
        content=1,
        finish=4,
        text="Halley — ☄!",
        usage={"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 13},
    ),
    Recorded(
        "chat_comet_ping",
        Wire.CHAT,
        content=1,
        finish=4,
        text="Xin chào!",
        usage={"prompt_tokens": 6, "completion_tokens": 3, "total_tokens": 9},
    ),
    Recorded("chat_cr", Wire.CHAT, content=1, finish=2, text="Hi"),
    Recorded("chat_error_frame", Wire.CHAT, content=1, error=3, text="One two"),
    Recorded("chat_openrouter_error", Wire.CHAT, content=0, error=1, text="One"),
    Recorded(
        "chat_done_without_finish",
        Wire.CHAT,
        content=1,
        text="One two",
        usage={"prompt_tokens": 6, "completion_tokens": 2, "total_tokens": 8},
    ),
    Recorded("chat_arguments_do_not_parse", Wire.CHAT, content=1, tools=(("orbit", None),)),
    Recorded(
        "responses_plain",
        Wire.RESPONSES,
        content=4,
        finish=14,
        text="Comet Halley, sao chổi 彗星 🚀.",
        usage={"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
    ),
    Recorded(
        "responses_reasoning_tool",
        Wire.RESPONSES,
        content=4,
        finish=18,
        tools=(("orbit", {"comet": "Halley ☄"}),),
        usage={"input_tokens": 52, "output_tokens": 31, "total_tokens": 83},
    ),
    Recorded(
        "responses_incomplete",
        Wire.RESPONSES,
        content=4,
        finish=10,
        text="One two three",
        usage={"input_tokens": 9, "output_tokens": 16, "total_tokens": 25},
    ),
    Recorded(
        "responses_refusal",
        Wire.RESPONSES,
        content=4,
        finish=10,
        usage={"input_tokens": 14, "output_tokens": 4, "total_tokens": 18},
    ),
    Recorded(
        "responses_every_event",
        Wire.RESPONSES,
        content=5,
        finish=97,
        text="Halley.",
        tools=(
            ("ephemeris", {"at": 2061}),
            ("ephemeris", {"at": 2061}),
            ("grep", "comet"),
            ("orbit", {"comet": "Halley ☄"}),
        ),
        usage={"input_tokens": 210, "output_tokens": 96, "total_tokens": 306},
    ),
    Recorded("responses_error_then_failed", Wire.RESPONSES, error=2),
    Recorded("responses_flat_error", Wire.RESPONSES, content=4, error=6, text="One two"),
    Recorded("responses_failed", Wire.RESPONSES, content=4, error=6, text="One two"),
    Recorded(
        "messages_plain",
        Wire.MESSAGES,
        content=3,
        finish=10,
        text="Comet Halley kehrt zurück, sao chổi 彗星 🚀.",
        usage={"input_tokens": 25, "output_tokens": 15},
    ),
    Recorded(
        "messages_thinking_tool",
        Wire.MESSAGES,
        content=3,
        finish=22,
        text="Let me look.",
        tools=(("orbit", {"comet": "Halley 彗星"}),),
        usage={"input_tokens": 402, "output_tokens": 89},
    ),
    Recorded(
        "messages_tool_without_arguments",
        Wire.MESSAGES,
        content=1,
        finish=5,
        tools=(("now", {}),),
        usage={"input_tokens": 380, "output_tokens": 37},
    ),
    Recorded(
        "messages_search",
        Wire.MESSAGES,
        content=1,
        finish=14,
        text="In 2061.",
        tools=(("web_search", {"query": "halley"}),),
        usage={"input_tokens": 10682, "output_tokens": 510},
    ),
    Recorded(
        "messages_max_tokens_crlf",
        Wire.MESSAGES,
        content=2,
        finish=6,
        text="One two",
        usage={"input_tokens": 8, "output_tokens": 2},
    ),
    Recorded(
        "messages_overloaded",
        Wire.MESSAGES,
        content=3,
        error=5,
        text="One two",
        usage={"input_tokens": 25},
    ),
    Recorded("messages_overloaded_first", Wire.MESSAGES, error=0),
    Recorded(
        "gemini_plain_crlf",
        Wire.GEMINI,
        content=0,
        finish=3,
        text="Comet Halley kehrt zurück: sao chổi 彗星 🚀.",
        usage={"promptTokenCount": 8, "candidatesTokenCount": 12, "totalTokenCount": 20},
    ),
    Recorded(
        "gemini_thoughts_tool",
        Wire.GEMINI,
        content=0,
        finish=2,
        tools=(("orbit", {"comet": "Halley 彗星"}),),
        usage={"promptTokenCount": 61, "candidatesTokenCount": 16, "totalTokenCount": 121},
    ),
    Recorded(
        "gemini_two_candidates",
        Wire.GEMINI,
        content=0,
        finish=2,
        text="Every 76 years.",
        usage={"promptTokenCount": 6, "candidatesTokenCount": 9, "totalTokenCount": 15},
    ),
    Recorded(
        "gemini_max_tokens_usage_after",
        Wire.GEMINI,
        content=0,
        finish=1,
        text="One two three",
        usage={"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8},
    ),
    Recorded(
        "gemini_error",
        Wire.GEMINI,
        content=0,
        error=1,
        text="One two",
        usage={"promptTokenCount": 8},
    ),
)

BY_NAME = {recorded.name: recorded for recorded in RECORDED}
