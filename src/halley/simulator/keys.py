"""Keys of the simulated account: what a key means is written in its words.

A key is split at its dashes; the first word found in `FATES` says what happens to it. Every other
key that starts with ``sk-`` is good, so a person may try any. None of these is a secret.
"""

from __future__ import annotations

from types import MappingProxyType
from urllib.parse import parse_qs

from halley.simulator.model import SimRequest

_PREFIX = "sk-"

VALID = _PREFIX + "halley-simulator-valid"
INVALID = _PREFIX + "halley-simulator-invalid"
EXPIRED = _PREFIX + "halley-simulator-expired"
EXHAUSTED = _PREFIX + "halley-simulator-exhausted"
BANNED = _PREFIX + "halley-simulator-banned"
CAPPED = _PREFIX + "halley-simulator-capped"
BROKE = _PREFIX + "halley-simulator-broke"

FATES = MappingProxyType(
    {
        "invalid": "key_invalid",
        "expired": "key_expired",
        "exhausted": "key_exhausted",
        "banned": "user_banned",
        "capped": "key_quota",
        "broke": "balance",
    }
)
"""Word of a key -> error row."""

AT_THE_DOOR = frozenset(
    {"key_missing", "key_invalid", "key_expired", "key_exhausted", "user_banned"}
)
"""Fates met on every path; the others only where something is charged."""


def key_of(request: SimRequest) -> str:
    """The credential of a request in any of the forms the gateway takes, "" without one.

    Forms: `Authorization: Bearer`, `x-api-key` (Anthropic), `x-goog-api-key` and `?key=` (Gemini).
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and bearer.strip():
        return bearer.strip()
    for name in ("x-api-key", "x-goog-api-key"):
        if request.headers.get(name):
            return request.headers[name].strip()
    return parse_qs(request.query).get("key", [""])[0]


def fate_of(key: str) -> str | None:
    """The error row this key meets, or None for a good key."""
    if not key:
        return "key_missing"
    if not key.startswith(_PREFIX):
        return "key_invalid"
    return next((FATES[word] for word in key.split("-") if word in FATES), None)


def word_of(key: str) -> str:
    """The word by which a known key may be named in a report, "" for any other key."""
    if key == VALID:
        return "valid"
    return next((word for word in key.split("-") if word in FATES), "")
