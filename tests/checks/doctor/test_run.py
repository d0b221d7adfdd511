"""The whole examination against the simulator and small servers: faults, and what is left out."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest

from halley.checks.doctor import Result, Target, diagnose
from halley.checks.doctor import service as service_module
from halley.simulator import fail
from halley.simulator.keys import INVALID, VALID

from .servers import http_server, listening, simulated

MODEL = "gpt-5-mini"
ORDER = ["key", "base URL", "proxy", "DNS", "TCP", "TLS", "model list", "clock", "model", "call"]


def examined(base_url: str, key: str = VALID, model: str = MODEL) -> dict[str, Result]:
    """Every result by name; a proxy of this machine does not count."""
    return {one.name: one for one in diagnose(Target(base_url, key, model, trust_env=False))}


def wrong(results: dict[str, Result]) -> list[str]:
    """What is wrong, by name."""
    return [name for name, result in results.items() if result.status == "wrong"]


def test_all_good():
    """Nothing wrong, in the documented order, one tiny call made and billed once."""
    with simulated() as server:
        results = examined(server.base_url)
        calls = [(entry.method, entry.path) for entry in server.ledger.calls]
    assert wrong(results) == []
    assert list(results) == [name for name in ORDER if name != "proxy"]
    assert results["TLS"].status == "skipped"
    assert calls == [("GET", "/v1/models"), ("POST", "/v1/chat/completions")]


def test_a_proxy_is_looked_at_where_the_environment_counts(monkeypatch):
    """A proxy that refuses is found before anything is sent."""
    with listening(served=False) as port, simulated() as server:
        for name in ("HTTP_PROXY", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        results = {one.name: one for one in diagnose(Target(server.base_url, VALID, MODEL))}
        assert list(server.ledger.calls) == []
    assert list(results) == ORDER
    assert wrong(results) == ["TCP"]
    assert results["TCP"].message == f"127.0.0.1:{port} refuses the connection"


def test_a_wrong_path_that_answers_with_a_web_page():
    """New-api's own page: 200, HTML."""
    with simulated() as server:
        results = examined(f"{server.url}/console")
    assert wrong(results) == ["model list"]
    assert results["model list"].message.startswith("a web page (200) instead of JSON")
    assert f"use {server.url}/v1 " in results["model list"].fix
    assert results["call"].status == "skipped"


def test_a_wrong_path_that_redirects():
    """301 is not followed."""
    with simulated(fail(301)) as server:
        results = examined(server.base_url)
        assert len(server.ledger.calls) == 1
    assert wrong(results) == ["model list"]
    assert results["model list"].message.startswith("the server redirects (301)")


def test_a_base_url_without_a_version_is_not_asked():
    """Nothing is sent to what is known to be wrong; the way there is still looked at."""
    with simulated() as server:
        results = examined(server.url)
        assert list(server.ledger.calls) == []
    assert wrong(results) == ["base URL"]
    assert results["TCP"].status == "ok"
    assert results["model list"].message == "first base URL must be right"


def test_a_key_that_the_server_refuses():
    """401, with the advice of the tables."""
    with simulated() as server:
        results = examined(server.base_url, INVALID)
    assert wrong(results) == ["model list"]
    assert results["model list"].message.startswith("401, invalid key")
    assert "key" in results["model list"].fix
    assert results["clock"].status == "ok"
    assert INVALID not in str(results)


def test_a_key_of_the_wrong_form_is_not_sent():
    """A key in quotes never leaves this machine."""
    with simulated() as server:
        results = examined(server.base_url, f'"{VALID}"')
        assert list(server.ledger.calls) == []
    assert wrong(results) == ["key"]
    assert results["call"].message == "first key must be right"


def test_an_unknown_model_gets_its_near_misses():
    """Case and vendor prefixes aside; no call is made."""
    with simulated() as server:
        results = examined(server.base_url, model="OpenAI/GPT-5-Mini")
        assert [entry.path for entry in server.ledger.calls] == ["/v1/models"]
    assert wrong(results) == ["model"]
    assert results["model"].fix.startswith("did you mean gpt-5-mini")


def test_a_refused_port():
    """Everything after it is left out."""
    with listening(served=False) as port:
        results = examined(f"http://127.0.0.1:{port}/v1")
    assert wrong(results) == ["TCP"]
    assert {results[name].status for name in ORDER[5:]} == {"skipped"}


@pytest.mark.parametrize(
    ("offset_s", "message"), [(-3600, "s ahead of the server's"), (3600, "s behind the server's")]
)
def test_a_clock_that_is_off(offset_s, message):
    """An hour either way by the reply's Date; the rest goes on."""
    then = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=offset_s)
    with http_server({"date": format_datetime(then, usegmt=True)}) as base_url:
        results = examined(base_url)
    assert wrong(results) == ["clock"]
    assert results["clock"].message.endswith(message)
    assert abs(int(results["clock"].message.split()[0]) - 3600) < 60
    assert results["call"].status == "ok"


@pytest.mark.parametrize("date", ["yesterday", "", "Mon, 99 Nov 2026 00:00:00 GMT"])
def test_a_date_that_is_none_says_nothing(date):
    """An unreadable Date is no fault of this clock's."""
    with http_server({"date": date}) as base_url:
        assert examined(base_url)["clock"].status == "ok"


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"data": []}', b'{"data": [{"id": 5}, 5]}', b"x"])
def test_a_list_without_models_is_wrong(body):
    """Whatever answers, it is not the API."""
    with http_server({}, body) as base_url:
        assert wrong(examined(base_url)) == ["model list"]


def test_a_call_that_fails_is_explained():
    """503 on the call alone: status, kind and advice; once, for there is no retry here."""
    with simulated(fail(503, path="/v1/chat")) as server:
        results = examined(server.base_url)
        assert len(server.ledger.calls) == 2
    assert wrong(results) == ["call"]
    assert results["call"].message.startswith("503, ")
    assert results["call"].fix


def test_an_answer_that_never_comes_is_given_up(monkeypatch):
    """A check is bounded; what it was waiting for is told."""
    monkeypatch.setattr("halley.checks.doctor.network.LONGEST_S", 0.2)
    monkeypatch.setattr(service_module, "LONGEST_S", 0.2)
    with listening() as port:
        results = examined(f"http://127.0.0.1:{port}/v1")
    assert wrong(results) == ["model list"]
    assert results["model list"].message == "no answer, timeout"


def test_no_result_holds_the_key():
    """Not when the server echoes it, either."""
    with simulated(fail("echo_key")) as server:
        results = examined(server.base_url)
    assert wrong(results) == ["model list"]
    assert VALID not in str(results)
