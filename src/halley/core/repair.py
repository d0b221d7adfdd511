"""Repair: the one change to a request that its refusal asks for.

A refusal that names a renamed field gets the new name, one that names an unsupported field loses
it. What the caller said (messages, tools, model) and what the answer must be like (length, format,
number) is never touched. Everything else of the body stays as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from halley.core.endpoints import Format, endpoint_at
from halley.core.evidence import evidence_of
from halley.core.model import Failure, Kind, Origin, Request

REPAIRS_MAX: Final = 2
"""Repairs of one call, each of another field."""

STATUSES: Final = frozenset({400, 403, 422, 500})
"""400 and 403 as CometAPI documents them, 422 of FastAPI, 500 `invalid_request` of new-api."""

SIGNED: Final = frozenset({Format.BEDROCK})
"""Formats whose requests are signed over their body (AWS Signature Version 4)."""

KINDS: Final = frozenset({Kind.UNSUPPORTED_PARAMETER, Kind.INVALID_REQUEST, Kind.PERMISSION})

RENAMES: Final = {
    "max_tokens": ("max_completion_tokens", "max_output_tokens"),
    "max_completion_tokens": ("max_tokens", "max_output_tokens"),
    "max_output_tokens": ("max_completion_tokens", "max_tokens"),
    "user": ("safety_identifier", "prompt_cache_key"),
}
"""Fields with another name elsewhere and the same meaning (OpenAI API reference, 2026-11)."""

KEPT: Final = frozenset(
    {
        "messages",
        "input",
        "contents",
        "system",
        "systeminstruction",
        "instructions",
        "prompt",
        "tools",
        "functions",
        "model",
        "toolchoice",
        "functioncall",
        "toolconfig",
        "stream",
        "n",
        "stop",
        "stopsequences",
        "maxtokens",
        "maxcompletiontokens",
        "maxoutputtokens",
        "responseformat",
        "text",
        "modalities",
        "audio",
        "logprobs",
        "toplogprobs",
        "dimensions",
        "include",
        "encodingformat",
        "size",
        "quality",
        "style",
        "background",
        "outputformat",
        "outputcompression",
        "outputconfig",
        "aspectratio",
        "resolution",
        "seconds",
        "duration",
        "image",
        "images",
        "imageurl",
        "mask",
        "negativeprompt",
        "voice",
        "file",
        "generationconfig",
        "safetysettings",
        "cachedcontent",
        "previousresponseid",
        "conversation",
        "moderation",
        "thinking",
    }
)
"""Never removed, spelled as `_folded` does: what was asked, of whom, and what comes back."""

# Field names as refusals of these APIs write them: quoted, or beside a word that announces one.
_QUOTED: Final = re.compile(r"""["'`\u201c\u2018]([a-z_]\w{0,63})["'`\u201d\u2019]""")
_ANNOUNCED: Final = re.compile(
    r"(?:argument supplied|arguments?|parameters?|fields?|property|properties|参数)"
    r"(?: not supported on this model)?\s{0,3}[:\uff1a]?\s{0,3}([a-z_]\w{0,63})"
)
_BEFORE: Final = re.compile(r"\b([a-z_]\w{0,63}): (?:extra inputs|extra fields|unknown)")
_REFUSED: Final = (
    "not supported",
    "unsupported",
    "does not support",
    "doesn't support",
    "unknown",
    "unrecognized",
    "unexpected",
    "not permitted",
    "not allowed",
    "extra inputs",
    "extra fields",
    "cannot find field",
    "不支持",
    "未知参数",
)
_DECODER: Final = json.JSONDecoder(parse_int=str, parse_float=str, strict=False)
_BLANK: Final = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Repair:
    """A changed body.

    Attributes:
        change: ``max_tokens -> max_completion_tokens``, or ``temperature removed``.
        fields: Names that no later repair of the call may touch.
    """

    body: bytes
    change: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member of the top-level object stands in its text, name and value."""

    name: str
    start: int
    name_end: int
    end: int


def repair(
    request: Request, failure: Failure, reply: bytes, done: tuple[str, ...] = ()
) -> Repair | None:
    """Return the change that a refusal asks for; None when it asks for none that may be made.

    Args:
        request: What was refused.
        failure: What its refusal was classified as.
        reply: The decoded start of the refusal's body.
        done: Fields that earlier repairs of the call touched.
    """
    if (
        not request.body
        or failure.kind not in KINDS
        or failure.status not in STATUSES
        or failure.ambiguous
        or failure.origin is Origin.CLIENT  # refused here, before it was sent
        or endpoint_at(request.method, request.path).format in SIGNED
    ):
        return None
    text = evidence_of({}, reply).text
    if failure.kind is not Kind.UNSUPPORTED_PARAMETER and not any(w in text for w in _REFUSED):
        return None
    members = _members(request.body)
    if (failure.field and failure.field not in members) or "messages[" in text:
        return None  # about something inside a field
    fields = {_folded(name): member for name, member in members.items() if name not in done}
    fields.pop("", None)  # names without a letter
    for named in _named(failure, text):
        member = fields.get(_folded(named))
        if member is not None:
            return _changed(request.body.decode(), member, members, text, done)
    return None


def _named(failure: Failure, text: str) -> Iterator[str]:
    """Yield the fields that a refusal names, the surest first."""
    yield failure.field
    for pattern in (_BEFORE, _QUOTED, _ANNOUNCED):
        yield from pattern.findall(text)


def _folded(name: str) -> str:
    """Return a name without its style: xAI answers `presence_penalty` with `presencePenalty`.

    >>> _folded("presence_penalty") == _folded("presencePenalty")
    True
    """
    return name.replace("_", "").lower()


def _changed(
    text: str, member: _Member, members: dict[str, _Member], refusal: str, done: tuple[str, ...]
) -> Repair | None:
    for new in RENAMES.get(member.name, ()):
        if new not in members and new not in done and re.search(rf"\b{new}\b", refusal):
            body = f'{text[: member.start]}"{new}"{text[member.name_end :]}'
            return Repair(body.encode(), f"{member.name} -> {new}", (member.name, new))
    if _folded(member.name) in KEPT:
        return None
    return Repair(_without(text, member).encode(), f"{member.name} removed", (member.name,))


def _without(text: str, member: _Member) -> str:
    """Cut a member out with the comma after it, or the one before the last."""
    after = _skip(text, member.end)
    if text[after] == ",":
        return text[: member.start] + text[_skip(text, after + 1) :]
    before = text[: member.start].rstrip(" \t\r\n").removesuffix(",")
    return before + text[member.end :]


def _members(body: bytes) -> dict[str, _Member]:
    """Find the members of a JSON object; {} for anything else, and for a name that occurs twice."""
    try:
        text = body.decode()
        found = list(_scan(text))
    except (ValueError, RecursionError, IndexError):
        return {}
    members = {member.name: member for member in found}
    return members if len(members) == len(found) else {}


def _scan(text: str) -> Iterator[_Member]:
    """Yield the members of an object.

    Raises:
        ValueError: it is none, or something follows it.
        IndexError: it ends too early.
    """
    at = _skip(text, 0)
    at = _skip(text, _past(text, at, "{"))
    while text[at] != "}":
        name, name_end = _DECODER.raw_decode(text, at)
        if not isinstance(name, str) or text[at] != '"':
            raise ValueError("expected a name")
        _, end = _DECODER.raw_decode(text, _skip(text, _past(text, _skip(text, name_end), ":")))
        yield _Member(name, at, name_end, end)
        at = _skip(text, end)
        if text[at] != "}":
            at = _skip(text, _past(text, at, ","))
    if _skip(text, at + 1) != len(text):
        raise ValueError("expected one object")


def _past(text: str, at: int, mark: str) -> int:
    if text[at] != mark:
        raise ValueError(f"expected {mark}")
    return at + 1


def _skip(text: str, at: int) -> int:
    """Return the place of the next character that is not blank."""
    blank = _BLANK.match(text, at)
    return blank.end() if blank else at
