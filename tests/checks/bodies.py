"""Request bodies of every shape, and a short way to check one."""

from __future__ import annotations

import base64
import json
from typing import Any

from halley.checks.preflight import check
from halley.core.model import Request

PATHS = {
    "chat": "/v1/chat/completions",
    "responses": "/v1/responses",
    "embeddings": "/v1/embeddings",
    "images": "/v1/images/generations",
    "messages": "/v1/messages",
    "gemini": "/v1beta/models/gemini-2.5-pro:generateContent",
}
HELLO = [{"role": "user", "content": "hello"}]
GOOD: dict[str, dict[str, Any]] = {
    "chat": {"model": "m", "messages": HELLO},
    "responses": {"model": "m", "input": "hello"},
    "embeddings": {"model": "m", "input": ["hello"]},
    "images": {"model": "m", "prompt": "a comet"},
    "messages": {"model": "m", "max_tokens": 9, "messages": HELLO},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "hello"}]}]},
}


def request(body: bytes | object, shape: str = "chat", **fields: Any) -> Request:
    """A POST with a body, written as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    described = {"path": PATHS.get(shape, shape), "content_type": "application/json", **fields}
    return Request("POST", "https://api.cometapi.com", body=content, **described)


def errors(body: bytes | object, shape: str = "chat") -> list[str]:
    """What will be refused."""
    return [str(found) for found in check(request(body, shape)) if found.level == "error"]


def warnings(body: bytes | object, shape: str = "chat") -> list[str]:
    """What may be refused."""
    return [str(found) for found in check(request(body, shape)) if found.level == "warning"]


def picture(size: int, media_type: str = "image/png") -> str:
    """A data URL of so many decoded bytes."""
    return f"data:{media_type};base64,{base64.b64encode(bytes(size)).decode()}"
