"""The questions a run can be asked."""

from __future__ import annotations

import pytest

from halley.simulator import Acceptance, fail, ok, script

VIDEO = {"model": "sora-2", "prompt": "a comet", "seconds": "4"}


def paths(entries):
    return [(entry.path, entry.status) for entry in entries]


def test_a_lost_submit_sent_again_is_paid_twice(caller):
    """The first was accepted and its answer lost; the second was bought as well."""
    call = caller(script=script(fail("lost_504"), ok()))
    call("/v1/videos", VIDEO, now=0.0)
    call("/v1/videos", VIDEO, now=5.0)
    (group,) = call.simulator.ledger.paid_twice()
    assert [entry.outcome for entry in group] == [Acceptance.AMBIGUOUS, Acceptance.ACCEPTED]
    assert call.simulator.ledger.amount_usd == pytest.approx(0.8)


def test_a_refused_submit_sent_again_is_paid_once(caller):
    """A 503 before any work buys nothing."""
    call = caller(script=script(fail(503), ok()))
    call("/v1/videos", VIDEO)
    call("/v1/videos", VIDEO)
    assert call.simulator.ledger.paid_twice() == ()
    assert len(call.simulator.ledger.billed) == 1


def test_two_calls_with_equal_bodies_are_told_apart_by_their_marker(caller):
    """Buying the same video twice on purpose is not a repeat."""
    call = caller()
    call("/v1/videos", VIDEO, call="one")
    call("/v1/videos", VIDEO, call="two")
    assert call.simulator.ledger.paid_twice() == ()
    assert len(call.simulator.ledger.attempts()) == 2


def test_chat_is_billed_but_never_a_paid_submit(caller):
    """Equal prompts may be sent as often as one likes."""
    call = caller()
    call()
    call()
    assert call.simulator.ledger.paid_twice() == ()
    assert call.simulator.ledger.llm_tokens > 0


@pytest.mark.parametrize(("now", "early"), [(0.001, False), (1.0, True), (1.9, True), (2.5, False)])
def test_early_is_before_the_told_wait_has_passed(caller, now, early):
    """Told two seconds when the refusal arrived; a request already on its way is not early."""
    call = caller(script=[fail(429, retry_after=2)])
    told_at = call(now=0.0).duration_s
    call(now=told_at + now if now > 0.01 else told_at / 2)
    assert call.simulator.ledger.calls[1].early is early


@pytest.mark.parametrize(
    "other", [{"key": "sk-" + "o" * 20}, {"model": "gpt-5"}, {"path": "/v1/responses"}]
)
def test_a_wait_is_told_to_one_key_path_and_model(caller, other):
    """Another key, model or path may come at once."""
    call = caller(script=[fail(429, retry_after=9, times=1)])
    call(now=0.0)
    call(now=1.0, **other)
    assert not call.simulator.ledger.calls[1].early


def test_a_wait_told_in_a_503_is_for_its_call(caller):
    """An overloaded upstream says nothing about the other calls of a key; a 429 does."""
    steps = script(fail(503, retry_after=9), ok(times=2), fail(429, retry_after=9))
    call = caller(script=steps)
    for marker, now in (("a", 0.0), ("b", 1.0), ("a", 2.0), ("c", 20.0), ("d", 21.0)):
        call(call=marker, now=now)
    assert [entry.early for entry in call.simulator.ledger.calls] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_shorter_wait_does_not_take_back_a_longer_one(caller):
    """Two refusals at once: the longer wait holds."""
    call = caller(script=script(fail(429, retry_after=9), fail(429, retry_after=1)))
    call(now=0.0)
    call(now=0.0)
    call(now=5.0)
    assert call.simulator.ledger.calls[2].early


@pytest.mark.parametrize(
    ("what", "pointless"), [(401, True), ("invalid_request", True), (503, False), (429, False)]
)
def test_repeating_a_final_answer_is_pointless(caller, what, pointless):
    """What failed for good and is sent again with the same key."""
    call = caller(script=[fail(what)])
    call()
    call()
    assert [entry.pointless for entry in call.simulator.ledger.calls] == [False, pointless]


def test_another_key_may_succeed(caller):
    """The same request with another key is not pointless."""
    call = caller()
    call(key="sk-invalid")
    call(key="sk-" + "n" * 20)
    assert [entry.pointless for entry in call.simulator.ledger.calls] == [False, False]


def test_keys_go_by_an_alias(caller):
    """A known key by its word, any other by its number."""
    call = caller()
    for key in ("sk-" + "a" * 20, "sk-" + "b" * 20, "sk-" + "a" * 20, "sk-x-broke", ""):
        call(key=key)
    aliases = [entry.key for entry in call.simulator.ledger.calls]
    assert aliases == ["key-1", "key-2", "key-1", "broke", ""]


def test_attempts_are_grouped_in_the_order_of_their_calls(caller):
    """Interleaved requests come apart again."""
    call = caller()
    for marker in "abab":
        call(call=marker)
    groups = call.simulator.ledger.attempts()
    assert [[entry.call for entry in group] for group in groups] == [["a", "a"], ["b", "b"]]


def test_everything_received_is_there(caller):
    """Polls, refusals and lost ways are calls too."""
    call = caller()
    call.get("/v1/models")
    call.get("/nope")
    call(key="sk-invalid")
    assert paths(call.simulator.ledger.calls) == [
        ("/v1/models", 200),
        ("/nope", 200),
        ("/v1/chat/completions", 401),
    ]
    assert call.simulator.ledger.billed == ()


def test_a_glance_at_the_ledger(caller):
    """The repr counts calls and money."""
    call = caller()
    call("/v1/videos", VIDEO)
    assert repr(call.simulator.ledger) == "<Ledger 1 calls, 1 billed, 0.40 USD>"
