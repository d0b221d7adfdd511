"""What an event of a stream says, format by format: content, the end, an error, usage.

Two readings. `seen` tells what an event means for the stream and is asked of few events; `gather`
collects the text and the tool calls, and only when somebody wants them. `plain` is a cheap look at
raw bytes that recognises the bulk of a stream, deltas that carry content and nothing else; what it
does not recognise is parsed. Sources: the four providers' API references and the gateways'
scanners named in the rows, read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from halley.core.endpoints import Format
from halley.core.envelopes import is_object, objects
from halley.core.notes import Object
from halley.core.usage import counts

ERROR_REASON: Final = "error"
"""The finish reason of an answer that failed (OpenRouter, and gateways that copy it)."""

LIMITED: Final = frozenset({"length", "max_tokens", "max_output_tokens", "content_filter"})
"""Finishes that may cut the arguments of a tool call, and say so."""


class Seen(NamedTuple):
    """What one event means for its stream.

    Attributes:
        content: It carries a part of the answer: text, reasoning, a refusal, a tool call.
        choices: Indexes of the choices it speaks of.
        ended: Choice -> its finish reason, lower case.
        closed: It is the event that closes the stream.
        usage: LLM tokens by the provider's names, where it states them; so far, or in all.
    """

    content: bool = False
    choices: tuple[int, ...] = ()
    ended: Mapping[int, str] = {}
    closed: bool = False
    usage: Mapping[str, int] | None = None


@dataclass(slots=True)
class Draft:
    """A tool call on its way."""

    id: str = ""
    name: str = ""
    arguments: str = ""
    free_form: bool = False


@dataclass(slots=True)
class Gathered:
    """The first choice's text and all tool calls, as far as they came."""

    chars_max: int
    chars: int = 0
    texts: list[str] = field(default_factory=list)
    calls: dict[object, Draft] = field(default_factory=dict)

    def text(self, value: object) -> None:
        """Add to the text, up to the limit."""
        if isinstance(value, str) and value and self.chars < self.chars_max:
            self.texts.append(value[: self.chars_max - self.chars])
            self.chars += len(self.texts[-1])

    def call(
        self, key: object, call_id: object = "", name: object = "", arguments: object = ""
    ) -> Draft:
        """Add to the tool call of a key."""
        draft = self.calls.setdefault(key, Draft())
        draft.id = draft.id or _word(call_id)
        draft.name = draft.name or _word(name)
        if self.chars < self.chars_max:
            added = _word(arguments)[: self.chars_max - self.chars]
            draft.arguments += added
            self.chars += len(added)
        return draft


class Reading(NamedTuple):
    """How to read the streams of one format.

    Attributes:
        known: The event is one of this format.
        seen: What a parsed event means.
        gather: Adds its text and tool calls.
        plain: Matches the raw bytes of a delta with content: where `unplain` is None its start,
            which names its type, else up to the content; a group is the content of a tool call.
        unplain: Is not in a plain one.
        closes: A closing event belongs to a whole answer, beside its finish reason.
    """

    known: Callable[[Object], bool]
    seen: Callable[[Object], Seen]
    gather: Callable[[Object, Gathered], None]
    plain: re.Pattern[bytes]
    unplain: re.Pattern[bytes] | None = None
    closes: bool = False


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _index(item: Object, name: str = "index") -> int:
    index = item.get(name, 0)
    return index if isinstance(index, int) else 0


def _reason(item: Object, name: str) -> dict[int, str]:
    reason = item.get(name)
    return {_index(item): reason.lower()} if isinstance(reason, str) and reason else {}


# OpenAI chat completions, and the legacy completions that carry `text` in place of a delta.


def _chat_known(event: Object) -> bool:
    return "choices" in event


def _chat_seen(event: Object) -> Seen:
    choices = objects(event.get("choices"))
    ended: dict[int, str] = {}
    for choice in choices:
        ended |= _reason(choice, "finish_reason")
    return Seen(
        content=any(_chat_content(choice) for choice in choices),
        choices=tuple(_index(choice) for choice in choices),
        ended=ended,
        usage=counts(event.get("usage")),
    )


def _chat_content(choice: Object) -> bool:
    if choice.get("text"):
        return True
    delta = choice.get("delta")
    if not is_object(delta):
        return is_object(choice.get("message"))
    return any(bool(value) for name, value in delta.items() if name != "role")


