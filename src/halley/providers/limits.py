"""What has run out by the words of a message: money, a key's share, a period's, or a quota.

The marks are read in `halley.core.limits`. They stand after the providers' own codes and before the
types that many copied, because gateways put `rate_limit_error` on an empty balance.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_REFUSED: Final = (200, *range(400, 600))
_LIMITED: Final = (200, 400, 401, 402, 403, 409, 412, 422, 429, *range(500, 600))
# Google's words for a minute's share and for a day's are the same; its details tell them apart.
_GOOGLE: Final = ("resource_exhausted", "google.retry_info", "quota.per_minute")

ROWS: Final = (
    Row(
        "limits.anthropic_spend",
        Kind.BALANCE,
        "platform.claude.com/docs/en/api/errors, 2026-11: a spend limit as an invalid request",
        texts=(
            "reached your specified*usage limits",
            "extra usage is required",
            "out of extra usage",
        ),
    ),
    Row(
        "limits.money",
        Kind.BALANCE,
        "mozilla-ai/any-llm gateway, billing phrases; continuedev/continue#10373, 2026",
        labels=("@limit.money",),
        status=_REFUSED,
    ),
    Row(
        "limits.key",
        Kind.KEY_QUOTA,
        "openrouter.ai/docs/api-reference/limits; BerriAI/litellm budgets of keys, 2026-11",
        labels=("@limit.key",),
        unless=("@waits",),
        status=_REFUSED,
    ),
    Row(
        "limits.period",
        Kind.QUOTA,
        "anomalyco/opencode#44099, 2026-08: a quota of a day or a month is not waited for",
        labels=("@limit.period",),
        unless=("@waits", "quota.per_minute"),
        status=_LIMITED,
    ),
    Row(
        "limits.quota",
        Kind.BALANCE,
        "QwenLM/qwen-code#1742, 2026-02: a quota without a period is bought, not waited for",
        labels=("@limit.quota",),
        unless=("@waits", "@limit.pace", *_GOOGLE),
        status=_LIMITED,
    ),
)

LATE: Final = (
    Row(
        "limits.pace",
        Kind.RATE_LIMIT,
        "MoonshotAI/kimi-cli#901, 2026-02: a quota per minute is a rate",
        labels=("@limit.pace",),
        status=(200, 403, 429),
        ambiguous=False,
    ),
)
