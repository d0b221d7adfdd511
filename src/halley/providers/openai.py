"""OpenAI: chat, Responses, images, and everybody who copied its codes.

Five codes arrive as 429 and are money; a `rate_limit_exceeded` may be a request that can never fit.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Scope
from halley.core.tables import Row

_ERRORS: Final = "platform.openai.com/docs/guides/error-codes, 2026-11"
_LIMITS: Final = "platform.openai.com/docs/guides/rate-limits, 2026-11"

ROWS: Final = (
    Row(
        "openai.insufficient_quota",
        Kind.BALANCE,
        f"{_ERRORS}; langchainjs#1929: retried in vain",
        labels=(
            "insufficient_quota",
            "insufficientquota",
            "credit_balance_exhausted",
            "organization_spend_limit_exceeded",
            "project_spend_limit_exceeded",
            "organization_usage_limit_exceeded",
            "project_usage_limit_exceeded",
            "billing_not_active",
            "billing_hard_limit_reached",
        ),
    ),
    Row(
        "openai.insufficient_quota_text",
        Kind.BALANCE,
        _ERRORS,
        texts=(
            "exceeded your current quota, please check your plan and billing",
            "billing hard limit has been reached",
            "exceeded its spend limit",
            "account is not active, please check your billing",
        ),
        unless=("resource_exhausted", "google.retry_info", "quota.per_minute"),
        unless_texts=("ai.google.dev", "generativelanguage", "retry in"),
    ),
    Row(
        "openai.request_above_limit",
        Kind.TOO_LARGE,
        f"{_LIMITS}; TheR1D/shell_gpt#653: a request above the bucket never fits",
        texts=(
            "request too large for",
            "request too large*limit",
            "tokens must be reduced in order",
        ),
        ambiguous=False,
    ),
    Row(
        "openai.overloaded",
        Kind.OVERLOADED,
        _ERRORS,
        labels=(
            "slow_down",
            "server_is_overloaded",
            "service_unavailable_error",
            "engine_overloaded",
        ),
    ),
    Row(
        "openai.context_length",
        Kind.CONTEXT_LENGTH,
        _ERRORS,
        labels=("context_length_exceeded", "string_above_max_length"),
        ambiguous=False,
    ),
    Row(
        "openai.content_policy",
        Kind.CONTENT_POLICY,
        "platform.openai.com/docs/guides/image-generation, 2026-11",
        labels=(
            "moderation_blocked",
            "content_policy_violation",
            "image_generation_user_error",
            "content_filter",
            "invalid_prompt",
            "sexual_content",
            "safety_violation",
        ),
        ambiguous=False,
    ),
    Row(
        "openai.unsupported_parameter",
        Kind.UNSUPPORTED_PARAMETER,
        "vercel/ai@ed857f5 packages/openai fixtures",
        labels=("unsupported_parameter", "unknown_parameter", "unsupported_value"),
        ambiguous=False,
    ),
    Row(
        "openai.unsupported_parameter_text",
        Kind.UNSUPPORTED_PARAMETER,
        "vercel/ai@ed857f5 packages/openai fixtures",
        texts=(
            "unsupported parameter",
            "unrecognized request argument",
            "unknown parameter",
            "unsupported value",
            "not supported with this model",
            "extra inputs are not permitted",
            "extra fields not permitted",
            "unknown name",
        ),
        status=(400, 403, 422, 500),
        ambiguous=False,
    ),
    Row(
        "openai.unverified",
        Kind.MODEL_ACCESS,
        "help.openai.com, API organization verification, 2026-11",
        texts=(
            "organization must be verified",
            "organization*is not verified",
            "verify your organization",
        ),
    ),
    Row(
        "openai.model_not_found",
        Kind.MODEL_NOT_FOUND,
        _ERRORS,
        labels=("model_not_found", "model_not_available", "model_not_exist", "invalid_model"),
        ambiguous=False,
    ),
    Row(
        "openai.invalid_key",
        Kind.INVALID_KEY,
        _ERRORS,
        labels=("invalid_api_key", "incorrect_api_key_error", "invalid_authentication_error"),
    ),
    Row(
        "openai.deactivated",
        Kind.ACCOUNT,
        _ERRORS,
        labels=("account_deactivated", "deactivated_workspace", "organization_restricted"),
    ),
    Row(
        "openai.region",
        Kind.REGION,
        _ERRORS,
        labels=("unsupported_country_region_territory",),
    ),
    Row(
        "openai.address",
        Kind.BLOCKED,
        f"{_ERRORS}: IP not authorized",
        texts=("ip not authorized", "ip address is not authorized", "ip_not_authorized"),
        scope=Scope.ACCOUNT,
    ),
    Row(
        "openai.organization",
        Kind.PERMISSION,
        f"{_ERRORS}: 401, you must be a member of an organization",
        texts=("must be a member of an organization", "no such organization"),
    ),
    Row(
        "openai.rate_limit_of_a_minute",
        Kind.RATE_LIMIT,
        f"{_LIMITS}: requests or tokens per minute, with the time to try again",
        labels=("tokens", "requests"),
        needs=("rate_limit_exceeded", "@waits"),
        texts=("per min (tpm)", "per min (rpm)"),
        ambiguous=False,
    ),
)

RATES: Final = (
    Row(
        "openai.rate_limit",
        Kind.RATE_LIMIT,
        _LIMITS,
        labels=("rate_limit_exceeded",),
        ambiguous=False,
    ),
)
