"""The command: what it prints, how it ends, and what it says to a name that it does not know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def goodput(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it."""
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "goodput.py", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_every_seed_of_every_run_is_in_the_json():
    """An hour of three a minute, which has no target: it ends with 0."""
    done = goodput("--rows", "3/min", "--clients", "halley,oracle", "--seeds", "2", "--json")
    assert done.returncode == 0, done.stderr
    halley, oracle = json.loads(done.stdout)
    assert (halley["client"], len(halley["seeds"]), halley["missed"]) == ("halley", 2, [])
    assert (oracle["client"], len(oracle["seeds"])) == ("oracle", 1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rows", "Z"], "no row 'Z', there are A, B, C"),
        (["--clients", "halley,nobody"], "no client 'nobody', there are halley, recipe 5"),
        (["--seeds", "0"], "expected a whole number from 1, got 0"),
    ],
)
def test_what_is_not_known_is_said_in_a_line(words, said):
    """With what there is, and exit code 2."""
    done = goodput(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
