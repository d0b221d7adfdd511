"""The labelled failures: one JSON object a line, each with its source and what is expected."""

from __future__ import annotations

import json
from pathlib import Path

HERE = Path(__file__).parent
CASES = [
    json.loads(line)
    for path in sorted(HERE.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]
SAMPLE = [json.loads(line) for line in (HERE / "sample.jsonl").read_text("utf-8").splitlines()]


def right_actions(case):
    """The actions that count as right for a case; no label given was found to be wrong."""
    expected = case["expected"]
    return {expected["action"], *expected.get("also_ok", [])}
