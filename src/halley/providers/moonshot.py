"""Moonshot (Kimi): the type tells money from rate from load, all of them as 429."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "platform.moonshot.ai/docs/api/chat, errors, 2026-11"

ROWS: Final = (
    Row("moonshot.balance", Kind.BALANCE, _DOCS, labels=("exceeded_current_quota_error",)),
    Row(
        "moonshot.concurrency",
        Kind.CONCURRENCY,
        _DOCS,
        labels=("rate_limit_reached_error",),
        texts=("concurrency",),
        ambiguous=False,
    ),
    Row(
        "moonshot.per_day",
        Kind.QUOTA,
        "MoonshotAI/kimi-cli#2318, 2026-05: TPD, tokens per day",
        labels=("rate_limit_reached_error",),
        texts=("tpd rate limit", "max tpd", "tokens per day"),
    ),
    Row(
        "moonshot.rate",
        Kind.RATE_LIMIT,
        _DOCS,
        labels=("rate_limit_reached_error",),
        ambiguous=False,
    ),
    Row("moonshot.overloaded", Kind.OVERLOADED, _DOCS, labels=("engine_overloaded_error",)),
    Row(
        "moonshot.model",
        Kind.MODEL_NOT_FOUND,
        _DOCS,
        labels=("resource_not_found_error",),
        ambiguous=False,
    ),
    Row("moonshot.permission", Kind.PERMISSION, _DOCS, labels=("permission_denied_error",)),
)
