"""Envelopes: where in a document an error stands, and what it says there.

Every reader notes what it understands and names the envelope; the first that finds an error wins.
Under a good status only what cannot be part of an answer counts. Bounded in depth and items; no
type of value raises.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeGuard

from halley.core.bodies import embedded, salvaged
from halley.core.notes import Notes, Object

DEPTH_MAX: Final = 4
"""Objects inside objects, and errors stringified inside messages, that are followed."""

ITEMS_MAX: Final = 16


class Shape(StrEnum):
    """The envelope an error came in; `none` is a document without an error."""

    NONE = "none"
    EMPTY = "empty"
    PAGE = "page"
    TEXT = "text"
    BROKEN = "broken"
    ENVELOPE = "envelope"  # {"error": {…}}: OpenAI, Anthropic, Google, new-api
    STRING = "string"  # {"error": "…"}
    TASK = "task"  # {"code", "message"}: new-api tasks, DashScope, Kling
    MIDJOURNEY = "midjourney"  # {"code": <int>, "description"}
    FLAT = "flat"  # {"object": "error", …}, {"type": "error", "code", …}, {"message"}
    PROBLEM = "problem"  # RFC 9457, as Cloudflare sends it


SUCCESSES: Final = frozenset({"success", "succeed", "ok", "0", "200", "true", "none", ""})
"""Spellings of a `code` that means success."""


def is_object(value: object) -> TypeGuard[Object]:
    """A JSON object."""
    return isinstance(value, dict)


def objects(value: object) -> list[Object]:
    """The objects of a JSON array, bounded."""
    return (
        [item for item in value[:ITEMS_MAX] if is_object(item)] if isinstance(value, list) else []
    )


def error_in(document: object, notes: Notes, depth: int = 0) -> Shape:
    """Note the first error of a document, and say in which envelope it came."""
    if depth > DEPTH_MAX:
        return Shape.NONE
    for item in objects(document):  # Gemini wraps its error in an array
        shape = error_in(item, notes, depth + 1)
        if shape is not Shape.NONE:
            return shape
    if not is_object(document):
        return Shape.NONE
    for reader in (_envelope, _inside, _problem, _midjourney, _task, _flat):
        shape = reader(document, notes, depth)
        if shape is not Shape.NONE:
            return shape
    return Shape.NONE


def _envelope(document: Object, notes: Notes, depth: int) -> Shape:
    error = document.get("error") or document.get("errors") or document.get("Error")
    if isinstance(error, list):
        error = next(iter(objects(error)), None)
    if is_object(error) and error:
        _error_object(error, notes, depth)
        _envelope_extras(document, notes)
        return Shape.ENVELOPE
    if isinstance(error, str):
        notes.label(document.get("code"))
        notes.label(document.get("type"))
        notes.label(document.get("status"))
        _message(error, notes, depth)
        notes.waits(document)
        notes.say(document.get("message"))
        notes.say(document.get("error_description"))
        return Shape.STRING
    return Shape.NONE


def _envelope_extras(document: Object, notes: Notes) -> None:
    for name in ("code", "type", "status"):
        value = document.get(name)
        if isinstance(value, str) and value != "error":
            notes.label(value)
    notes.waits(document)
    notes.say(document.get("message"))


def _inside(document: Object, notes: Notes, depth: int) -> Shape:
    """An error one level down: a failed response, a choice, a task's data."""
    for name in ("response", "data", "output", "task", "ResponseMetadata", "Response"):
        inner = document.get(name)
        if is_object(inner) and (inner.get("error") or inner.get("Error") or name == "response"):
            shape = error_in(inner, notes, depth + 1)
            if shape is not Shape.NONE:
                return shape
    for choice in objects(document.get("choices")):
        if choice.get("error"):
            return error_in(choice, notes, depth + 1)
    status = document.get("base_resp")  # MiniMax: {"base_resp": {"status_code", "status_msg"}}
    if is_object(status) and status.get("status_code"):
        notes.label(f"minimax.{status['status_code']}")
        notes.say(status.get("status_msg"))
        return Shape.TASK
    return Shape.NONE


