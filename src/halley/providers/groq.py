"""Groq: an oversized request as 413, and failures of the model itself as 400."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "console.groq.com/docs/errors and tool-use, 2026-11"

ROWS: Final = (
    Row(
        "groq.request_above_limit",
        Kind.TOO_LARGE,
        f"{_DOCS}: 413 with rate_limit_exceeded asks to shrink",
        labels=("rate_limit_exceeded",),
        status=(413,),
        ambiguous=False,
    ),
    Row(
        "groq.generation_failed",
        Kind.BAD_REPLY,
        f"{_DOCS}: the model's own output was unusable; sampling again can help",
        labels=("tool_use_failed", "json_validate_failed"),
    ),
    Row(
        "groq.spend_limit",
        Kind.BALANCE,
        f"{_DOCS}: spend limits",
        labels=("blocked_api_access",),
    ),
    Row(
        "groq.model",
        Kind.MODEL_NOT_FOUND,
        f"{_DOCS}: deprecations",
        labels=("model_decommissioned", "model_not_active"),
        ambiguous=False,
    ),
    Row(
        "groq.model_access",
        Kind.MODEL_ACCESS,
        _DOCS,
        labels=(
            "model_terms_required",
            "model_permission_blocked_org",
            "model_permission_blocked_project",
        ),
    ),
    Row(
        "groq.capacity",
        Kind.OVERLOADED,
        f"{_DOCS}: 498, flex tier",
        labels=("capacity_exceeded", "flex_tier_capacity_exceeded"),
        ambiguous=False,
    ),
)