def _chat_gather(event: Object, into: Gathered) -> None:
    for choice in objects(event.get("choices")):
        number = _index(choice)
        delta = choice.get("delta")
        if number == 0:
            into.text(delta.get("content") if is_object(delta) else choice.get("text"))
        if is_object(delta):
            _chat_calls(delta, number, into)


def _chat_calls(delta: Object, number: int, into: Gathered) -> None:
    for call in objects(delta.get("tool_calls")):
        function = call.get("function")
        parts = function if is_object(function) else {}
        into.call((number, _index(call)), call.get("id"), parts.get("name"), parts.get("arguments"))
    legacy = delta.get("function_call")
    if is_object(legacy):
        into.call((number, "function"), "", legacy.get("name"), legacy.get("arguments"))


# OpenAI Responses: the type says it all; `response.failed` and `error` are failures.

_RESPONSES_ENDS: Final = {"response.completed": "completed", "response.incomplete": "length"}
_RESPONSES_CALLS: Final = ("function_call", "custom_tool_call", "mcp_call")


def _responses_known(event: Object) -> bool:
    return _word(event.get("type")).startswith("response.")


def _responses_seen(event: Object) -> Seen:
    kind = _word(event.get("type"))
    if kind in _RESPONSES_ENDS:
        response = event.get("response")
        usage = response.get("usage") if is_object(response) else None
        return Seen(ended={0: _RESPONSES_ENDS[kind]}, usage=counts(usage))
    item = event.get("item")
    called = is_object(item) and item.get("type") in _RESPONSES_CALLS
    partial = kind == "response.image_generation_call.partial_image"
    return Seen(content=called or partial or (kind.endswith(".delta") and bool(event.get("delta"))))


def _responses_gather(event: Object, into: Gathered) -> None:
    kind, key = _word(event.get("type")), _index(event, "output_index")
    match kind:
        case "response.output_text.delta":
            into.text(event.get("delta"))
        case "response.output_item.added":
            item = event.get("item")
            if is_object(item) and item.get("type") in _RESPONSES_CALLS:
                call_id = item.get("call_id") or item.get("id")
                free_form = item.get("type") == "custom_tool_call"
                into.call(key, call_id, item.get("name")).free_form = free_form
        case "response.function_call_arguments.delta" | "response.mcp_call_arguments.delta":
            into.call(key, arguments=event.get("delta"))
        case "response.custom_tool_call_input.delta":
            into.call(key, arguments=event.get("delta")).free_form = True


# Anthropic messages: `message_delta` has the stop reason and the usage, `message_stop` closes.

_MESSAGES_TYPES: Final = ("message_start", "message_delta", "message_stop", "ping")


def _messages_known(event: Object) -> bool:
    kind = _word(event.get("type"))
    return kind in _MESSAGES_TYPES or kind.startswith("content_block_")


def _messages_seen(event: Object) -> Seen:
    match event.get("type"):
        case "content_block_delta":
            delta = event.get("delta")
            parts = delta.items() if is_object(delta) else ()
            return Seen(content=any(bool(value) for name, value in parts if name != "type"))
        case "content_block_start":
            block = event.get("content_block")
            return Seen(content=is_object(block) and block.get("type") not in ("text", "thinking"))
        case "message_delta":
            delta = event.get("delta")
            ended = _reason(delta, "stop_reason") if is_object(delta) else {}
            return Seen(ended=ended, usage=counts(event.get("usage")))
        case "message_start":
            message = event.get("message")
            usage = counts(message.get("usage")) if is_object(message) else None
            return Seen(choices=(0,), usage=usage)
        case "message_stop":
            return Seen(closed=True)
        case _:
            return Seen()


def _messages_gather(event: Object, into: Gathered) -> None:
    index, kind = _index(event), event.get("type")
    delta, block = event.get("delta"), event.get("content_block")
    if kind == "content_block_start" and is_object(block):
        if "tool_use" in _word(block.get("type")):
            into.call(index, block.get("id"), block.get("name"))
        into.text(block.get("text"))
    elif kind == "content_block_delta" and is_object(delta):
        into.text(delta.get("text"))
        if "partial_json" in delta:
            into.call(index, arguments=delta.get("partial_json"))


# Gemini: each event is a whole response; cloud-code wraps it in `response`.


