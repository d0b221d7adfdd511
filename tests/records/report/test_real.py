"""From real calls to their report: what halley wrote is counted as the server's ledger has it."""

from __future__ import annotations

import json
from pathlib import Path

import halley
from halley.records.report.load import DETAILS, loaded
from halley.records.report.query import report
from halley.simulator import Simulator, serve
from halley.testing import no_wait

CALLS = 60


def test_a_bad_day_at_the_simulator(tmp_path: Path):
    """As many attempts as were received, as many answers as the program got."""
    path = tmp_path / "records.jsonl"
    simulator = Simulator(profile="rough", seed=3)
    policy = halley.Policy(records=str(path))
    answered = 0
    with serve(simulator) as server, no_wait(), halley.Client(policy=policy) as client:
        for number in range(CALLS):
            body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": f"{number}"}]}
            try:
                response = client.post(
                    f"{server.base_url}/chat/completions",
                    json=body,
                    headers={"authorization": "Bearer " + "sk-" + "any" * 8},
                )
                answered += response.status_code == 200
            except client_error():
                pass
    with loaded([str(path)], DETAILS) as log:
        counted = report(log)
    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert counted.totals.calls == CALLS
    assert counted.totals.answered == answered
    assert counted.totals.attempts == len(simulator.ledger.calls) == len(records)
    assert counted.totals.attempts > CALLS
    assert all(
        "does not know" not in row.advice for row in counted.failing if row.kind != "unknown"
    )


def client_error() -> type[Exception]:
    """What the HTTP library raises when no answer comes."""
    import httpx2  # noqa: PLC0415

    return httpx2.RequestError
