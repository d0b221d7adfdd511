"""The face of virtual time: outcomes of the core, and how long they took."""

from __future__ import annotations

import gzip
import json

import pytest

from halley.core.model import Fault, FaultKind, Reply, Request
from halley.simulator import SimRequest, Simulator, fail, faults, keys, script
from halley.simulator.virtual import answer

BODY = json.dumps({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hi"}]})


def request(path="/v1/chat/completions", body=BODY, method="POST"):
    return Request(method, "http://sim", path, body.encode(), "application/json")


def test_a_reply_and_its_time():
    """A good answer takes its latency and has the whole body."""
    simulator = Simulator()
    outcome, took_s = answer(simulator, request(), 0.0)
    assert isinstance(outcome, Reply)
    assert (outcome.status, outcome.complete) == (200, True)
    assert json.loads(outcome.body)["choices"]
    assert 0 < took_s < 1


def test_the_time_of_a_stream_is_that_of_its_last_byte():
    """Head and gaps add up."""
    simulator = Simulator()
    streamed = request(body=BODY[:-1] + ', "stream": true}')
    outcome, took_s = answer(simulator, streamed, 0.0)
    again = Simulator().handle(_sim(streamed), 0.0)
    assert took_s == pytest.approx(again.duration_s)
    assert outcome.headers["content-type"] == "text/event-stream"


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("reset", FaultKind.READ),
        ("close", FaultKind.PROTOCOL),
        ("cut", FaultKind.PROTOCOL),
        ("hang", FaultKind.READ_TIMEOUT),
    ],
)
def test_a_lost_connection_is_a_fault(what, kind):
    """Each ending is the fault that httpx would report."""
    outcome, _ = answer(Simulator(script=script(fail(what))), request(), 0.0)
    assert outcome == Fault(kind)


def test_a_client_does_not_wait_longer_than_its_timeout():
    """A slow answer is a read timeout after exactly the timeout."""
    simulator = Simulator(script=script(fail(faults.slow(50.0))))
    outcome, took_s = answer(simulator, request(), 0.0, read_timeout_s=10.0)
    assert (outcome, took_s) == (Fault(FaultKind.READ_TIMEOUT), 10.0)


def test_only_so_much_of_a_body_is_kept():
    """The start of it, and the word that it is not all."""
    simulator = Simulator(script=script(fail(faults.huge_error(2))))
    outcome, _ = answer(simulator, request(), 0.0, body_bytes_max=1000)
    assert (len(outcome.body), outcome.complete) == (1000, False)


@pytest.mark.parametrize(("what", "complete"), [("gzip", True), ("gzip_bomb", False)])
def test_bodies_are_unpacked_within_bounds(what, complete):
    """What an inspection sees is decoded and never more than the limit."""
    outcome, _ = answer(Simulator(script=script(fail(what))), request(), 0.0)
    assert outcome.complete is complete
    assert len(outcome.body) <= 256 << 10
    assert not outcome.body.startswith(gzip.compress(b"")[:2])


@pytest.mark.parametrize(("key", "status"), [(keys.BROKE, 403), ("", 401)])
def test_the_credential_is_given_beside_the_request(key, status):
    """A core request has no key, so the caller names it."""
    outcome, _ = answer(Simulator(), request(), 0.0, key=key)
    assert outcome.status == status


def test_a_query_is_not_part_of_the_path():
    """What follows the question mark does not hide the route."""
    outcome, _ = answer(Simulator(), request("/v1/models?limit=2", "", "GET"), 0.0)
    assert outcome.status == 200


def _sim(core):
    headers = {"authorization": f"Bearer {keys.VALID}", "content-type": core.content_type}
    return SimRequest(core.method, core.path, "", headers, core.body)
