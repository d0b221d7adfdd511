"""Scripted upstreams, as a user writes them in a test."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from halley.simulator import Profile, fail, faults, ok, script

VIDEO = {"model": "sora-2", "prompt": "a comet"}


def test_fail_twice_then_succeed(caller):
    """Steps are played in order; when they are used up the profile decides."""
    call = caller(script=script(fail(503), fail(429, retry_after=2), ok()))
    replies = [call() for _ in range(4)]
    assert [reply.status for reply in replies] == [503, 429, 200, 200]
    assert replies[1].header("retry-after") == "2"


def test_a_step_may_happen_several_times(caller):
    """`times` repeats a step."""
    call = caller(script=[fail(500, times=3)])
    assert [call().status for _ in range(4)] == [500, 500, 500, 200]


def test_a_step_waits_for_its_path_and_its_model(caller):
    """Other requests pass it by."""
    call = caller(script=script(fail(503, path="/v1/videos"), fail(500, model="gpt-5")))
    assert call().status == 200
    assert call(model="gpt-5").status == 500
    assert call("/v1/videos", VIDEO).status == 503
    assert call("/v1/videos", VIDEO).status == 200


def test_a_stream_fault_waits_for_a_stream(caller):
    """A plain request does not use up a step for streams, nor the other way round."""
    call = caller(script=script(fail("cut_stream"), fail("truncated_json")))
    call()
    call(stream=True)
    call()
    assert [entry.fault for entry in call.simulator.ledger.calls] == [
        "truncated_json",
        "cut_stream",
        "",
    ]


def test_ok_spares_a_request_the_profile(caller):
    """On a day on which everything fails one request gets through."""
    call = caller(profile=Profile("bad", "", faults={"busy": 1.0}), script=[ok()])
    assert [call().status, call().status] == [200, 503]


def test_ok_does_not_make_a_wrong_request_right(caller):
    """A scripted success still refuses a bad key."""
    assert caller(script=[ok()])(key="sk-invalid").status == 401


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (2, "2"),
        (0.5, "0.5"),
        ("soon", "soon"),
        (datetime(2026, 1, 1, 0, 0, 9, tzinfo=UTC), "Thu, 01 Jan 2026 00:00:09 GMT"),
    ],
)
def test_retry_after_in_every_form(caller, value, sent):
    """Seconds, fractions, a date, or text as it stands."""
    assert caller(script=[fail(429, retry_after=value)])().header("retry-after") == sent


def test_any_header_may_be_set(caller):
    """A header takes the place of the reply's own."""
    headers = {"x-should-retry": "false", "content-type": "text/event-stream"}
    reply = caller(script=[fail(503, headers=headers)])()
    assert reply.header("x-should-retry") == "false"
    assert [value for name, value in reply.headers if name == "content-type"] == [
        "text/event-stream"
    ]


def test_a_fault_with_its_own_figures(caller):
    """The functions of `faults` are steps too."""
    call = caller(script=script(fail(faults.cut_stream(3)), fail(faults.slow(7.0))))
    assert len(call(stream=True).chunks) == 3
    assert call().latency_s > 7.0


@pytest.mark.parametrize("what", [200, 99, 600, "nope"])
def test_what_is_no_failure_is_refused(what):
    """The message says what was given and what may be."""
    with pytest.raises(ValueError, match=r"expected .*got|unknown fault 'nope': expected one of"):
        fail(what)


def test_a_step_that_cannot_happen_is_refused():
    """`times` must be at least one, and a header must fit on its line."""
    with pytest.raises(ValueError, match="expected at least 1, got 0"):
        ok(times=0)
    with pytest.raises(ValueError, match="step header 'retry-after': expected printable ASCII"):
        fail(429, retry_after="1\r\nx: y")
