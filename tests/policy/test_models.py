"""Sections by model through every binding: what the request asks for decides how it is treated."""

from __future__ import annotations

import sys
from unittest.mock import patch

import pytest

import halley
from halley.compose import runtime
from halley.core.model import Reply, Request
from halley.core.policy import Policy, PolicyError
from halley.drivers.virtual import VirtualClock, VirtualTime
from halley.policy.options import effective
from halley.transport import first
from tests.lines import ASK, CHAT, QUICK, Answer, Line, failing, stream

MINE = QUICK.override({"models": {"gpt-5*": {"attempts": 2}, "*mini*": {"attempts": 3}}})
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gpt-5-x:generateContent"


def asking(model: str) -> dict[str, object]:
    """A chat completion of a model."""
    return {**ASK, "model": model}


@pytest.mark.parametrize(
    ("model", "attempts"), [("gpt-5", 2), ("GPT-5-mini", 2), ("o4-mini", 3), ("o3", 5)]
)
def test_the_model_of_the_body_chooses(line: Line, model: str, attempts: int):
    """The first section that fits; the client's own settings where none does."""
    caller = line.client(failing(503), policy=MINE)
    caller.post(json=asking(model))
    assert len(caller.sent) == attempts


def test_the_model_of_the_path_chooses(line: Line):
    """Gemini's calls name it there."""
    caller = line.client(failing(503), policy=MINE)
    caller.post(GEMINI, json={"contents": []})
    assert len(caller.sent) == 2


def test_a_call_without_a_model_is_the_clients(line: Line):
    """Even where a section fits every name."""
    caller = line.client(failing(503), policy=QUICK.override({"models": {"*": {"attempts": 2}}}))
    caller.get("https://api.cometapi.com/v1/models")
    assert len(caller.sent) == 5


def test_options_win_over_the_section(line: Line):
    """And the section over the client's settings, where the options say nothing."""
    policy = MINE.override({"attempts": 4, "models": {"gpt-5*": {"attempts": 2, "repair": True}}})
    caller = line.client(failing(503), policy=policy)
    with halley.options(attempts=3):
        caller.post(json=asking("gpt-5"))
        inside = effective(policy, lambda: Request("POST", "", "/v1/models/gpt-5/x"))
    assert len(caller.sent) == 3
    assert (inside.attempts, inside.repair) == (3, True)


def test_the_deadline_of_a_section_holds_from_the_first_send(line: Line):
    """No phase of a send outlasts it."""
    policy = QUICK.override({"models": {"gpt-5*": {"deadline_s": 7}}})
    caller = line.client(Answer(), policy=policy, timeout=50)
    caller.post(json=asking("gpt-5"))
    caller.post(json=asking("o3"))
    assert 0 < caller.sent[0].timeouts["read"] <= 7
    assert caller.sent[1].timeouts["read"] == 50


def test_a_section_may_check_bodies(line: Line):
    """`validate` of a section refuses what is wrong for its models alone."""
    policy = QUICK.override({"models": {"gpt-5*": {"validate": "refuse"}}})
    caller = line.client(Answer(), policy=policy)
    wrong = {"messages": [{"role": "usr", "content": "x"}]}
    assert caller.post(json={**wrong, "model": "gpt-5"}).status_code == 400
    assert caller.post(json={**wrong, "model": "o3"}).status_code == 200
    assert len(caller.sent) == 1


def test_the_validator_is_asked_for_when_a_section_needs_it(monkeypatch: pytest.MonkeyPatch):
    """Where the client is made, not at the first call of that model."""
    monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    halley.Client(policy=Policy(models={"a": {"repair": True}})).close()
    with pytest.raises(PolicyError, match="validate: checking bodies needs jsonschema-rs"):
        halley.Client(policy=Policy(models={"a": {"validate": "warn"}}))


def test_streams_follow_it_too(line: Line):
    """A head that is no success is decided like any other."""
    caller = line.client(failing(503), failing(503), stream(), policy=MINE)
    opened = caller.open(json={**asking("gpt-5"), "stream": True})
    opened.close()
    assert (opened.response.status_code, len(caller.sent)) == (503, 2)


def test_virtual_time_follows_it():
    """Also with a policy of the call's own, and with options."""
    request = Request("POST", "https://a.test", "/v1/chat/completions", b'{"model":"gpt-5"}')
    run = runtime(MINE, clock=VirtualClock())
    world = VirtualTime(run, lambda *_: (Reply(503, {}, b"{}"), 0.1))
    calls = [world.call(request), world.call(request, policy=MINE.override({"models": {}}))]
    with halley.options(attempts=4):
        calls.append(world.call(request))
    world.run()
    assert [len(call.sends) for call in calls] == [2, 5, 4]


@pytest.mark.parametrize("policy", [QUICK, MINE])
def test_only_sections_ask_for_the_request(line: Line, policy: Policy):
    """A plain success of a policy without any is never described."""
    caller = line.client(Answer(), policy=policy)
    with patch.object(first, "described", wraps=first.described) as described:
        caller.post(CHAT)
    assert described.call_count == (1 if policy.models else 0)


def test_without_sections_nobody_asks_for_the_request():
    """Not even where it is at hand."""
    assert effective(QUICK, lambda: pytest.fail("asked")) is QUICK


def test_calls_of_one_model_share_lane_and_budget_with_all(line: Line):
    """A section is no client of its own."""
    caller = line.client(failing(429), Answer(), policy=MINE)
    caller.post(json=asking("gpt-5"))
    assert len(caller.lanes) == 1
