"""What the transports do with the findings of preflight: say them, or answer in the server's place.

A refused request is never sent. Its caller gets the error its SDK raises for a 400, because the
answer has the form of the endpoint's own errors; the code `halley_preflight` tells it apart.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from halley.checks.finding import Finding
from halley.checks.preflight import check
from halley.core.local import Local
from halley.core.model import Request
from halley.core.policy import Validate
from halley.providers.local import CODE

LOGGER: Final = logging.getLogger("halley")
TOLD_MAX: Final = 5
"""Findings in a message; the rest is counted."""


def refusal(request: Request, mode: Validate) -> Local | None:
    """Return the answer to a request that is refused; None: it may be sent.

    Findings that refuse nothing are logged once, by the names of their fields alone.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    findings = check(request)
    errors = [finding for finding in findings if finding.level == "error"]
    if mode is Validate.REFUSE and errors:
        return answer(errors)
    if findings:
        fields = ", ".join(dict.fromkeys(finding.path for finding in findings))
        LOGGER.warning("%s %s preflight: %s", request.method, request.path, fields)
    return None


def answer(errors: Sequence[Finding]) -> Local:
    """Return what findings that refuse a request say to its caller."""
    told = "; ".join(map(str, errors[:TOLD_MAX]))
    more = f"; and {len(errors) - TOLD_MAX} more" if len(errors) > TOLD_MAX else ""
    message = f"halley preflight: {told}{more} (nothing was sent)"
    return Local(400, CODE, message, kind="invalid_request_error", param=errors[0].path)