def _gemini_inner(event: Object) -> Object:
    inner = event.get("response")
    return inner if is_object(inner) else event


def _gemini_known(event: Object) -> bool:
    inner = _gemini_inner(event)
    return any(name in inner for name in ("candidates", "promptFeedback", "usageMetadata"))


def _gemini_parts(candidate: Object) -> Iterator[Object]:
    content = candidate.get("content")
    if is_object(content):
        yield from objects(content.get("parts"))


def _gemini_seen(event: Object) -> Seen:
    inner = _gemini_inner(event)
    candidates = objects(inner.get("candidates"))
    ended: dict[int, str] = {}
    for candidate in candidates:
        ended |= _reason(candidate, "finishReason")
    feedback = inner.get("promptFeedback")
    if is_object(feedback) and feedback.get("blockReason"):
        ended[0] = "blocked"
    return Seen(
        content=any(_gemini_content(part) for one in candidates for part in _gemini_parts(one)),
        choices=tuple(_index(candidate) for candidate in candidates),
        ended=ended,
        usage=counts(inner.get("usageMetadata")),
    )


def _gemini_content(part: Object) -> bool:
    return any(bool(value) for name, value in part.items() if name != "thought")


def _gemini_gather(event: Object, into: Gathered) -> None:
    for candidate in objects(_gemini_inner(event).get("candidates")):
        if _index(candidate) == 0:
            for part in _gemini_parts(candidate):
                if not part.get("thought"):
                    into.text(part.get("text"))
                called = part.get("functionCall")
                if is_object(called):  # whole in one event
                    key = len(into.calls)
                    into.call(key, called.get("id"), called.get("name"))


# The cheap looks. A quote inside a JSON string is escaped, so `"name":` is always a field.

TOOLS: Final = re.compile(rb'"(?:tool_calls|function_call|functionCall|tool_use|\w*arguments)"')
"""In the bytes of an event that has to do with tool calls."""

CHAT: Final = Reading(
    _chat_known,
    _chat_seen,
    _chat_gather,
    re.compile(rb'"(?:content|reasoning_content|reasoning|refusal|text|(arguments))"\s*:\s*"(?!")'),
    re.compile(rb'"finish_reason"\s*:\s*"|"error"|"index"\s*:\s*[1-9]'),
)
RESPONSES: Final = Reading(
    _responses_known,
    _responses_seen,
    _responses_gather,
    re.compile(rb'(?:event: ?[\w.]+\.delta\n)?data: ?\{"type": ?"response\.[\w.]+\.delta"'),
)
MESSAGES: Final = Reading(
    _messages_known,
    _messages_seen,
    _messages_gather,
    re.compile(rb'(?:event: ?content_block_delta\n)?data: ?\{"type": ?"content_block_delta"'),
    closes=True,
)
GEMINI: Final = Reading(
    _gemini_known,
    _gemini_seen,
    _gemini_gather,
    re.compile(rb'"text"\s*:\s*"(?!")'),
    re.compile(rb'"finishReason"|"promptFeedback"|"error"|"index"\s*:\s*[1-9]'),
)

READINGS: Final[dict[Format, Reading]] = {
    Format.OPENAI_CHAT: CHAT,
    Format.RESPONSES: RESPONSES,
    Format.MESSAGES: MESSAGES,
    Format.GEMINI: GEMINI,
}
"""The formats whose end can be told."""


def reading_of(event: Object) -> Reading | None:
    """The format that an event is of: a path may lead to another one (Vertex, gateways)."""
    return next((reading for reading in READINGS.values() if reading.known(event)), None)


FAILURES: Final = frozenset({"error", "response.failed"})
"""Types of events that end a stream as an error."""


def names_error(event: object) -> bool:
    """Say whether an event of any format is an error.

    >>> names_error({"error": {"message": "busy"}}), names_error({"error": None, "choices": []})
    (True, False)
    """
    if isinstance(event, list):  # Gemini wraps its error in an array
        return any(names_error(item) for item in objects(event))
    if not is_object(event):
        return False
    if event.get("error") or _word(event.get("type")) in FAILURES or event.get("object") == "error":
        return True
    return any(
        _reason(one, "finish_reason").get(_index(one)) == ERROR_REASON
        for one in objects(event.get("choices"))
    )
