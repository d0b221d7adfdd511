"""A policy with nothing left at its default, made from what each field says that it allows."""

from __future__ import annotations

import re
from typing import Any

from halley.core.policy import SETTINGS, Policy

EXAMPLES: dict[str, Any] = {
    "records": "/var/log/halley/records.jsonl",
    "pacer": "redis://127.0.0.1:6379/0",
    "rules": [
        {
            "name": "our_gateway.asleep",
            "kind": "overloaded",
            "source": 'our "runbook", 2026-11',
            "labels": ["asleep"],
            "texts": ["come back*later", "余额不足"],
            "needs": ["a"],
            "unless": ["b"],
            "unless_texts": ["never"],
            "status": [418, 599],
            "action": "retry",
            "scope": "service",
            "origin": "gateway",
            "ambiguous": False,
        },
        {"name": "teapot", "kind": "timeout", "status": [419]},
    ],
    "keys": [
        {"alias": "main", "account": "ours", "env": "COMETAPI_KEY"},
        {"alias": "spare", "file": "/run/secrets/cometapi"},
    ],
    "models": {
        "gpt-5*": {"attempts": 2, "backoff": "aws", "repair": True, "deadline_s": 0.25},
        'say "hi"': {},
    },
}
"""For the settings whose range is told in words."""


def value_of(name: str) -> Any:
    """A value that is allowed and not the default: the highest, or the last word."""
    allowed = SETTINGS[name].allowed
    if name in EXAMPLES:
        return EXAMPLES[name]
    if allowed == "true or false":
        return not getattr(Policy(), name)
    if found := re.fullmatch(r"(\S+) to (\S+)", allowed):
        return float(found[2]) if "." in found[1] + found[2] else int(found[2])
    *_, last = allowed.split(", ")
    return last


EVERYTHING = {name: value_of(name) for name in SETTINGS}