def _problem(document: Object, notes: Notes, _depth: int) -> Shape:
    cloudflare = document.get("cloudflare_error") is True
    if not cloudflare and (notes.success or not {"title", "status"} <= document.keys()):
        return Shape.NONE
    for name in ("error_name", "error_category", "code", "error_code"):
        value = document.get(name)
        notes.label(f"cloudflare.{value}" if name == "error_code" and cloudflare else value)
    notes.label(document.get("status"))
    for name in ("title", "detail", "message"):
        notes.say(document.get(name))
    notes.waits(document)
    if isinstance(document.get("retryable"), bool):
        notes.retryable = document["retryable"] is True
    return Shape.PROBLEM


def _midjourney(document: Object, notes: Notes, _depth: int) -> Shape:
    code = document.get("code")
    if not isinstance(document.get("description"), str) or not isinstance(code, int):
        return Shape.NONE
    if isinstance(code, bool) or code in {1, 21, 22, 200}:
        return Shape.NONE
    notes.label(f"mj.{code}")
    notes.label(document.get("type"))
    notes.say(document["description"])
    return Shape.MIDJOURNEY


_BARE: Final = ("message", "Message", "errorMessage", "msg", "code", "statusCode")


def _calls_itself_error(document: Object) -> bool:
    if document.get("error_code") and "error_msg" in document:  # Baidu
        return True
    return document.get("object") == "error" or document.get("type") == "error"


def _flat(document: Object, notes: Notes, depth: int) -> Shape:
    said = _calls_itself_error(document)
    bare = "__type" in document or any(name in document for name in _BARE)
    detail = document.get("detail")
    if not said and (notes.success or not document or not (bare or detail)):
        return Shape.NONE
    notes.label(str(document.get("__type", "")).rpartition("#")[2])
    if detail:
        _detail(detail, notes, depth)
    _error_object(document, notes, depth)
    return Shape.FLAT


def _detail(detail: object, notes: Notes, depth: int) -> None:
    """FastAPI's `detail`: a sentence, an object or a list of field errors."""
    if isinstance(detail, str):
        _message(detail, notes, depth)
    elif is_object(detail):
        _error_object(detail, notes, depth + 1)
    for item in objects(detail):
        where = item.get("loc")
        if isinstance(where, list) and not notes.param:
            notes.param = ".".join(str(part) for part in where[:8])[:200]
        notes.label("validation_error")
        notes.say(item.get("msg"))


def _succeeded(document: Object) -> bool:
    """A wrapper that says success, or says nothing at all."""
    code = document.get("code")
    if code is None:
        code = document.get("message") or document.get("msg") or ""
    return str(code).lower() in SUCCESSES


def _task(document: Object, notes: Notes, depth: int) -> Shape:
    if document.get("success") is False and ("message" in document or "msg" in document):
        _error_object(document, notes, depth)
        return Shape.TASK
    if "code" not in document or not ("message" in document or "msg" in document):
        return Shape.NONE
    if _calls_itself_error(document):
        return Shape.NONE
    if notes.success and _succeeded(document):
        return Shape.NONE
    _error_object(document, notes, depth)
    return Shape.TASK


_LABELS: Final = (
    "code",
    "Code",
    "type",
    "status",
    "reason",
    "error_code",
    "error_type",
    "errorCode",
)
_INNER: Final = ("innererror", "inner_error", "cause")
_MESSAGES: Final = (
    "message",
    "msg",
    "detail",
    "error_msg",
    "errorMessage",
    "Message",
    "error",
    "title",
)


def _error_object(error: Object, notes: Notes, depth: int) -> None:
    if depth > DEPTH_MAX:
        return
    for name in _LABELS:
        if name in error:
            _label(error[name], notes, depth)
    param = error.get("param")
    if param and isinstance(param, str):
        _param(param, notes)
    for name in _MESSAGES:
        if name in error:
            _message(error[name], notes, depth)
    notes.waits(error)
    _attached(error, notes, depth)


