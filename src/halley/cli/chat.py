"""One chat completion over `halley.Client`: what is sent, and what the answer says.

The answer is read as far as a person needs it: text, model, usage, and whether it is whole. What
the call came to is in its history, which the transport leaves on the response or the exception.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from halley.core.model import Attempt
from halley.transport.history import history
from halley.transport.httpx2 import Client

PATH: Final = "/chat/completions"


@dataclass(slots=True)
class Answer:
    """What came back.

    Attributes:
        error: The frame in which a stream said that it failed, "" when none did.
        whole: The answer was ended by its author, not by the connection.
        attempts: Every send of the call.
    """

    text: str = ""
    model: str = ""
    usage: Mapping[str, Any] | None = None
    error: str = ""
    whole: bool = False
    attempts: tuple[Attempt, ...] = ()


def request_body(prompt: str, *, system: str, model: str, stream: bool) -> dict[str, object]:
    """Return the body of the request."""
    roles = (("system", system), ("user", prompt))
    messages = [{"role": role, "content": text} for role, text in roles if text]
    body: dict[str, object] = {"model": model, "messages": messages}
    if stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return body


def ask(
    client: Client, url: str, key: str, body: Mapping[str, object], *, heard: Callable[[str], None]
) -> Answer:
    """Make the call; `heard` gets each piece of the text as it comes.

    A fault ends the answer where it was; the history says which one.
    """
    answer = Answer()
    headers = {"authorization": f"Bearer {key}"}
    try:
        with client.stream("POST", url, json=body, headers=headers) as response:
            answer.attempts = _attempts(response)
            if response.status_code < 300:  # noqa: PLR2004 - RFC 9110 §15.3
                _read(response, answer, heard)
    except httpx2.RequestError as fault:
        answer.attempts = _attempts(fault) or answer.attempts
        answer.whole = False
    return answer


def _attempts(subject: object) -> tuple[Attempt, ...]:
    found = history(subject)
    return found.attempts if found else ()


def _read(response: httpx2.Response, answer: Answer, heard: Callable[[str], None]) -> None:
    if "event-stream" in response.headers.get("content-type", ""):
        for event in _events(response.iter_lines()):
            heard(_take_event(event, answer))
        return
    heard(_take_whole(response.read(), answer))


def _take_whole(body: bytes, answer: Answer) -> str:
    document = _document(body.decode("utf-8", "replace"))
    _take_facts(document, answer)
    answer.text = _text(document, "message")
    answer.whole = bool(document.get("choices"))
    return answer.text


def _take_event(event: str, answer: Answer) -> str:
    document = _document(event)
    if document.get("error"):
        answer.error = event
    _take_facts(document, answer)
    piece = _text(document, "delta")
    answer.text += piece
    # Some gateways send [DONE] without a finish reason (vercel/ai#19165): that is a cut.
    answer.whole = not answer.error and (
        answer.whole or bool(_choice(document).get("finish_reason"))
    )
    return piece


def _take_facts(document: Mapping[str, Any], answer: Answer) -> None:
    model, usage = document.get("model"), document.get("usage")
    if isinstance(model, str):
        answer.model = model
    if isinstance(usage, dict):
        answer.usage = usage


def _events(lines: Iterable[str]) -> Iterable[str]:
    return (line[5:].strip() for line in lines if line.startswith("data:"))


def _document(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _choice(document: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else {}


def _text(document: Mapping[str, Any], part: str) -> str:
    message = _choice(document).get(part)
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
