"""Azure OpenAI and the API Management in front of it."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Origin
from halley.core.tables import Row

_AZURE: Final = "learn.microsoft.com, Azure OpenAI REST reference and quotas, 2026-11"

ROWS: Final = (
    Row(
        "azure.content_filter",
        Kind.CONTENT_POLICY,
        "learn.microsoft.com, Azure OpenAI content filtering, 2026-11",
        labels=("responsibleaipolicyviolation", "contentfilter", "content_policy_violated"),
        ambiguous=False,
    ),
    Row(
        "azure.deployment",
        Kind.MODEL_NOT_FOUND,
        _AZURE,
        labels=(
            "deploymentnotfound",
            "modelnotfound",
            "unknown_model",
            "deploymentmodelnotsupported",
        ),
        ambiguous=False,
    ),
    Row(
        "azure.operation",
        Kind.MODEL_ACCESS,
        f"{_AZURE}: the operation does not work with the model",
        labels=("operationnotsupported", "unsupported_model"),
        ambiguous=False,
    ),
    Row(
        "azure.key",
        Kind.INVALID_KEY,
        _AZURE,
        texts=("invalid subscription key", "missing subscription key"),
    ),
    Row(
        "azure.volume",
        Kind.QUOTA,
        "learn.microsoft.com, API Management quota policy, 2026-11",
        texts=("out of call volume quota",),
        origin=Origin.GATEWAY,
    ),
    Row(
        "azure.network",
        Kind.BLOCKED,
        _AZURE,
        texts=(
            "virtual network/firewall rules",
            "public access is disabled",
            "traffic is not from an approved",
        ),
    ),
    Row(
        "azure.no_capacity",
        Kind.OVERLOADED,
        _AZURE,
        labels=("nocapacity", "no_capacity", "serverbusy", "too_many_requests_capacity"),
    ),
    Row(
        "azure.high_demand",
        Kind.OVERLOADED,
        "pollinations/pollinations#6260",
        texts=("currently experiencing high demand",),
    ),
)
