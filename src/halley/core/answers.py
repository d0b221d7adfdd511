"""What is wrong with a 2xx that carries no error: 200 is not success.

Each symptom is a mark (``@answer.…``) for the tables to judge. A body that is not complete is never
called cut, and a format that is not known is never called empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from halley.core.bodies import Form
from halley.core.endpoints import GENERATES_TEXT, TASKS, Endpoint, Format
from halley.core.envelopes import Shape, is_object, objects
from halley.core.evidence import Evidence
from halley.core.model import Reply, StreamState
from halley.core.notes import Object

MEDIA: Final = ("audio/", "video/", "image/", "application/pdf", "application/zip", "font/")
BODILESS: Final = frozenset({202, 204, 205})

PENDING: Final = frozenset(
    {
        "queued",
        "submitted",
        "in_progress",
        "processing",
        "running",
        "pending",
        "not_start",
        "created",
        "preparing",
        "starting",
        "waiting",
        "scheduled",
        "validating",
        "finalizing",
        "in_queue",
        "throttled",  # Runway
        "text_success",  # Suno: the words are there, the music is not
        "first_success",
    }
)
FAILED: Final = frozenset(
    {
        "failed",
        "failure",
        "fail",
        "error",
        "cancelled",
        "canceled",
        "expired",
        "rejected",
        "violation",
        "banned",
        "timeout",
        "create_task_failed",
        "generate_audio_failed",
        "sensitive_word_error",
    }
)
BLOCKING: Final = frozenset(
    {
        "safety",
        "recitation",
        "prohibited_content",
        "blocklist",
        "spii",
        "language",
        "image_safety",
        "image_prohibited_content",
        "image_recitation",
    }
)
_ANSWERS_JSON: Final = GENERATES_TEXT | TASKS | {Format.EMBEDDINGS, Format.IMAGES, Format.MODELS}


def expects_json(answer: Format) -> bool:
    """True for a format whose every answer is JSON or a stream of it."""
    return answer in _ANSWERS_JSON


def is_media(content_type: str) -> bool:
    """True for bytes that are the answer itself: sound, pictures, films."""
    return content_type.lower().startswith(MEDIA)


def symptoms(endpoint: Endpoint, reply: Reply, evidence: Evidence) -> frozenset[str]:
    """The marks of a 2xx answer that is none; empty for a good one."""
    found = list(_symptoms(endpoint, reply, evidence))
    if not found and reply.stream is not None:
        found = ["cut" if reply.stream is StreamState.INTERRUPTED else "in_band"]
    return frozenset(f"@answer.{name}" for name in found)


def _symptoms(endpoint: Endpoint, reply: Reply, evidence: Evidence) -> Iterator[str]:
    json = expects_json(endpoint.format)
    whole = reply.complete
    cut = reply.stream is StreamState.INTERRUPTED
    events = cut or "event-stream" in reply.headers.get("content-type", "")
    match evidence.body.form:
        case Form.PAGE:
            yield "page"
        case Form.EMPTY if whole and json and reply.status not in BODILESS:
            yield "empty"
        case Form.TEXT if json and evidence.shape is Shape.TEXT:
            yield "text"
        case Form.BROKEN if whole and json:
            yield "broken"
        case Form.EVENTS if whole and endpoint.format in GENERATES_TEXT:
            yield from _stream(evidence, cut=cut)
        case Form.JSON if events and whole and endpoint.format in GENERATES_TEXT:
            yield "no_events"
        case Form.JSON:
            for document in _unwrapped(evidence.body.documents):
                yield from _document(endpoint, document)


def _unwrapped(documents: Iterable[object]) -> Iterator[Object]:
    for document in documents:
        if is_object(document):
            yield document
        yield from objects(document)


def _stream(evidence: Evidence, *, cut: bool) -> Iterator[str]:
    frames = [frame for frame in evidence.body.documents if is_object(frame)]
    if not frames:
        yield "empty"
    elif cut or not any(finishes(frame) for frame in frames):
        yield "cut"
    for frame in frames:
        if any(reason(choice) == "error" for choice in objects(frame.get("choices"))):
            yield "finish_error"
        yield from _gemini_blocks(frame)


_ENDS: Final = frozenset(
    {
        "response.completed",
        "response.incomplete",
        "response.failed",
        "response.cancelled",
        "response.done",
        "message_stop",
        "error",
    }
)


def reason(choice: Object) -> str:
    """Why a choice or candidate ended, lower case; "" while it goes on."""
    found = choice.get("finish_reason") or choice.get("finishReason") or ""
    return found.lower() if isinstance(found, str) else ""


def finishes(frame: Object) -> bool:
    """True for the event that ends an answer. ``[DONE]`` proves nothing: gateways append it."""
    kind = frame.get("type")
    if isinstance(kind, str) and kind in _ENDS:
        return True
    delta = frame.get("delta")
    if is_object(delta) and delta.get("stop_reason"):
        return True
    response = frame.get("response")  # cloud-code wraps Gemini's frames
    inner = response if is_object(response) else frame
    if is_object(inner.get("promptFeedback")):
        return True
    ends = objects(inner.get("choices")) + objects(inner.get("candidates"))
    return any(reason(end) for end in ends)


def _document(endpoint: Endpoint, document: Object) -> Iterator[str]:
    match endpoint.format:
        case Format.OPENAI_CHAT:
            yield from _chat(document)
        case Format.GEMINI:
            yield from _gemini(document)
        case Format.MESSAGES:
            if document.get("type") == "message" and document.get("content") is None:
                yield "no_choices"
        case Format.RESPONSES:
            if document.get("status") == "failed":
                yield "task_failed"
        case Format.IMAGES | Format.EMBEDDINGS:
            if "data" in document and not document["data"]:
                yield "no_data"
        case _:
            if endpoint.format in TASKS or endpoint.poll:
                yield from _task(endpoint, document)


def _chat(document: Object) -> Iterator[str]:
    if "choices" in document and not document["choices"]:
        yield "no_choices"
    if any(reason(choice) == "error" for choice in objects(document.get("choices"))):
        yield "finish_error"


def _gemini(document: Object) -> Iterator[str]:
    blocks = list(_gemini_blocks(document))
    yield from blocks
    known = "candidates" in document or "usageMetadata" in document
    if known and not document.get("candidates") and not blocks:
        yield "no_choices"


def _gemini_blocks(document: Object) -> Iterator[str]:
    feedback = document.get("promptFeedback")
    if is_object(feedback) and feedback.get("blockReason"):
        yield "blocked"
    for candidate in objects(document.get("candidates")):
        why = reason(candidate)
        if why in BLOCKING:
            yield "blocked"
        if why == "malformed_function_call":
            yield "malformed_call"


def _task(endpoint: Endpoint, document: Object) -> Iterator[str]:
    state = state_of(document)
    if state in FAILED:
        yield "task_failed"
    elif state in PENDING and endpoint.poll:
        yield "pending"


def state_of(document: Object) -> str:
    """The state of a task, lower case; "" when the document names none."""
    for holder in (document, document.get("data"), document.get("output")):
        if is_object(holder):
            for name in ("task_status", "status", "state"):
                state = holder.get(name)
                if isinstance(state, str) and state:
                    return state.lower().removeprefix("task_status_")
    return ""
