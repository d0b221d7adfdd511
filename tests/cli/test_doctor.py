"""`halley doctor`: what a person sees, the exit code, and that the key is in none of it."""

from __future__ import annotations

import json

import pytest

from tests.checks.doctor.servers import simulated

KEY = "sk-" + "Zq7" * 16
NAMES = ["key", "base URL", "DNS", "TCP", "TLS", "model list", "clock", "model", "call"]


@pytest.fixture
def service():
    """A service that answers everything."""
    with simulated() as server:
        yield server


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch):
    """What the machine's own environment says is no part of a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_without_a_key_it_looks_at_a_simulator_and_says_so(halley):
    """Nine lines, all in order, exit 0."""
    shown = halley("doctor")
    assert shown.code == 0
    assert shown.said == "halley: looking at a simulator (COMETAPI_KEY is not set)"
    assert [line[8:20].rstrip() for line in shown.out.splitlines()] == NAMES
    assert {line[:8].rstrip() for line in shown.out.splitlines()} == {"ok", "skipped"}


def test_with_a_key_it_looks_at_the_service(halley, service):
    """Base URL from the environment; nothing on stderr; the key nowhere."""
    shown = halley("doctor", env={"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": service.base_url})
    assert (shown.code, shown.err) == (0, "")
    assert "51 characters, begins with sk-" in shown.out
    assert f"ok      base URL    {service.base_url}" in shown.out.splitlines()
    assert KEY[3:12] not in shown.out


def test_something_wrong_has_its_fix_and_exits_1(halley, service):
    """The option outranks the environment; the fix stands under what is wrong."""
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "http://127.0.0.1:9/v1"}
    shown = halley("doctor", "--base-url", service.base_url, "--model", "gpt5-mini", env=env)
    assert shown.code == 1
    lines = shown.out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("wrong"))
    assert lines[at].startswith("wrong   model       gpt5-mini is not among the ")
    assert lines[at + 1].strip().startswith("fix: did you mean gpt-5-mini")
    assert lines[at + 2].startswith("skipped call")


def test_a_base_url_without_a_key_misses_the_key(halley, service):
    """The real service is meant, so a simulator would be the wrong answer."""
    shown = halley("doctor", "--base-url", service.base_url)
    assert shown.code == 1
    assert shown.out.startswith("wrong   key         not set\n")
    assert list(service.ledger.calls) == []


def test_a_broken_key_is_found_as_it_is_in_the_environment(halley, service):
    """The line break at its end is not stripped before it is looked at."""
    shown = halley(
        "doctor", env={"COMETAPI_KEY": f"{KEY}\n", "COMETAPI_BASE_URL": service.base_url}
    )
    assert shown.code == 1
    assert shown.out.startswith("wrong   key         holds a line break")
    assert KEY[3:12] not in shown.out + shown.err


def test_json_for_programs(halley, service):
    """One object: is all well, and every check with its fix."""
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": f"{service.base_url}/v1"}
    shown = halley("doctor", "--json", env=env)
    told = json.loads(shown.out)
    assert (shown.code, told["ok"]) == (1, False)
    assert [one["name"] for one in told["checks"]][:3] == ["key", "base URL", "proxy"]
    assert told["checks"][1] == {
        "name": "base URL",
        "status": "wrong",
        "message": "the version stands in the path twice",
        "fix": f"use {service.base_url}",
    }


def test_in_a_process_of_its_own_without_colours_in_a_pipe(process):
    """No escape sequence, no traceback, exit 0."""
    shown = process("doctor")
    assert shown.code == 0
    assert "\x1b" not in shown.out + shown.err
    assert "Traceback" not in shown.err
