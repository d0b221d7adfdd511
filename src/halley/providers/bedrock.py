"""Bedrock: the class stands in ``x-amzn-errortype`` or in the code, the body may be empty."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind
from halley.core.tables import Row

_API: Final = "docs.aws.amazon.com/bedrock, InvokeModel and Converse errors, 2026-11"

ROWS: Final = (
    Row(
        "bedrock.per_day",
        Kind.QUOTA,
        f"{_API}: a ThrottlingException of the daily quota",
        texts=("too many tokens per day", "tokens per day"),
        labels=("throttlingexception",),
    ),
    Row(
        "bedrock.throttled",
        Kind.RATE_LIMIT,
        f"{_API}: 429",
        labels=("throttlingexception", "toomanyrequestsexception"),
        ambiguous=False,
    ),
    Row(
        "bedrock.model_not_ready",
        Kind.OVERLOADED,
        f"{_API}: 429, retried by the SDK itself",
        labels=("modelnotreadyexception",),
        ambiguous=False,
    ),
    Row(
        "bedrock.unavailable",
        Kind.OVERLOADED,
        _API,
        labels=("serviceunavailableexception", "serviceunavailable"),
    ),
    Row(
        "bedrock.server",
        Kind.SERVER_ERROR,
        _API,
        labels=("internalserverexception", "internalfailure", "modelstreamerrorexception"),
        ambiguous=True,
    ),
    Row(
        "bedrock.timeout",
        Kind.TIMEOUT,
        f"{_API}: 408",
        labels=("modeltimeoutexception",),
        ambiguous=True,
    ),
    Row(
        "bedrock.model_error",
        Kind.UPSTREAM_ERROR,
        f"{_API}: ModelErrorException, 424: the model failed on this input",
        labels=("modelerrorexception",),
        action=Action.FAIL_OVER,
        ambiguous=True,
    ),
    Row(
        "bedrock.service_quota",
        Kind.QUOTA,
        "botocore bedrock-runtime service-2.json ServiceQuotaExceededException, 400",
        labels=("servicequotaexceededexception",),
    ),
    Row(
        "bedrock.on_demand",
        Kind.MODEL_ACCESS,
        "anthropics/claude-code#1466: `Retry your request with the ID` is no hint",
        texts=(
            "with on-demand throughput isn",
            "on-demand throughput is not supported",
            "inference profile that contains this model",
        ),
        ambiguous=False,
    ),
    Row(
        "bedrock.model_identifier",
        Kind.MODEL_NOT_FOUND,
        "pydantic/pydantic-ai@4fda389 cassettes test_bedrock",
        texts=(
            "provided model identifier is invalid",
            "could not resolve the foundation model",
            "reached the end of its life",
        ),
        ambiguous=False,
    ),
    Row(
        "bedrock.model_access",
        Kind.MODEL_ACCESS,
        _API,
        texts=(
            "access to the model with the specified model id",
            "model access is denied",
            "not authorized to invoke this model",
        ),
    ),
    Row(
        "bedrock.key",
        Kind.INVALID_KEY,
        "docs.aws.amazon.com, common errors, 2026-11",
        labels=(
            "unrecognizedclientexception",
            "invalidsignatureexception",
            "expiredtokenexception",
            "expiredtoken",
            "incompletesignature",
            "invalidclienttokenid",
            "missingauthenticationtokenexception",
        ),
    ),
    Row("bedrock.access", Kind.PERMISSION, _API, labels=("accessdeniedexception",)),
    Row(
        "bedrock.not_found",
        Kind.MODEL_NOT_FOUND,
        _API,
        labels=("resourcenotfoundexception",),
    ),
    Row("bedrock.conflict", Kind.CONFLICT, _API, labels=("conflictexception",)),
    Row(
        "bedrock.validation",
        Kind.INVALID_REQUEST,
        _API,
        labels=("validationexception",),
        ambiguous=False,
    ),
)
