"""What has been read of one body so far: labels, messages, waits, the status it states.

A word is a label, a sentence is text; both are kept as they come, for the tables to judge.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from halley.core.durations import duration_s

Object: TypeAlias = Mapping[str, object]
"""A JSON object."""

LABEL_CHARS_MAX: Final = 96

_PARTS: Final = re.compile("[:#./]")
_CAMEL: Final = re.compile("(?<=[a-z0-9])(?=[A-Z])")

WAITS_S: Final[dict[str, float]] = {
    "retry_after": 1,
    "retry-after": 1,
    "retryAfter": 1,
    "retry_after_seconds": 1,
    "retry_after_secs": 1,
    "retryAfterSeconds": 1,
    "retry_after_ms": 1e-3,
    "retryAfterMs": 1e-3,
    "retry_in": 1,
    "retry_in_seconds": 1,
    "resets_in_seconds": 1,
    "reset_in_seconds": 1,
    "reset_after_seconds": 1,
    "wait_seconds": 1,
    "wait_time": 1,
    "cooldown_seconds": 1,
    "estimated_time": 1,  # Hugging Face: until the model is loaded
}
"""Fields that state a wait, and the unit of a bare number in them, seconds (LiteLLM, OpenRouter,
Cloudflare, Codex, Discord-like limiters; read 2026-11)."""


@dataclass(slots=True)
class Notes:
    """What has been read so far; lives for one reading of one body."""

    success: bool = False
    labels: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    code: str = ""
    param: str = ""
    status: int | None = None
    delay_s: float | None = None
    reset: str | None = None
    retryable: bool | None = None

    def label(self, value: object) -> None:
        """Note a code, type or reason: a word is a label, a sentence is text."""
        if isinstance(value, bool) or not isinstance(value, str | int):
            return
        word = str(value)[: 2 * LABEL_CHARS_MAX].strip().lstrip("@")  # `@…` is ours
        if not word:
            return
        if word.isascii() and word.isdigit() and len(word) == 3:  # noqa: PLR2004  an HTTP status
            self.status = self.status or (int(word) if "100" <= word <= "599" else None)
            return
        if len(word) > LABEL_CHARS_MAX or " " in word:
            self.say(word)
        lowered = word[:LABEL_CHARS_MAX].lower()
        self.code = self.code or word[:LABEL_CHARS_MAX]
        self.labels.add(lowered)
        if word[:LABEL_CHARS_MAX] != lowered:  # `ModelNotFound` is `model_not_found`
            self.labels.add(_CAMEL.sub("_", word[:LABEL_CHARS_MAX]).lower())
        # `local:insufficient_quota`, `com.amazon#ThrottlingException`, `Throttling.RateQuota`
        if not lowered.isidentifier():
            self.labels.update(part for part in _PARTS.split(lowered) if part)

    def say(self, value: object) -> None:
        """Note a message."""
        if isinstance(value, str) and value:
            self.texts.append(value)

    def waits(self, fields: Object) -> None:
        """Note the waits among an object's fields."""
        for name in WAITS_S.keys() & fields.keys():
            self.wait(fields[name], WAITS_S[name])

    def wait(self, value: object, unit_s: float = 1) -> None:
        """Note a wait stated as data; of several the longest."""
        wait_s = duration_s(value, unit_s=unit_s)
        if wait_s is not None:
            self.delay_s = max(wait_s, self.delay_s or 0)
