"""DashScope (Alibaba): codes with dots, an unpaid account as a 400."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "help.aliyun.com/zh/model-studio/error-code, 2026-11"

ROWS: Final = (
    Row(
        "dashscope.allocation_rate",
        Kind.RATE_LIMIT,
        "can1357/oh-my-pi#8476, 2026-08: money's words on a limit of tokens per minute",
        texts=("error-code#token-limit", "allocated quota exceeded"),
        unless_texts=("free allocated quota",),
        status=(429,),
        ambiguous=False,
    ),
    Row(
        "dashscope.allocation_rate_code",
        Kind.RATE_LIMIT,
        f"{_DOCS}: Throttling.AllocationQuota",
        labels=("throttling.allocationquota",),
        unless_texts=("free allocated quota",),
        ambiguous=False,
    ),
    Row(
        "dashscope.balance",
        Kind.BALANCE,
        _DOCS,
        labels=(
            "arrearage",
            "prepaidbilloverdue",
            "postpaidbilloverdue",
            "commoditynotpurchased",
            "allocationquota.freetieronly",
        ),
    ),
    Row(
        "dashscope.balance_text",
        Kind.BALANCE,
        _DOCS,
        texts=(
            "account is in good standing",
            "free tier of the model has been exhausted",
            "free quota*exhausted",
        ),
    ),
    Row(
        "dashscope.policy",
        Kind.CONTENT_POLICY,
        _DOCS,
        labels=("data_inspection_failed", "datainspectionfailed", "ipinfringementsuspect"),
        ambiguous=False,
    ),
    Row("dashscope.key", Kind.INVALID_KEY, _DOCS, labels=("invalidapikey", "invalid_apikey")),
    Row(
        "dashscope.rate",
        Kind.RATE_LIMIT,
        _DOCS,
        labels=(
            "throttling.ratequota",
            "throttling.burstrate",
            "limit_requests",
            "limit_burst_rate",
            "limit_tokens",
        ),
        ambiguous=False,
    ),
    Row(
        "dashscope.model",
        Kind.MODEL_NOT_FOUND,
        _DOCS,
        labels=("model_not_supported", "invalidmodel"),
        ambiguous=False,
    ),
    Row(
        "dashscope.model_access",
        Kind.MODEL_ACCESS,
        _DOCS,
        labels=("model.accessdenied", "accessdenied.unpurchased", "access_denied.unpurchased"),
    ),
    Row(
        "dashscope.busy",
        Kind.OVERLOADED,
        _DOCS,
        labels=("modelunavailable", "modelservingerror", "modelservicefailed"),
        ambiguous=True,
    ),
    Row(
        "dashscope.timeout",
        Kind.TIMEOUT,
        _DOCS,
        labels=("requesttimeout", "responsetimeout"),
        ambiguous=True,
    ),
    Row(
        "dashscope.server",
        Kind.SERVER_ERROR,
        _DOCS,
        labels=("internalerror", "systemerror"),
        ambiguous=True,
    ),
    Row(
        "dashscope.request",
        Kind.INVALID_REQUEST,
        _DOCS,
        labels=("invalidparameter", "invalid_parameter_error", "badrequest", "missingparameter"),
        ambiguous=False,
    ),
)
