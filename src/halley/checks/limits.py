"""Are images and files within the documented limits, and is anything empty that may not be?

The limits are a table with their sources. Those a server is known to refuse at are errors; those of
OpenAI's guide are warnings, because a gateway takes the same shape to providers with others.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from halley.checks.finding import Finding, Level, Step, path_of, shown

MIB: Final = 1024 * 1024
START_CHARS: Final = 4096
"""Of base64 that are decoded: enough to tell it from a path or a URL."""

DEPTH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What one provider takes in a request; None: no figure is documented.

    Attributes:
        body_bytes: All of the body.
        media_bytes: All images and files of it, decoded.
        image_chars: One image as base64.
        images: Number of images.
        image_types: Media types of images.
        level: What passing a limit of size or number is.
    """

    source: str
    image_types: tuple[str, ...]
    level: Level
    body_bytes: int | None = None
    media_bytes: int | None = None
    image_chars: int | None = None
    images: int | None = None


_OPENAI: Final = Limits(
    "platform.openai.com/docs/guides/images, image input requirements; guides/pdf-files, 2026-11",
    ("image/png", "image/jpeg", "image/webp", "image/gif"),
    "warning",
    media_bytes=50 * MIB,
    images=500,
)
LIMITS: Final[dict[str, Limits]] = {
    "chat": _OPENAI,
    "responses": _OPENAI,
    "messages": Limits(
        "platform.claude.com/docs/en/build-with-claude/vision, 2026-11; the size of an image is "
        "that of its base64: figures in claude-code#2146 and #11181",
        ("image/png", "image/jpeg", "image/webp", "image/gif"),
        "error",
        body_bytes=32 * MIB,
        image_chars=5 * MIB,
        images=600,
    ),
    "gemini": Limits(
        "blog.google, Gemini API new file limits, 2026-01: inline data of 100 MB as base64",
        ("image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"),
        "error",
        body_bytes=100 * MIB,
    ),
}

_DATA_FIELDS: Final = {"url", "image_url", "file_data", "file_url"}
"""Fields that hold a data URL."""
_BASE64_HOLDERS: Final = {"source", "inlineData", "inline_data", "input_audio"}
"""Objects whose `data` is base64."""


@dataclass(frozen=True, slots=True)
class Medium:
    """An image or file inside a body; `type` is "" where nothing says it."""

    path: tuple[Step, ...]
    type: str
    data: str


def beyond(shape: str, body: object, body_bytes: int) -> Iterator[Finding]:
    """Yield what passes a limit, and what is empty."""
    limits = LIMITS.get(shape)
    if limits is not None:
        media = list(_media(body, ()))
        yield from _sizes(limits, media, body_bytes)
        for medium in media:
            yield from _medium(limits, medium)
    if isinstance(body, dict):
        yield from _empty(shape, body)


def _media(value: object, path: tuple[Step, ...]) -> Iterator[Medium]:
    """Yield the images and files of a body, wherever they stand."""
    if len(path) > DEPTH_MAX:
        return
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _media(item, (*path, index))
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str):
                yield from _here(value, name, inner, path)
            elif isinstance(inner, dict | list):
                yield from _media(inner, (*path, name))


def _here(holder: dict[str, Any], name: str, text: str, path: tuple[Step, ...]) -> Iterator[Medium]:
    if name in _DATA_FIELDS and text.startswith("data:"):
        head, _, data = text[:256].partition(",")
        yield Medium(
            (*path, name),
            head[5:].partition(";")[0].lower(),
            text[len(head) + 1 :] if data else "",
        )
    elif name == "data" and path and path[-1] in _BASE64_HOLDERS and holder.get("type") != "text":
        media_type = holder.get("media_type") or holder.get("mimeType") or holder.get("mime_type")
        yield Medium((*path, name), str(media_type or "").lower(), text)


def _sizes(limits: Limits, media: list[Medium], body_bytes: int) -> Iterator[Finding]:
    images = sum(medium.type.startswith("image/") for medium in media)
    media_bytes = sum(len(medium.data) for medium in media) * 3 // 4
    for what, size, most in (
        ("bytes of body", body_bytes, limits.body_bytes),
        ("bytes of images and files", media_bytes, limits.media_bytes),
        ("images", images, limits.images),
    ):
        if most is not None and size > most:
            yield Finding(limits.level, "body", f"expected at most {most} {what}, got {size}")


def _medium(limits: Limits, medium: Medium) -> Iterator[Finding]:
    path = path_of(medium.path)
    if not medium.data:
        yield Finding("error", path, "expected base64 data, got none")
    elif not is_base64(medium.data):
        yield Finding("error", path, "expected base64 data, got other text")
    is_image = medium.type.startswith("image/")
    if is_image and medium.type not in limits.image_types:
        known = ", ".join(limits.image_types)
        yield Finding("warning", path, f"expected one of {known}, got {shown(medium.type)}")
    most = limits.image_chars
    if is_image and most is not None and len(medium.data) > most:
        message = f"expected at most {most} characters of base64, got {len(medium.data)}"
        yield Finding(limits.level, path, message)


def is_base64(data: str) -> bool:
    """Say whether a text begins as base64 does, in either alphabet.

    >>> is_base64("aGFsbGV5"), is_base64("images/cat.png")
    (True, False)
    """
    start = "".join(data[:START_CHARS].split()).replace("-", "+").replace("_", "/")
    start = start[: len(start) - len(start) % 4] if len(data) > START_CHARS else start.rstrip("=")
    padding = "=" * (-len(start) % 4)
    try:
        binascii.a2b_base64(start + padding, strict_mode=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _empty(shape: str, body: dict[str, Any]) -> Iterator[Finding]:
    """Yield content that is there and says nothing."""
    name = "contents" if shape == "gemini" else "input" if shape == "embeddings" else "messages"
    items = body.get(name)
    if items in ("", []):
        yield Finding("error", name, "expected at least one, got none")
    elif isinstance(items, list) and shape == "embeddings":
        for index, item in enumerate(items):
            if item == "":
                yield Finding("error", path_of([name, index]), "expected text, got none")
    elif isinstance(items, list):
        for index, message in enumerate(items):
            if isinstance(message, dict):
                is_last = index == len(items) - 1
                yield from _empty_message(shape, message, (name, index), is_last=is_last)


def _empty_message(
    shape: str, message: dict[str, Any], path: tuple[Step, ...], *, is_last: bool
) -> Iterator[Finding]:
    field = "parts" if shape == "gemini" else "content"
    content = message.get(field)
    if content not in ("", []) or message.get("tool_calls") or message.get("function_call"):
        return
    role = message.get("role")
    # platform.claude.com, errors of /v1/messages, 2026-11: "except for the optional final
    # assistant message"; OpenAI takes an empty text, and tools may have nothing to say.
    if shape == "messages" and is_last and role == "assistant":
        return
    level: Level = "error" if shape in {"messages", "gemini"} else "warning"
    if role != "tool":
        yield Finding(level, path_of([*path, field]), "expected content, got none")
