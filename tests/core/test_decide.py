"""The last word: veto, money, polls, unusable answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from halley.core.decide import BAD_REPLIES_MAX, MEANING, decide
from halley.core.model import Action, Failure, Kind, Origin, Request, Scope

CHAT = Request("POST", "", "/v1/chat/completions")
VIDEO = Request("POST", "", "/v1/videos")
POLL = Request("GET", "", "/v1/videos/task_1")

DOWN = Failure(
    Kind.SERVER_ERROR,
    Action.RETRY,
    Origin.GATEWAY,
    Scope.SERVICE,
    "status.500",
    500,
    ambiguous=True,
)
REFUSED = replace(DOWN, kind=Kind.RATE_LIMIT, rule="status.429", status=429, ambiguous=False)
WRONG = replace(DOWN, kind=Kind.INVALID_REQUEST, action=Action.FIX_REQUEST, ambiguous=False)


def test_what_the_row_says_stands_when_nothing_outranks_it():
    """With its rule and the server's wait."""
    decision = decide(CHAT, replace(REFUSED, wait_s=7.5))
    assert (decision.action, decision.wait_s, decision.rule) == (Action.RETRY, 7.5, "status.429")
    assert decide(CHAT, WRONG).action is Action.FIX_REQUEST


def test_no_wait_named_is_no_wait():
    """A backoff is the engine's."""
    assert decide(CHAT, REFUSED).wait_s == 0


@pytest.mark.parametrize("failure", [DOWN, REFUSED])
@pytest.mark.parametrize("request_", [CHAT, VIDEO, POLL])
def test_a_veto_stops_every_retry(failure, request_):
    """`x-should-retry: false`."""
    decision = decide(request_, replace(failure, veto=False))
    assert decision.action is Action.STOP
    assert decision.rule.endswith(".veto")


def test_a_veto_leaves_what_is_no_retry():
    """It still says what to fix."""
    assert decide(CHAT, replace(WRONG, veto=False)).action is Action.FIX_REQUEST


def test_being_asked_to_retry_opens_only_what_nobody_knows():
    """`x-should-retry: true` cannot make a wrong request right."""
    unknown = replace(WRONG, kind=Kind.UNKNOWN, action=Action.STOP)
    assert decide(CHAT, replace(unknown, veto=True)).action is Action.RETRY
    assert decide(CHAT, replace(WRONG, veto=True)).action is Action.FIX_REQUEST
    money = replace(WRONG, kind=Kind.BALANCE, action=Action.TOP_UP)
    assert decide(CHAT, replace(money, veto=True)).action is Action.TOP_UP


def test_an_ambiguous_paid_submit_is_reconciled():
    """Never sent twice without a decision of the caller."""
    decision = decide(VIDEO, DOWN)
    assert decision.action is Action.RECONCILE
    assert not decision.retryable


def test_being_asked_to_retry_does_not_outrank_money():
    """Cloudflare's `retryable: true` on a 522 of a paid submit."""
    assert decide(VIDEO, replace(DOWN, veto=True)).action is Action.RECONCILE


def test_a_safe_failure_of_a_paid_submit_is_retried():
    """A 429 was not accepted."""
    assert decide(VIDEO, REFUSED).action is Action.RETRY


def test_an_ambiguous_failure_of_a_poll_polls_again():
    """Asking is free; submitting again is not."""
    assert decide(POLL, DOWN).action is Action.POLL
    assert decide(POLL, REFUSED).action is Action.RETRY


def test_a_chat_with_a_model_that_renders_is_a_paid_submit():
    """The path alone does not tell."""
    sora = replace_body(CHAT, b'{"model":"sora-2"}')
    assert decide(sora, DOWN).action is Action.RECONCILE
    assert decide(replace_body(CHAT, b'{"model":"gpt-5"}'), DOWN).action is Action.RETRY


def replace_body(request, body):
    return Request(request.method, request.origin, request.path, body, "application/json")


def test_unusable_answers_are_bought_only_so_often():
    """Each may have been billed; then another target may do better."""
    bad = replace(REFUSED, kind=Kind.BAD_REPLY)
    assert decide(CHAT, bad, attempt=BAD_REPLIES_MAX - 1).action is Action.RETRY
    assert decide(CHAT, bad, attempt=BAD_REPLIES_MAX).action is Action.FAIL_OVER
    assert decide(CHAT, REFUSED, attempt=99).action is Action.RETRY


@pytest.mark.parametrize("action", Action)
def test_every_action_has_a_meaning(action):
    """A decision always says what to do."""
    assert MEANING[action]
