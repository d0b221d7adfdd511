"""Answers with a good status that are none: what to make of each symptom."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Origin
from halley.core.tables import Row

_NEW_API: Final = "Calcium-Ion/new-api@ef8ae4d"

ROWS: Final = (
    Row(
        "answer.page",
        Kind.WRONG_PATH,
        "CometAPI docs, error-codes-handling: HTML instead of JSON is a path mistake, 2026-11",
        labels=("@answer.page",),
        unless=("@cloudflare",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "answer.edge_page",
        Kind.BLOCKED,
        "Cloudflare docs, challenges: an interstitial in place of an answer, 2026-11",
        labels=("@answer.page",),
        needs=("@cloudflare",),
        origin=Origin.EDGE,
    ),
    Row(
        "answer.empty",
        Kind.BAD_REPLY,
        f"{_NEW_API} types/error.go empty_response: an empty answer is transient",
        labels=("@answer.empty",),
        ambiguous=True,
    ),
    Row(
        "answer.cut",
        Kind.STREAM_CUT,
        f"{_NEW_API} relay/helper stream scanner: [DONE] without a finish_reason",
        labels=("@answer.cut",),
        ambiguous=True,
    ),
    Row(
        "answer.broken",
        Kind.BAD_REPLY,
        "openai-python 3.54, tried 2026-11: a truncated answer raises a bare JSONDecodeError",
        labels=("@answer.broken", "@answer.text"),
        ambiguous=True,
    ),
    Row(
        "answer.no_events",
        Kind.BAD_REPLY,
        "openai-python 3.57, tried 2026-11: JSON where events belong is skipped without a word",
        labels=("@answer.no_events",),
        ambiguous=True,
    ),
    Row(
        "answer.blocked",
        Kind.CONTENT_POLICY,
        "ai.google.dev/api/generate-content: blockReason, finishReason SAFETY, 2026-11",
        labels=("@answer.blocked",),
        ambiguous=False,
    ),
    Row(
        "answer.no_image",
        Kind.CONTENT_POLICY,
        "CometAPI blog: an empty data array is a filtered prompt, 2026",
        labels=("@answer.no_data",),
        needs=("@format.images",),
        ambiguous=False,
    ),
    Row(
        "answer.no_choices",
        Kind.BAD_REPLY,
        "decolua/9router#2727: choices null is an empty upstream answer",
        labels=("@answer.no_choices", "@answer.no_data", "@answer.malformed_call"),
        ambiguous=True,
    ),
    Row(
        "answer.task_failed",
        Kind.TASK_FAILED,
        "CometAPI docs, retrieve a video: failed is terminal, a new task is a purchase, 2026-11",
        labels=("@answer.task_failed",),
        ambiguous=False,
    ),
    Row(
        "answer.task_pending",
        Kind.TASK_PENDING,
        "CometAPI docs, Runway and Seedance pages: poll each 10 to 20 s, 2026-11",
        labels=("@answer.pending",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
)
