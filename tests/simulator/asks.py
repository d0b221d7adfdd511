"""Requests for a stream in each format, and what a client on a socket gets for one."""

from __future__ import annotations

from typing import Any

import httpx2
from tests.streams.recorded import Wire

from halley.simulator import Simulator, fail, keys, ok, script, serve
from halley.simulator.faults import Fault

PATHS = {
    Wire.CHAT: "/v1/chat/completions",
    Wire.RESPONSES: "/v1/responses",
    Wire.MESSAGES: "/v1/messages",
    Wire.GEMINI: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
}
_HELLO = [{"role": "user", "content": "hello"}]
BODIES: dict[Wire, dict[str, Any]] = {
    Wire.CHAT: {"model": "gpt-5-mini", "messages": _HELLO, "stream": True},
    Wire.RESPONSES: {"model": "gpt-5-mini", "input": "hello", "stream": True},
    Wire.MESSAGES: {
        "model": "claude-haiku-4-5",
        "max_tokens": 64,
        "messages": _HELLO,
        "stream": True,
    },
    Wire.GEMINI: {"contents": [{"parts": [{"text": "hello"}]}]},
}
_PARAMETERS = {"type": "object", "properties": {"comet": {"type": "string"}}}
OFFERED: dict[Wire, dict[str, Any]] = {
    Wire.CHAT: {
        "tools": [{"type": "function", "function": {"name": "orbit", "parameters": _PARAMETERS}}]
    },
    Wire.RESPONSES: {
        "tools": [{"type": "function", "name": "orbit", "parameters": _PARAMETERS, "strict": False}]
    },
    Wire.MESSAGES: {"tools": [{"name": "orbit", "input_schema": _PARAMETERS}]},
    Wire.GEMINI: {"tools": [{"functionDeclarations": [{"name": "orbit"}]}]},
}
"""A tool that may be called."""
FORCED: dict[Wire, dict[str, Any]] = {
    Wire.CHAT: {**OFFERED[Wire.CHAT], "tool_choice": "required"},
    Wire.RESPONSES: {**OFFERED[Wire.RESPONSES], "tool_choice": "required"},
    Wire.MESSAGES: {**OFFERED[Wire.MESSAGES], "tool_choice": {"type": "any"}},
    Wire.GEMINI: {
        **OFFERED[Wire.GEMINI],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    },
}
"""A tool that must be called."""
THINKING: dict[Wire, dict[str, Any]] = {
    Wire.CHAT: {"reasoning_effort": "low"},
    Wire.RESPONSES: {"reasoning": {"summary": "auto"}},
    Wire.MESSAGES: {"thinking": {"type": "enabled", "budget_tokens": 1024}},
    Wire.GEMINI: {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
}
"""Thoughts are to be shown."""
SEVERAL: dict[Wire, dict[str, Any]] = {
    Wire.CHAT: {"n": 2},
    Wire.GEMINI: {"generationConfig": {"candidateCount": 2}},
}
"""Two choices, where the format knows of them."""


def received(
    wire: Wire, what: str | Fault | None, *, speed: float = 50.0, more: dict[str, Any] | None = None
) -> tuple[list[bytes], str]:
    """What arrives on a socket, and how it ends: "", or the name of the exception."""
    steps = script(ok() if what is None else fail(what))
    body = {**BODIES[wire], **(more or {})}
    headers = {"authorization": f"Bearer {keys.VALID}"}
    chunks: list[bytes] = []
    with (
        serve(Simulator(script=steps), speed=speed) as server,
        httpx2.Client(base_url=server.url, headers=headers, timeout=0.5, verify=False) as client,
    ):
        try:
            with client.stream("POST", PATHS[wire], json=body) as reply:
                chunks.extend(reply.iter_raw())
        except httpx2.TransportError as error:
            return chunks, type(error).__name__
    return chunks, ""
