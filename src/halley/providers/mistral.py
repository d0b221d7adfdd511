"""Mistral: a flat envelope, and a capacity code that heals."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "docs.mistral.ai, API errors and tiers, 2026-11"

ROWS: Final = (
    Row(
        "mistral.capacity",
        Kind.OVERLOADED,
        f"{_DOCS}: 3505",
        labels=("3505", "service_tier_capacity_exceeded"),
        ambiguous=False,
    ),
    Row(
        "mistral.rate",
        Kind.RATE_LIMIT,
        f"{_DOCS}: 1300",
        labels=("rate_limited",),
        unless=("@limit.money", "@limit.period"),
        ambiguous=False,
    ),
    Row("mistral.model", Kind.MODEL_NOT_FOUND, f"{_DOCS}: 1500", labels=("1500",), ambiguous=False),
    Row(
        "mistral.request",
        Kind.INVALID_REQUEST,
        _DOCS,
        labels=("invalid_request_message", "invalid_request_prompt", "3230", "3051"),
        ambiguous=False,
    ),
)
