"""What the transports do with the findings of preflight: say them, or answer in the server's place.

A refused request is never sent. Its caller gets the error its SDK raises for a 400, because the
answer has the form of the endpoint's own errors; the code `halley_preflight` tells it apart.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Final

from halley.checks.finding import Finding
from halley.checks.preflight import check
from halley.checks.shape import shape_at
from halley.core.model import Request
from halley.core.policy import Validate
from halley.providers.preflight import CODE

LOGGER: Final = logging.getLogger("halley")
TOLD_MAX: Final = 5
"""Findings in a message; the rest is counted."""


def refusal(request: Request, mode: Validate) -> bytes | None:
    """Return the body of a 400 for a request that is refused; None: it may be sent.

    Findings that refuse nothing are logged once, by the names of their fields alone.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    findings = check(request)
    errors = [finding for finding in findings if finding.level == "error"]
    if mode is Validate.REFUSE and errors:
        return error_body(request.path, errors)
    if findings:
        fields = ", ".join(dict.fromkeys(finding.path for finding in findings))
        LOGGER.warning("%s %s preflight: %s", request.method, request.path, fields)
    return None


def error_body(path: str, errors: Sequence[Finding]) -> bytes:
    """Return an error as the endpoint at a path spells its own."""
    told = "; ".join(map(str, errors[:TOLD_MAX]))
    more = f"; and {len(errors) - TOLD_MAX} more" if len(errors) > TOLD_MAX else ""
    message = f"halley preflight: {told}{more} (nothing was sent)"
    kind = "invalid_request_error"
    match shape_at(path):
        case "messages":
            error = {"type": kind, "message": message, "code": CODE}
            return json.dumps({"type": "error", "error": error}).encode()
        case "gemini":
            details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": CODE}]
            status = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
            return json.dumps({"error": {**status, "details": details}}).encode()
        case _:
            error = {"message": message, "type": kind, "param": errors[0].path, "code": CODE}
            return json.dumps({"error": error}).encode()
