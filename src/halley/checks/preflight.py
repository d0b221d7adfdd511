"""Preflight: will the server refuse this body? Asked before it is sent.

Three looks, each only if the one before it found nothing that hides the rest: is it JSON, is it of
the endpoint's shape, are its images and files within limits. Never raises for any bytes.
"""

from __future__ import annotations

import json
from typing import Final, NoReturn

from halley.checks.finding import Finding, noun
from halley.checks.limits import beyond
from halley.checks.shape import misshapen, shape_at
from halley.core.model import Request

_COMPRESSED: Final = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # gzip, zstd
_BOM: Final = "\ufeff"


class NotJSONError(ValueError):
    """The body is no JSON; the text says why, without a word of the body.

    Attributes:
        line: Line of the body where it ends to be JSON, from 1.
        column: Column in that line, from 1; 0 when all of it is meant.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 0) -> None:
        super().__init__(reason)
        self.line = line
        self.column = column


def check(request: Request) -> tuple[Finding, ...]:
    """Return what is wrong with the body of a request, errors before warnings.

    A body that is not held in memory, is compressed, or is a form is not looked at. On an endpoint
    without a known shape, what calls itself JSON must be JSON.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    body, shape = request.body, shape_at(request.path)
    is_form = request.content_type.startswith(("multipart/", "application/x-www-form-urlencoded"))
    if body is None or is_form or body.startswith(_COMPRESSED) or request.method != "POST":
        return ()
    if shape is None and (not body or "json" not in request.content_type):
        return ()
    try:
        parsed = parse(body)
    except NotJSONError as error:
        where = f" at line {error.line} column {error.column}" if error.column else ""
        return (Finding("error", "body", f"{error}{where}"),)
    if shape is None:
        return ()
    return examined(shape, parsed, len(body), model_in_path="/deployments/" in request.path)


def examined(
    shape: str, body: object, body_bytes: int, *, model_in_path: bool = False
) -> tuple[Finding, ...]:
    """Return what is wrong with a parsed body of a known shape, errors first.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    if not isinstance(body, dict):
        return (Finding("error", "body", f"expected an object, got {noun(body)}"),)
    found: dict[tuple[str, str], Finding] = {}
    for finding in (
        *misshapen(shape, body, model_in_path=model_in_path),
        *beyond(shape, body, body_bytes),
    ):
        found.setdefault((finding.level, finding.path), finding)
    return tuple(sorted(found.values(), key=lambda finding: finding.level))


def parse(body: bytes) -> object:
    """Parse a body as a server would.

    Raises:
        NotJSONError: it is no JSON.
    """
    if not body.strip():
        raise NotJSONError("expected a JSON object, got nothing")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise NotJSONError(f"expected UTF-8, got another byte at offset {error.start}") from None
    if text.startswith(_BOM):
        raise NotJSONError("expected JSON, got a byte order mark before it: save it without one")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        what = f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise NotJSONError(f"not JSON: {what}", error.lineno, error.colno) from None
    except RecursionError:
        raise NotJSONError("not JSON that a server reads: nested too deeply") from None
    except NotJSONError:
        raise
    except ValueError:  # Python's limit on the digits of a whole number, 4300
        raise NotJSONError("not JSON that a server reads: a number is too long") from None


def _no_number(word: str) -> NoReturn:
    raise NotJSONError(f"not JSON: {word} is no number of JSON's (RFC 8259 §6)")
