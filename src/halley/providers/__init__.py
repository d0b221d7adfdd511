"""What is known of each provider, as rows; the order is the rule.

Faults and answers that are none, the edge, the gateway's own words, each provider's, then words
that many share, and the bare status last.
"""

from __future__ import annotations

from typing import Final

from halley.core.tables import Tables
from halley.providers import (
    answers,
    anthropic,
    azure,
    bedrock,
    bytedance,
    classes,
    cloudflare,
    cometapi,
    dashscope,
    deepseek,
    gemini,
    groq,
    limits,
    local,
    minimax,
    mistral,
    moonshot,
    nginx,
    openai,
    openrouter,
    relay,
    shared,
    status,
    tasks,
    transport,
    xai,
    zhipu,
)

__all__ = ["TABLES"]

TABLES: Final = Tables(
    transport.ROWS
    + local.ROWS
    + answers.ROWS
    + cloudflare.ROWS
    + nginx.ROWS
    + tasks.ROWS
    + relay.ROWS
    + cometapi.ROWS
    + groq.ROWS
    + azure.ROWS
    + bedrock.ROWS
    + gemini.ROWS
    + openrouter.ROWS
    + mistral.ROWS
    + moonshot.ROWS
    + zhipu.ROWS
    + dashscope.ROWS
    + bytedance.ROWS
    + minimax.ROWS
    + openai.ROWS
    + limits.ROWS
    + openai.RATES
    + anthropic.ROWS
    + deepseek.ROWS
    + xai.ROWS
    + shared.ROWS
    + limits.LATE
    + gemini.WORDS
    + tasks.LATE
    + relay.LATE
    + cometapi.LATE
    + classes.ROWS
    + classes.UNREADABLE
    + status.ROWS
)