def _attached(error: Object, notes: Notes, depth: int) -> None:
    """What stands beside code and message: a cause, details, metadata."""
    for name in _INNER:
        if name in error and is_object(inner := error[name]):
            _error_object(inner, notes, depth + 1)
    if "details" in error:
        _google(error["details"], notes)
    if "metadata" in error:
        _openrouter(error["metadata"], notes, depth)


def _label(value: object, notes: Notes, depth: int) -> None:
    """A code, type or reason; a code that is an object (GoModel's tests) has its own."""
    if is_object(value):
        _error_object(value, notes, depth + 1)
    elif value != "error":
        notes.label(value)


def _param(param: str, notes: Notes) -> None:
    """A field's name, or the upstream's true status (new-api's `status_code_mapping`)."""
    if param.isascii() and param.isdigit():
        if len(param) == 3 and "100" <= param <= "599":  # noqa: PLR2004
            notes.status = int(param)
            notes.labels.add(f"param.{param}")
    elif not notes.param:
        notes.param = param[:200]


def _message(value: object, notes: Notes, depth: int) -> None:
    if is_object(value):
        _error_object(value, notes, depth + 1)
        return
    if not isinstance(value, str) or not value:
        return
    notes.say(value)
    if "_" in value and value.isidentifier():  # a code where the sentence should be
        notes.label(value)
    if "{" in value and depth < DEPTH_MAX:
        inner = embedded(value)
        if inner is None:
            _salvage(value, notes)
        elif error_in(inner, notes, depth + 1) is Shape.NONE and is_object(inner):
            _error_object(inner, notes, depth + 1)


def _salvage(text: str, notes: Notes) -> None:
    found = salvaged(text).get("error")
    if is_object(found):
        for name in ("code", "status", "type", "reason"):
            notes.label(found.get(name))
        notes.wait(found.get("retryDelay"))
        _quota(found.get("quotaId"), None, notes)


def _google(details: object, notes: Notes) -> None:
    if is_object(details):
        for name in ("error_code", "reason", "error_visibility", "code"):
            notes.label(details.get(name))
        return
    for detail in objects(details):
        notes.label(detail.get("reason"))
        delay = detail.get("retryDelay")
        if delay is not None:
            notes.labels.add("google.retry_info")
            notes.wait(delay.get("seconds") if is_object(delay) else delay)
        metadata = detail.get("metadata")
        if is_object(metadata):
            _quota(metadata.get("quota_limit"), metadata.get("quota_limit_value"), notes)
        for violation in objects(detail.get("violations")):
            _quota(violation.get("quotaId"), violation.get("quotaValue"), notes)
        for violation in objects(detail.get("fieldViolations")):
            if isinstance(violation.get("field"), str) and not notes.param:
                notes.param = str(violation["field"])[:200]
        notes.say(detail.get("detail"))


def _quota(name: object, value: object, notes: Notes) -> None:
    if isinstance(name, str):
        lowered = name.lower()
        if "perday" in lowered or "per_day" in lowered:
            notes.labels.add("quota.per_day")
        if "perminute" in lowered or "per_minute" in lowered:
            notes.labels.add("quota.per_minute")
        if str(value) == "0":
            notes.labels.add("quota.zero")


def _openrouter(metadata: object, notes: Notes, depth: int) -> None:
    if isinstance(metadata, str):
        notes.say(metadata)
    if not is_object(metadata):
        return
    _message(metadata.get("raw"), notes, depth + 1)
    notes.waits(metadata)
    if metadata.get("flagged_input") or metadata.get("reasons"):
        notes.labels.add("flagged")
    headers = metadata.get("headers")
    if is_object(headers):
        lowered = {str(name).lower(): value for name, value in headers.items()}
        notes.wait(lowered.get("retry-after"))
        if isinstance(lowered.get("x-ratelimit-reset"), str | int):
            notes.reset = str(lowered["x-ratelimit-reset"])
