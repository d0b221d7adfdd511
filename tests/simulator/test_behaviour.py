"""The whole simulator as a function of requests, times and one seed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.simulator import PROFILES, SimRequest, Simulator, keys

PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/videos", "/v1/nope", "/nope")
REPLAY = """
from halley.simulator import Simulator, SimRequest
simulator = Simulator(profile="rough", seed=5)
for number in range(50):
    request = SimRequest("POST", "/v1/chat/completions", body=b"%d" % number)
    print(simulator.handle(request, number * 0.1))
"""

requests = st.lists(
    st.builds(
        lambda path, body, marker, gap: (
            SimRequest(
                "POST",
                path,
                headers={"authorization": f"Bearer {keys.VALID}", "x-halley-call": marker},
                body=json.dumps(body).encode(),
            ),
            gap,
        ),
        st.sampled_from(PATHS),
        st.fixed_dictionaries(
            {"model": st.sampled_from(["gpt-5-mini", "sora-2", "nope"])},
            optional={
                "messages": st.just([1]),
                "input": st.just("x"),
                "prompt": st.just("x"),
                "stream": st.booleans(),
            },
        ),
        st.sampled_from("abc"),
        st.floats(0, 5),
    ),
    max_size=12,
)


def play(simulator, script):
    now, replies = 0.0, []
    for request, gap in script:
        now += gap
        replies.append(simulator.handle(request, now))
    return replies


@settings(max_examples=60)
@given(profile=st.sampled_from(list(PROFILES)), seed=st.integers(0, 999), script=requests)
def test_same_seed_same_requests_same_replies(profile, seed, script):
    """Two simulators with one seed cannot be told apart, nor can their ledgers."""
    one, two = (Simulator(profile=profile, seed=seed) for _ in range(2))
    assert play(one, script) == play(two, script)
    assert one.ledger.calls == two.ledger.calls


@settings(max_examples=60)
@given(profile=st.sampled_from(list(PROFILES)), seed=st.integers(0, 999), script=requests)
def test_every_reply_can_be_delivered(profile, seed, script):
    """No wait is negative, no body longer than promised, no text that headers cannot carry."""
    for reply in play(Simulator(profile=profile, seed=seed), script):
        assert reply.latency_s > 0
        assert all(chunk.after_s >= 0 for chunk in reply.chunks)
        promised = reply.header("content-length")
        assert promised is None or int(promised) >= len(reply.body)
        for name, value in reply.headers:
            assert f"{name}: {value}".isascii()
            assert "\n" not in value


@given(body=st.binary(max_size=200), path=st.sampled_from(PATHS), kind=st.text(max_size=40))
def test_any_bytes_are_answered(body, path, kind):
    """Whatever is sent, something is answered, and nothing is raised."""
    headers = {"authorization": f"Bearer {keys.VALID}", "content-type": kind}
    reply = Simulator().handle(SimRequest("POST", path, "", headers, body), 0.0)
    assert 200 <= reply.status < 600


def test_seeds_differ(caller):
    """Another seed is another day."""
    days = {
        tuple(call(call=str(n)).status for n in range(50))
        for call in (caller(profile="rough", seed=seed) for seed in range(5))
    }
    assert len(days) == 5


def test_a_call_does_not_depend_on_its_neighbours(caller):
    """The order in which calls arrive does not change what happens to each of them."""
    markers = [str(n) for n in range(60)]
    forward, backward = (caller(profile="rough", seed=3) for _ in range(2))
    there = {marker: forward(call=marker).status for marker in markers}
    back = {marker: backward(call=marker).status for marker in reversed(markers)}
    assert there == back


def test_the_next_attempt_is_drawn_anew(caller):
    """A transient fault does not stick to a call."""
    call = caller(profile="rough", seed=3)
    assert len({call(call="one").status for _ in range(40)}) > 3


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_no_order_of_hashes_leaks_in(hash_seed):
    """A run is the same in another process with another PYTHONHASHSEED."""
    expected = Simulator(profile="rough", seed=5)
    lines = [
        repr(expected.handle(SimRequest("POST", PATHS[0], body=b"%d" % n), n * 0.1))
        for n in range(50)
    ]
    done = subprocess.run(
        [sys.executable, "-c", REPLAY],
        env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert done.stdout.splitlines() == lines


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"{", 400, "not valid JSON"),
        (b"[]", 400, "not valid JSON"),
        (b"{}", 400, "model name is required"),
        (b'{"model":7}', 400, "model name is required"),
        (b'{"model":"gpt-5"}', 500, "field messages is required"),
        (b'{"model":"gpt-5","messages":[]}', 500, "field messages is required"),
        (b'{"model":"nope","messages":[1]}', 503, "and model nope (distributor)"),
    ],
)
def test_a_wrong_body_is_refused_as_the_real_one_refuses_it(caller, body, status, said):
    """The order is the gateway's: JSON, model, then the shape of the request."""
    reply = caller()("/v1/chat/completions", body)
    assert reply.status == status
    assert said in reply.body.decode()


def test_every_answer_is_dated_and_traced(caller):
    """Date and both request id headers are on good answers and on refusals."""
    for reply in (caller()(), caller()(model="nope"), caller()(stream=True)):
        assert reply.header("date") == "Thu, 01 Jan 2026 00:00:00 GMT"
        assert reply.header("x-oneapi-request-id") == reply.header("x-cometapi-request-id")


def test_a_glance_at_the_simulator(caller):
    """The repr says which day it is and how it went."""
    call = caller(seed=4)
    call()
    assert repr(call.simulator) == "<Simulator calm, seed 4, <Ledger 1 calls, 1 billed, 0.00 USD>>"
