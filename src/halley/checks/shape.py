"""Is a body of its endpoint's shape? One JSON Schema an endpoint, run by jsonschema-rs.

OpenAI's are made from the types of its SDK (tools/make_schemas.py); Anthropic's and Gemini's are
written by hand from their references. They are strict about the types of known fields and about
missing ones. Fields that they do not know are warnings: gateways take more than OpenAI does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.util import find_spec
from typing import Any, Final

from halley.checks.blame import findings
from halley.checks.finding import Finding, name_of

_GEMINI: Final = re.compile(r"/models/[^/]+:(?:streamG|g)enerateContent")
_ENDINGS: Final = {
    "/chat/completions": "chat",
    "/responses": "responses",
    "/embeddings": "embeddings",
    "/images/generations": "images",
    "/messages": "messages",
}
_DEEP: Final = "nested too deeply to be checked"


class ValidatorMissingError(ImportError):
    """The package that runs the schemas is not installed."""

    def __init__(self) -> None:
        super().__init__('checking bodies needs jsonschema-rs: pip install "halley[validate]"')


def shape_at(path: str) -> str | None:
    """Return the name of the shape that a path takes; None where JSON is all that is known.

    >>> shape_at("/v1/chat/completions?x=1"), shape_at("/v1/threads/t_1/messages")
    ('chat', None)
    """
    bare = path.partition("?")[0].rstrip("/")
    if _GEMINI.search(bare):
        return "gemini"
    if "/threads/" in bare:  # OpenAI's Assistants have messages too
        return None
    return next((shape for end, shape in _ENDINGS.items() if bare.endswith(end)), None)


def shape_of(body: Mapping[str, Any]) -> str | None:
    """Guess the shape of a body whose path is not known.

    >>> shape_of({"contents": []}), shape_of({"messages": [], "system": "x"}), shape_of({"a": 1})
    ('gemini', 'messages', None)
    """
    if "contents" in body:
        return "gemini"
    if "messages" in body:
        own = {"system", "stop_sequences", "anthropic_version", "thinking"}
        return "chat" if own.isdisjoint(body) else "messages"
    if "input" in body:
        sure = {"encoding_format", "dimensions"}
        items = body["input"]
        texts = isinstance(items, list) and not any(isinstance(item, dict) for item in items)
        named = "embed" in str(body.get("model", "")).lower()
        return "embeddings" if texts or named or not sure.isdisjoint(body) else "responses"
    if "prompt" in body:
        return "images"
    return "chat" if "model" in body else None


def require_validator() -> None:
    """Make sure that schemas can be run.

    Raises:
        ValidatorMissingError: they cannot.
    """
    if find_spec("jsonschema_rs") is None:
        raise ValidatorMissingError


def misshapen(shape: str, body: object, *, model_in_path: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with a parsed body.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    schema, validator = _validator(shape)
    try:
        if not validator.is_valid(body):
            for finding in findings(validator.iter_errors(body), schema):
                if not (model_in_path and finding.path == "model"):
                    yield finding
    except ValueError:  # jsonschema-rs counts levels
        yield Finding("warning", "body", _DEEP)
    if isinstance(body, dict):
        yield from _unknown(body, schema["properties"])


def _unknown(body: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[Finding]:
    for field in body:
        if field not in known:
            close = get_close_matches(field[:64], known, n=1, cutoff=0.85)
            hint = f", did you mean {close[0]}?" if close else ", a gateway may know it"
            yield Finding("warning", name_of(field), f"unknown field{hint}")


@cache
def _validator(shape: str) -> tuple[dict[str, Any], Any]:
    """Return the schema of a shape, and what runs it."""
    try:
        import jsonschema_rs  # noqa: PLC0415 - 25 ms, and an extra
    except ImportError:
        raise ValidatorMissingError from None
    file = resources.files("halley.checks") / "schemas" / f"{shape}.json"
    schema = json.loads(file.read_text("utf-8"))
    return schema, jsonschema_rs.validator_for(schema)
