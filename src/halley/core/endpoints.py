"""What a path asks for: the wire format it speaks, and whether sending it twice buys twice.

A path is cut into segments and looked up at every segment boundary, two segments before one, so a
mount in front of it (``/openai/deployments/x``, ``/api/v1``, ``/compatible-mode``) does not matter.
Which endpoints are bought on acceptance: new-api's routers, CometAPI's API pages, and for batches
the API references of OpenAI, Anthropic and Gemini, 2026-11.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from halley.core.model import Request

BODY_BYTES_MAX: Final = 256 * 1024
"""No more of a request body than this is looked at."""


class Format(StrEnum):
    """The wire format of an endpoint."""

    OPENAI_CHAT = "openai_chat"
    RESPONSES = "responses"
    MESSAGES = "messages"
    GEMINI = "gemini"
    BEDROCK = "bedrock"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    AUDIO = "audio"
    VIDEO = "video"
    MIDJOURNEY = "midjourney"
    SUNO = "suno"
    KLING = "kling"
    RUNWAY = "runway"
    BYTEDANCE = "bytedance"
    REPLICATE = "replicate"
    MODELS = "models"
    OTHER = "other"


GENERATES_TEXT: Final = frozenset(
    {Format.OPENAI_CHAT, Format.RESPONSES, Format.MESSAGES, Format.GEMINI, Format.BEDROCK}
)
TASKS: Final = frozenset(
    {
        Format.VIDEO,
        Format.MIDJOURNEY,
        Format.SUNO,
        Format.KLING,
        Format.RUNWAY,
        Format.BYTEDANCE,
        Format.REPLICATE,
    }
)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as a decision sees it.

    Attributes:
        paid_submit: Acceptance costs money once, whether or not the answer arrives.
        poll: Asks for the state of something bought earlier; free to repeat.
    """

    format: Format
    paid_submit: bool = False
    poll: bool = False


@dataclass(frozen=True, slots=True)
class _Family:
    format: Format
    buys: bool = False
    task: bool = False


_BATCH: Final = _Family(Format.OTHER, buys=True, task=True)

_FAMILIES: Final[dict[str, _Family]] = {
    "chat/completions": _Family(Format.OPENAI_CHAT),
    "completions": _Family(Format.OPENAI_CHAT),
    "responses": _Family(Format.RESPONSES),
    "messages": _Family(Format.MESSAGES),
    "messages/batches": _BATCH,
    "model": _Family(Format.BEDROCK),
    "models": _Family(Format.MODELS),
    "embeddings": _Family(Format.EMBEDDINGS),
    "engines": _Family(Format.EMBEDDINGS),
    "images": _Family(Format.IMAGES, buys=True),
    "audio": _Family(Format.AUDIO, buys=True),
    "videos": _Family(Format.VIDEO, buys=True, task=True),
    "video": _Family(Format.VIDEO, buys=True, task=True),
    "veo": _Family(Format.VIDEO, buys=True, task=True),
    "luma": _Family(Format.VIDEO, buys=True, task=True),
    "mj/submit": _Family(Format.MIDJOURNEY, buys=True),
    "mj/insight-face": _Family(Format.MIDJOURNEY, buys=True),
    "mj": _Family(Format.MIDJOURNEY, task=True),
    "suno/submit": _Family(Format.SUNO, buys=True),
    "suno/fetch": _Family(Format.SUNO, task=True),
    "suno": _Family(Format.SUNO, task=True),
    "kling": _Family(Format.KLING, buys=True, task=True),
    "runway/feed": _Family(Format.RUNWAY, task=True),
    "runway": _Family(Format.RUNWAY, buys=True, task=True),
    "runwayml": _Family(Format.RUNWAY, buys=True, task=True),
    "volc": _Family(Format.BYTEDANCE, buys=True, task=True),
    "contents/generations": _Family(Format.BYTEDANCE, buys=True, task=True),
    "replicate": _Family(Format.REPLICATE, buys=True, task=True),
    "predictions": _Family(Format.REPLICATE, buys=True, task=True),
    "flux": _Family(Format.OTHER, buys=True, task=True),
    "bria": _Family(Format.OTHER, buys=True, task=True),
    "bfl": _Family(Format.OTHER, buys=True, task=True),
    "ideogram": _Family(Format.OTHER, buys=True),
    "recraft": _Family(Format.OTHER, buys=True),
    "batches": _BATCH,
    "fine_tuning": _Family(Format.OTHER, buys=True, task=True),
}

_OTHER: Final = _Family(Format.OTHER)
_DOWNLOADS: Final = frozenset({"content", "download"})
_GEMINI_TEXT: Final = _Family(Format.GEMINI)
_GEMINI_TASK: Final = _Family(Format.VIDEO, buys=True, task=True)

_GEMINI_VERBS: Final[dict[str, _Family]] = {
    "generatecontent": _GEMINI_TEXT,
    "streamgeneratecontent": _GEMINI_TEXT,
    "rawpredict": _GEMINI_TEXT,
    "streamrawpredict": _GEMINI_TEXT,
    "counttokens": _Family(Format.OTHER),
    "embedcontent": _Family(Format.EMBEDDINGS),
    "batchembedcontents": _Family(Format.EMBEDDINGS),
    "batchgeneratecontent": _BATCH,
    "asyncbatchembedcontent": _BATCH,
    "predict": _Family(Format.IMAGES, buys=True),
    "predictlongrunning": _GEMINI_TASK,
    "fetchpredictoperation": _Family(Format.VIDEO, task=True),
}

