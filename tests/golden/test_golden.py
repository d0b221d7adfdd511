"""Golden traces: whole days in virtual time, written down once, read by eye, and kept.

A changed line here is a changed decision: read it, and if it is meant, write it down with
``python -m tests.golden.test_golden`` and in the changelog.
"""

from __future__ import annotations

import json
import pathlib

import pytest

from halley.compose import runtime
from halley.core.model import Request
from halley.core.policy import Policy
from halley.drivers.chance import Chance
from halley.drivers.virtual import Call, VirtualClock, VirtualTime
from halley.simulator import Simulator
from halley.simulator.virtual import answer

HERE = pathlib.Path(__file__).parent
DAYS = {"demo": 4, "rough": 2, "outage": 1}
"""Profile of the simulator -> seed of the day."""


def requests() -> list[Request]:
    """What a program asks for in a day: chats, some mistakes, videos, a model without quota."""
    asked = [_post("/v1/chat/completions", model="gpt-5-mini", messages=_say(n)) for n in range(20)]
    asked += [
        _post("/v1/embeddings", model="text-embedding-3-small", input=f"{n}") for n in range(4)
    ]
    asked += [_post("/v1/chat/completions", model="no-such-model", messages=_say(20))]
    asked += [_post("/v1/chat/completions", model="gpt-5-mini")]
    asked += [_post("/v1/videos", model="sora-2", prompt=f"{n}", seconds="4") for n in range(3)]
    asked += [_post("/v1/chat/completions", model="o4-mini", messages=_say(21))]
    asked += [Request("GET", "https://api.cometapi.com", "/v1/videos/task_unknown")]
    return asked


def _say(number: int) -> list[dict[str, str]]:
    return [{"role": "user", "content": f"Say {number}"}]


def _post(path: str, **body: object) -> Request:
    content = json.dumps(body).encode()
    return Request("POST", "https://api.cometapi.com", path, content, "application/json", key=1)


def day(profile: str, seed: int) -> list[str]:
    """One request a second, driven to the end, as lines for a person."""
    simulator = Simulator(profile=profile, seed=seed)
    shared = runtime(Policy(), clock=VirtualClock(), chance=Chance(seed))
    world = VirtualTime(shared, lambda request, now: answer(simulator, request, now))
    calls = [world.call(request, at=float(at)) for at, request in enumerate(requests())]
    world.run()
    lines = [line for call in calls for line in _told(call)]
    answered = sum(call.answered for call in calls)
    sends = sum(len(call.sends) for call in calls)
    ledger = simulator.ledger
    lines.append(f"{answered} of {len(calls)} answered in {sends} sends, by {world.now:.1f} s")
    lines.append(f"pointless {sum(entry.pointless for entry in ledger.calls)}")
    lines.append(f"early {sum(entry.early for entry in ledger.calls)}")
    lines.append(f"paid twice {len(ledger.paid_twice())}")
    return lines


def _told(call: Call) -> list[str]:
    assert call.history is not None
    lines = [f"{call.started:5.1f} {call.request.method} {call.request.path}"]
    sends = iter(call.sends)
    for attempt in call.history.attempts:
        came = attempt.status if attempt.status is not None else attempt.fault
        rule = f" [{attempt.failure.rule}]" if attempt.failure else ""
        wait = f" in {attempt.wait_s:.2f} s" if attempt.wait_s else ""
        stop = f", stopped: {attempt.stop_reason}" if attempt.stop_reason else ""
        local = attempt.failure is not None and attempt.failure.rule.startswith("local.")
        sent = "    --" if local else f"{next(sends):6.2f}"
        lines.append(f"      {sent} {came}{rule} -> {attempt.action}{wait}{stop}")
    assert next(sends, None) is None
    return lines


@pytest.mark.parametrize(("profile", "seed"), DAYS.items(), ids=DAYS)
def test_a_day_goes_as_it_was_written_down(profile, seed):
    """Every send, rule, decision and wait of a day, line by line."""
    written = (HERE / f"{profile}.txt").read_text("utf-8").splitlines()
    assert day(profile, seed) == written


@pytest.mark.parametrize(("profile", "seed"), DAYS.items(), ids=DAYS)
def test_no_day_breaks_a_promise(profile, seed):
    """Nothing that is final is sent again, nothing comes early, nothing is bought twice."""
    assert day(profile, seed)[-3:] == ["pointless 0", "early 0", "paid twice 0"]


if __name__ == "__main__":
    for name, number in DAYS.items():
        (HERE / f"{name}.txt").write_text("\n".join(day(name, number)) + "\n", "utf-8")
