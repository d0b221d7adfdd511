"""MiniMax: `base_resp.status_code`, mostly inside a 200."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "platform.minimaxi.com, error codes, 2026-11"

ROWS: Final = (
    Row(
        "minimax.rate",
        Kind.RATE_LIMIT,
        _DOCS,
        labels=("minimax.1002", "minimax.1039"),
        ambiguous=False,
    ),
    Row("minimax.key", Kind.INVALID_KEY, _DOCS, labels=("minimax.1004", "minimax.2049")),
    Row("minimax.balance", Kind.BALANCE, _DOCS, labels=("minimax.1008",)),
    Row(
        "minimax.policy",
        Kind.CONTENT_POLICY,
        _DOCS,
        labels=("minimax.1026", "minimax.1027"),
        ambiguous=False,
    ),
    Row("minimax.request", Kind.INVALID_REQUEST, _DOCS, labels=("minimax.2013",), ambiguous=False),
    Row("minimax.window", Kind.QUOTA, _DOCS, labels=("minimax.2056",)),
    Row(
        "minimax.server",
        Kind.SERVER_ERROR,
        _DOCS,
        labels=("minimax.1000", "minimax.1001", "minimax.1013", "minimax.1024", "minimax.1033"),
        ambiguous=True,
    ),
)
