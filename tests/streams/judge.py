"""A second opinion on a stream: slow, whole, and by another's parser.

The bytes are read at once by `httpx2.EventSource`, each event is parsed as JSON, and the rules of
the completion evidence are applied to the list. It shares nothing with halley but the definition:
text counts for the first choice; a refusal and a thought are content without being text.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2

from .recorded import Wire


@dataclass
class Opinion:
    """What a stream is."""

    committed: bool = False
    finished: bool = False
    failed: bool = False
    text: str = ""
    usage: dict[str, int] = field(default_factory=dict)
    tools: tuple[tuple[str, Any], ...] = ()


def judged(wire: Wire, data: bytes) -> Opinion:
    """The opinion on these bytes, as a stream that ended there."""
    events = [event for text in payloads(data) for event in documents(text)]
    return JUDGES[wire](events)


def payloads(data: bytes) -> list[str]:
    """The data of each event, as the parser of httpx2 finds them."""
    response = httpx2.Response(
        200,
        headers={"content-type": "text/event-stream; charset=utf-8"},
        content=data.removeprefix(b"\xef\xbb\xbf"),
        request=httpx2.Request("POST", "https://a.test"),
    )
    return [event.data for event in httpx2.EventSource(response) if event.data]


def documents(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects at the start of the data of an event, of which some gateways put two."""
    decoder = json.JSONDecoder()
    text = text.lstrip()
    while text:
        try:
            value, end = decoder.raw_decode(text)
        except ValueError:
            return
        if isinstance(value, dict):
            yield value
        text = text[end:].lstrip()


def parsed(text: str) -> Any:
    """JSON, or None; models write line feeds and tabs into texts as they are."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return None


def counts(usage: dict[str, Any] | None) -> dict[str, int]:
    """The plain numbers of a usage object."""
    return {name: value for name, value in (usage or {}).items() if isinstance(value, int)}


def chat(events: list[dict[str, Any]]) -> Opinion:
    found = Opinion()
    seen: set[int] = set()
    ended: set[int] = set()
    names: dict[tuple[int, int], str] = {}
    pieces: dict[tuple[int, int], str] = defaultdict(str)
    for event in events:
        found.failed |= event.get("error") is not None
        found.usage.update(counts(event.get("usage")))
        for choice in event.get("choices") or []:
            index, delta = choice.get("index", 0), choice.get("delta", {})
            seen.add(index)
            said = [delta.get(name) for name in ("content", "refusal", "reasoning_content")]
            found.committed |= any(said) or bool(delta.get("tool_calls"))
            found.text += (delta.get("content") or "") if index == 0 else ""
            for call in delta.get("tool_calls") or []:
                place, function = (index, call.get("index", 0)), call.get("function", {})
                names.setdefault(place, function.get("name") or "")
                pieces[place] += function.get("arguments") or ""
            if choice.get("finish_reason") == "error":
                found.failed = True
            elif choice.get("finish_reason"):
                ended.add(index)
    found.tools = tuple((name, parsed(pieces[place] or "{}")) for place, name in names.items())
    parse = all(arguments is not None for _, arguments in found.tools)
    found.finished = bool(seen) and seen == ended and parse and not found.failed
    return found


def responses(events: list[dict[str, Any]]) -> Opinion:
    found = Opinion()
    tools = []
    for event in events:
        kind = event.get("type", "")
        item = event.get("item", {})
        found.failed |= kind in ("error", "response.failed")
        found.finished |= kind in ("response.completed", "response.incomplete")
        found.committed |= kind.endswith(".delta")
        if kind == "response.output_text.delta":
            found.text += event.get("delta", "")
        if item.get("type") in ("function_call", "custom_tool_call", "mcp_call"):
            found.committed = True
            if kind == "response.output_item.done":
                tools.append((item.get("name"), arguments_of(item)))
        found.usage.update(counts(event.get("response", {}).get("usage")))
    found.tools = tuple(tools)
    return found


def arguments_of(item: dict[str, Any]) -> Any:
    """The arguments of a call that has come, or the free text a custom tool is given."""
    return parsed(item["arguments"]) if "arguments" in item else item.get("input")


def messages(events: list[dict[str, Any]]) -> Opinion:
    found = Opinion()
    pieces: dict[int, str] = defaultdict(str)
    names: dict[int, str] = {}
    callers: list[int] = []
    for event in events:
        kind, delta = event.get("type", ""), event.get("delta", {})
        found.failed |= kind == "error"
        found.finished |= kind == "message_stop"
        found.usage.update(counts(event.get("usage")))
        found.usage.update(counts(event.get("message", {}).get("usage")))
        if kind == "content_block_start":
            block = event.get("content_block", {})
            found.committed |= block.get("type") not in ("text", "thinking")
            if block.get("type") in ("tool_use", "server_tool_use"):
                names[event.get("index", 0)] = block.get("name", "")
            if block.get("type") == "tool_use":
                callers.append(event.get("index", 0))
        if kind == "content_block_delta":
            found.committed |= any(value for name, value in delta.items() if name != "type")
            found.text += delta.get("text", "")
            pieces[event.get("index", 0)] += delta.get("partial_json", "")
    found.tools = tuple((name, parsed(pieces[index] or "{}")) for index, name in names.items())
    found.finished &= all(parsed(pieces[index] or "{}") is not None for index in callers)
    return found


def gemini(events: list[dict[str, Any]]) -> Opinion:
    found = Opinion()
    seen: set[int] = set()
    ended: set[int] = set()
    tools = []
    for event in events:
        found.failed |= "error" in event
        found.usage.update(counts(event.get("usageMetadata")))
        for candidate in event.get("candidates", []):
            index = candidate.get("index", 0)
            seen.add(index)
            ended |= {index} if candidate.get("finishReason") else set()
            for part in candidate.get("content", {}).get("parts", []):
                found.committed |= bool(part.get("text") or part.get("functionCall"))
                if index == 0 and not part.get("thought"):
                    found.text += part.get("text", "")
                if call := part.get("functionCall"):
                    tools.append((call.get("name"), call.get("args")))
    found.tools = tuple(tools)
    found.finished = bool(seen) and seen == ended and not found.failed
    return found


JUDGES = {
    Wire.CHAT: chat,
    Wire.RESPONSES: responses,
    Wire.MESSAGES: messages,
    Wire.GEMINI: gemini,
}
