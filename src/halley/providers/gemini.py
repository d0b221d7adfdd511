"""Gemini and Vertex: the details outrank the message, and a daily quota outranks its own RetryInfo.

Rules of google-gemini/gemini-cli@5411f11 packages/core/src/utils/googleQuotaErrors, unless said.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Scope
from halley.core.tables import Row

_CLI: Final = "google-gemini/gemini-cli@5411f11 packages/core/src/utils"
_HELP: Final = "ai.google.dev/gemini-api/docs/troubleshooting, 2026-11"
_INFO: Final = "googleapis/googleapis google/api/error_reason.proto"

ROWS: Final = (
    Row(
        "gemini.credits",
        Kind.BALANCE,
        _CLI,
        labels=("insufficient_g1_credits_balance", "billing_disabled"),
    ),
    Row(
        "gemini.prepaid",
        Kind.BALANCE,
        _HELP,
        texts=(
            "prepayment credits are depleted",
            "prepay*depleted",
            "prepaid*depleted",
            "requires billing to be enabled",
            "enable billing on",
            "billing account*disabled",
            "only accessible to billed users",
        ),
    ),
    Row(
        "gemini.no_free_tier",
        Kind.QUOTA,
        f"{_CLI} errorParsing: no free tier, or a limit of 0",
        texts=("have a free quota tier", "no free tier"),
        action=Action.TOP_UP,
    ),
    Row(
        "gemini.limit_zero",
        Kind.QUOTA,
        _HELP,
        labels=("quota.zero",),
        action=Action.TOP_UP,
    ),
    Row("gemini.per_day", Kind.QUOTA, _CLI, labels=("quota.per_day", "quota_exhausted")),
    Row(
        "gemini.capacity",
        Kind.OVERLOADED,
        f"{_CLI}: MODEL_CAPACITY_EXHAUSTED asks for another model",
        labels=("model_capacity_exhausted",),
        action=Action.FIX_MODEL,
        scope=Scope.MODEL,
    ),
    Row(
        "gemini.invalid_key",
        Kind.INVALID_KEY,
        f"{_INFO}: a 400",
        labels=("api_key_invalid", "api_key_expired", "access_token_expired"),
    ),
    Row(
        "gemini.invalid_key_text",
        Kind.INVALID_KEY,
        _HELP,
        texts=(
            "api key not valid",
            "api key expired",
            "api key was reported as leaked",
            "api key*leaked",
            "api key has been suspended",
            "method doesn't allow unregistered callers",
        ),
    ),
    Row(
        "gemini.key_restricted",
        Kind.PERMISSION,
        _INFO,
        labels=(
            "api_key_service_blocked",
            "api_key_http_referrer_blocked",
            "api_key_ip_address_blocked",
        ),
        action=Action.ROTATE_KEY,
        scope=Scope.KEY,
    ),
    Row(
        "gemini.region",
        Kind.REGION,
        _HELP,
        texts=("user location is not supported", "not available in your country"),
    ),
    Row(
        "gemini.account",
        Kind.ACCOUNT,
        f"{_CLI}: a person must act",
        labels=("validation_required", "consumer_suspended", "tos_violation"),
    ),
    Row(
        "gemini.service_disabled",
        Kind.PERMISSION,
        _INFO,
        labels=("service_disabled", "access_denied"),
        unless=("accessdenied",),
    ),
    Row(
        "gemini.model_not_found",
        Kind.MODEL_NOT_FOUND,
        _HELP,
        texts=("is not found for api version", "publisher model*not found", "models/*not found"),
        ambiguous=False,
    ),
)

WORDS: Final = (
    Row("gemini.resource_exhausted", Kind.RATE_LIMIT, _HELP, labels=("resource_exhausted",)),
    Row("gemini.quota_exceeded", Kind.RATE_LIMIT, _CLI, labels=("quota_exceeded",), status=(429,)),
    Row("gemini.unavailable", Kind.OVERLOADED, _HELP, labels=("unavailable",)),
    Row("gemini.deadline", Kind.TIMEOUT, _HELP, labels=("deadline_exceeded",), ambiguous=True),
    Row(
        "gemini.cancelled",
        Kind.UPSTREAM_ERROR,
        _HELP,
        labels=("cancelled",),
        status=(499,),
        ambiguous=True,
    ),
    Row("gemini.internal", Kind.SERVER_ERROR, _HELP, labels=("internal",), ambiguous=True),
    Row("gemini.aborted", Kind.CONFLICT, _HELP, labels=("aborted",)),
    Row("gemini.unauthenticated", Kind.INVALID_KEY, _HELP, labels=("unauthenticated",)),
    Row("gemini.permission_denied", Kind.PERMISSION, _HELP, labels=("permission_denied",)),
    Row(
        "gemini.not_found",
        Kind.MODEL_NOT_FOUND,
        _HELP,
        labels=("not_found",),
        needs=("@format.gemini",),
    ),
    Row(
        "gemini.invalid_argument",
        Kind.INVALID_REQUEST,
        _HELP,
        labels=("invalid_argument", "out_of_range"),
        ambiguous=False,
    ),
    Row(
        "gemini.precondition",
        Kind.PERMISSION,
        f"{_HELP}: FAILED_PRECONDITION, mostly the location or billing",
        labels=("failed_precondition",),
    ),
    Row("gemini.unimplemented", Kind.WRONG_PATH, _HELP, labels=("unimplemented",), ambiguous=False),
)
