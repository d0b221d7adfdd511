"""The live run loses no call when something dies in the middle, and would see it if it did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.live.ledger import (
    Audit,
    Fact,
    Ledger,
    audit,
    facts,
    read_clock,
    unfinished,
    write_clock,
)
from benchmarks.live.server import Audited

from halley.simulator import SimRequest, keys
from halley.simulator.latency import Latency
from halley.simulator.limits import Limits
from halley.simulator.profile import Profile

ROOT = Path(__file__).resolve().parents[2]


def told(*words: str) -> list[Fact]:
    """Facts as `a accepted`."""
    return [Fact(0.0, *word.split()) for word in words]


def test_a_ledger_keeps_what_was_written_before_its_process_died(tmp_path):
    """A line that was cut short is no fact, and what follows it is not harmed."""
    path = tmp_path / "ledger"
    Ledger(path).write("a", "accepted")
    with path.open("a") as file:
        file.write('[1.0, "b", "acce')
    assert [fact[1:3] for fact in facts(path)] == [("a", "accepted")]


def test_what_is_made_again_was_accepted_and_is_not_over():
    """In the order in which it was accepted."""
    known = told("a accepted", "b accepted", "c accepted", "b answered", "d accepted", "d failed")
    assert unfinished(known) == ["a", "c"]


@pytest.mark.parametrize(
    ("workers", "server", "expected"),
    [
        (["a accepted", "a answered"], ["a admitted"], Audit(1, 1, 0, (), (), 0)),
        (["a accepted", "a failed"], ["a refused"], Audit(1, 0, 1, (), (), 0)),
        (["a accepted"], ["a admitted"], Audit(1, 0, 0, ("a",), (), 0)),
        (["a accepted", "a answered", "a failed"], [], Audit(1, 1, 1, (), ("a",), 0)),
        (["a accepted", "a answered"], ["a admitted"] * 2, Audit(1, 1, 0, (), (), 1)),
        ([" ready"], [], Audit(0, 0, 0, (), (), 0)),
    ],
    ids=["answered", "reported", "lost", "doubled", "repeated", "nothing"],
)
def test_the_audit_sees_what_became_of_each_call(workers, server, expected):
    """Lost and doubled are what must not be."""
    facts_of = [[Fact(0.0, *word.split(" ")) for word in words] for words in (workers, server)]
    assert audit(*facts_of) == expected


def test_the_clock_is_read_whole_or_not_at_all(tmp_path):
    """None until the run begins."""
    path = tmp_path / "clock"
    assert read_clock(path) is None
    write_clock(path, 12.5)
    assert read_clock(path) == 12.5


def test_a_refusal_takes_its_own_time_and_not_an_answers(tmp_path):
    """As a gateway's: it asks no model."""
    profile = Profile("p", "p", limits=Limits(rate_per_s=1.0, burst=1), latency=Latency(7.0, 0.0))
    server = Audited(profile, Ledger(tmp_path / "ledger"), 0.25)
    body = b'{"model":"gpt-5-mini","messages":[{"role":"user","content":"hello"}]}'
    headers = {"authorization": f"Bearer {keys.VALID}"}
    post = SimRequest("POST", "/v1/chat/completions", headers=headers, body=body)
    answer, refusal = (server.handle(post, 0.0) for _ in range(2))
    assert (answer.status, refusal.status) == (200, 429)
    assert (answer.latency_s, refusal.latency_s) == (7.0, 0.25)
    assert [fact.what for fact in facts(tmp_path / "ledger")] == ["admitted", "refused"]


def live(*words: str) -> dict:
    """Run it for a few seconds and return its figures."""
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "goodput_live.py", "--json", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("victim", ["worker", "simulator", "redis"])
def test_no_call_is_lost_when_something_is_killed_in_the_middle(victim):
    """Two workers, and something that dies after a second and comes back."""
    short = ("--seconds", "4", "--workers", "2", "--calls", "10", "--rate", "30")
    pacer = ("--pacer", "redis") if victim == "redis" else ()
    dies = ("--kill", victim, "--at", "1", "--back-after", "0.5")
    found = live(*short, "--latency", "0.2", *dies, *pacer)
    assert found["whole"]
    assert found["audit"]["accepted"] > 20
    assert found["audit"]["answered"] + found["audit"]["failed"] == found["audit"]["accepted"]
    assert found["audit"]["answered"] > 0