# Models that render a picture, a film or sound are bought per piece, on a chat endpoint too.
_RENDERERS: Final = ("sora", "veo-", "veo2", "veo3", "dall-e", "-image", "imagen", "kling", "-tts")
_RENDERERS_MORE: Final = ("seedance", "seedream", "midjourney", "suno", "runway", "flux", "hailuo")


def family_of(path: str) -> _Family:
    """The row for a path without its query; `other` when no row fits."""
    bare = path.partition("?")[0]
    segments = [part for part in bare.split("/") if part]
    if segments and segments[-1] in _DOWNLOADS:
        return _OTHER
    if segments and ":" in segments[-1]:
        verb = segments[-1].rpartition(":")[2].lower()
        if verb in _GEMINI_VERBS:
            return _GEMINI_VERBS[verb]
    for index, segment in enumerate(segments):
        pair = "/".join(segments[index : index + 2])
        found = _FAMILIES.get(pair) or _FAMILIES.get(segment)
        if found is not None:
            return found
    return _OTHER


@lru_cache(maxsize=512)
def endpoint_at(method: str, path: str) -> Endpoint:
    """The endpoint of a path, as far as method and path tell.

    >>> endpoint_at("POST", "/v1/videos").paid_submit, endpoint_at("GET", "/v1/videos/task_1").poll
    (True, True)
    >>> str(endpoint_at("POST", "/api/v1/chat/completions?x=1").format)
    'openai_chat'
    """
    family = family_of(path)
    reads = method.upper() in {"GET", "HEAD"}
    poll = family.task and (reads or not family.buys)
    return Endpoint(family.format, family.buys and method.upper() == "POST", poll)


def endpoint_of(request: Request) -> Endpoint:
    """The endpoint of a request; on a text format the model tells whether a picture is bought.

    >>> endpoint_of(Request("POST", "", "/v1beta/models/gemini-image:generateContent")).paid_submit
    True
    """
    endpoint = endpoint_at(request.method, request.path)
    if endpoint.format in GENERATES_TEXT and renders(model_of(request)):
        return Endpoint(endpoint.format, paid_submit=True)
    return endpoint


def renders(model: str) -> bool:
    """True for a model whose output is bought by the piece (picture, film, sound).

    >>> renders("gemini-2.5-flash-image"), renders("gpt-5")
    (True, False)
    """
    name = model.lower()
    return any(mark in name for mark in _RENDERERS + _RENDERERS_MORE)


_MODEL_IN_JSON: Final = re.compile(r'"model"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.){0,200})"')
_MODEL_IN_FORM: Final = re.compile(
    r'name="?model"?\r?\n(?:[!-~ ]{1,200}\r?\n){0,4}\r?\n([!-~]{1,200})'
)
_STREAM_IN_JSON: Final = re.compile(r'"stream"\s{0,8}:\s{0,8}true\b')


def model_of(request: Request) -> str:
    """The model a request names, "" when unknown.

    Read from the path (Gemini, Bedrock, Azure deployments), else from the top level of a JSON
    body or the `model` field of a form.

    >>> model_of(Request("POST", "", "/v1beta/models/gemini-3-pro:generateContent"))
    'gemini-3-pro'
    """
    return _model_in_path(request.path) or _model_in_body(request)


def wants_stream(request: Request) -> bool:
    """True when the request asks for a stream of events."""
    bare, _, query = request.path.partition("?")
    if ":stream" in bare or "alt=sse" in query or bare.endswith("-stream"):
        return True
    body = request.body
    if not body or b'"stream"' not in body:
        return False
    parsed = _parsed(body)
    if parsed is not None:
        return parsed.get("stream") is True
    return _STREAM_IN_JSON.search(_text(body)) is not None


def _model_in_path(path: str) -> str:
    bare = path.partition("?")[0]
    for mark in ("/models/", "/model/", "/deployments/"):
        _, found, rest = bare.partition(mark)
        if found:
            name = rest.partition("/")[0]
            head, _, verb = name.rpartition(":")
            name = head if head and verb.lower() in _GEMINI_VERBS else name
            return "" if name.startswith("{") else name[:200]
    return ""


def _model_in_body(request: Request) -> str:
    body = request.body
    if not body or b"model" not in body[:BODY_BYTES_MAX]:
        return ""
    if "multipart" in request.content_type:
        found = _MODEL_IN_FORM.search(_text(body))
        return found[1].strip() if found else ""
    parsed = _parsed(body)
    if parsed is not None:
        model = parsed.get("model")
        return model[:200] if isinstance(model, str) else ""
    found = _MODEL_IN_JSON.search(_text(body))
    return found[1] if found else ""


def _parsed(body: bytes) -> dict[str, object] | None:
    """The body as an object, None when it is too large, not JSON or not an object."""
    if len(body) > BODY_BYTES_MAX:
        return None
    try:
        parsed = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _text(body: bytes) -> str:
    return body[:BODY_BYTES_MAX].decode("utf-8", "replace")
