"""Reading a request body: JSON or a multipart form, and a fingerprint equal for equal requests."""

from __future__ import annotations

import hashlib
import json
import re

from halley.simulator.model import SimRequest

_BOUNDARY = re.compile(r'boundary="?([^";,]+)"?')
_NAME = re.compile(rb'name="([^"]*)"')
_FORM = "multipart/form-data"


def fields_of(request: SimRequest) -> dict[str, object] | None:
    """The JSON object or the text fields of a form; None when the body is neither."""
    boundary = _boundary(request)
    if boundary:
        return _form_fields(request.body, boundary)
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def fingerprint_of(request: SimRequest) -> str:
    """SHA-256 of method, path and body.

    A client draws a new multipart boundary for each attempt; it is left out, so that the attempts
    of one call look alike.
    """
    boundary = _boundary(request)
    body = request.body.replace(boundary, b"") if boundary else request.body
    head = f"{request.method} {request.path}\n".encode()
    return hashlib.sha256(head + body).hexdigest()


def _boundary(request: SimRequest) -> bytes:
    content_type = request.headers.get("content-type", "")
    found = _BOUNDARY.search(content_type) if content_type.startswith(_FORM) else None
    return found[1].encode() if found else b""


def _form_fields(body: bytes, boundary: bytes) -> dict[str, object]:
    fields: dict[str, object] = {}
    for part in body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if found := _NAME.search(head):
            name = found[1].decode(errors="replace")
            fields[name] = content.removesuffix(b"\r\n").decode(errors="replace")
    return fields
