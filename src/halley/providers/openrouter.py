"""OpenRouter: the code is a number, the truth is in `metadata`."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Scope
from halley.core.tables import Row

_ERRORS: Final = "openrouter.ai/docs/api-reference/errors, 2026-11"
_LIMITS: Final = "openrouter.ai/docs/api-reference/limits, 2026-11"

ROWS: Final = (
    Row(
        "openrouter.free_per_day",
        Kind.QUOTA,
        f"{_LIMITS}; Aider-AI/aider#3550; BerriAI/litellm#9035",
        texts=("free-models-per-day", "limit_rpd"),
    ),
    Row(
        "openrouter.credits",
        Kind.BALANCE,
        _ERRORS,
        texts=(
            "requires more credits",
            "insufficient credits",
            "can only afford",
            "negative credit balance",
        ),
    ),
    Row(
        "openrouter.key_limit",
        Kind.KEY_QUOTA,
        _LIMITS,
        texts=("key limit exceeded", "key*limit exceeded (", "exceeded the*limit for this key"),
    ),
    Row(
        "openrouter.moderation",
        Kind.CONTENT_POLICY,
        f"{_ERRORS}: 403 is moderation, not the key",
        labels=("flagged",),
        ambiguous=False,
    ),
    Row(
        "openrouter.moderation_text",
        Kind.CONTENT_POLICY,
        _ERRORS,
        texts=("requires moderation", "your input was flagged"),
        ambiguous=False,
    ),
    Row(
        "openrouter.data_policy",
        Kind.MODEL_ACCESS,
        _ERRORS,
        texts=(
            "no endpoints found matching your data policy",
            "no allowed providers are available",
        ),
    ),
    Row(
        "openrouter.no_endpoints",
        Kind.MODEL_NOT_FOUND,
        _ERRORS,
        texts=("no endpoints found", "is not a valid model id"),
        ambiguous=False,
    ),
    Row(
        "openrouter.key",
        Kind.INVALID_KEY,
        _ERRORS,
        texts=("no auth credentials found", "no cookie auth credentials", "user not found."),
        status=(401, 403),
    ),
    Row(
        "openrouter.upstream_limit",
        Kind.RATE_LIMIT,
        f"{_ERRORS}: the provider's limit, not the caller's",
        texts=("temporarily rate-limited upstream",),
        scope=Scope.UPSTREAM,
    ),
)
