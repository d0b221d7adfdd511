"""What a request asks for beside text: several choices, a tool call, thoughts.

One reader a format, each in that format's own fields. A tool is called where the request's tool
choice leaves no other way, so that a request which merely offers tools is still answered in words.
A field that is missing, or not of its type, asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Fields = Mapping[str, object]

CHOICES_MAX = 8


@dataclass(frozen=True, slots=True)
class Wishes:
    """How many choices, the name of the tool to call ("": none), and whether to show thoughts."""

    choices: int = 1
    tool: str = ""
    thoughts: bool = False


def of_chat(fields: Fields) -> Wishes:
    """`n`, `tool_choice`, `reasoning_effort` (OpenAI API reference, chat completions)."""
    choice = fields.get("tool_choice")
    forced = _text(fields, "tool_choice", "function", "name")
    offered = _text(fields, "tools", 0, "function", "name") if choice == "required" else ""
    thoughts = _text(fields, "reasoning_effort") not in ("", "none")
    return Wishes(_count(fields, "n"), forced or offered, thoughts)


def of_responses(fields: Fields) -> Wishes:
    """`tool_choice`, `reasoning.summary` (OpenAI API reference, responses)."""
    choice = fields.get("tool_choice")
    offered = _text(fields, "tools", 0, "name") if choice == "required" else ""
    thoughts = bool(_text(fields, "reasoning", "summary"))
    return Wishes(1, _text(fields, "tool_choice", "name") or offered, thoughts)


def of_messages(fields: Fields) -> Wishes:
    """`tool_choice`, `thinking` (Anthropic API reference, messages)."""
    any_tool = _text(fields, "tool_choice", "type") == "any"
    offered = _text(fields, "tools", 0, "name") if any_tool else ""
    thoughts = _text(fields, "thinking", "type") in ("enabled", "adaptive")
    return Wishes(1, _text(fields, "tool_choice", "name") or offered, thoughts)


def of_gemini(fields: Fields) -> Wishes:
    """`candidateCount`, `functionCallingConfig`, `thinkingConfig` (Gemini API reference)."""
    calling = ("toolConfig", "functionCallingConfig")
    allowed = _text(fields, *calling, "allowedFunctionNames", 0)
    offered = _text(fields, "tools", 0, "functionDeclarations", 0, "name")
    tool = (allowed or offered) if _text(fields, *calling, "mode") == "ANY" else ""
    # google-genai 3 writes this one in snake case; protobuf's JSON takes both.
    names = ("includeThoughts", "include_thoughts")
    thinking = ("generationConfig", "thinkingConfig")
    thoughts = any(_at(fields, *thinking, name) is True for name in names)
    return Wishes(_count(fields, "generationConfig", "candidateCount"), tool, thoughts)


def _at(value: object, *path: str | int) -> object:
    """What stands at a path of names and positions, None where it breaks off."""
    for step in path:
        match value, step:
            case dict(), str():
                value = value.get(step)
            case list(), int() if step < len(value):
                value = value[step]
            case _:
                return None
    return value


def _text(value: object, *path: str | int) -> str:
    found = _at(value, *path)
    return found if isinstance(found, str) else ""


def _count(fields: Fields, *path: str) -> int:
    found = _at(fields, *path)
    return min(max(found, 1), CHOICES_MAX) if isinstance(found, int) else 1
