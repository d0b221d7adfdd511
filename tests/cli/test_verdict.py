"""What a call came to: exit codes by the table of docs/command-line.md, words, and JSON."""

import pytest

from halley.cli.chat import Answer
from halley.cli.exits import Exit
from halley.cli.verdict import EXITS, summary, verdict_of
from halley.core.model import Action, Attempt, Failure, Kind, Origin, Scope, StopReason

EXPECTED = {
    "ok": 0,
    "fix_request": 3,
    "fix_model": 3,
    "rotate_key": 4,
    "top_up": 5,
    "retry": 6,
    "poll": 6,
    "fail_over": 6,
    "stop": 6,
    "reconcile": 7,
}


def attempt(action, kind=None, **values):
    failure = kind and Failure(kind, action, Origin.GATEWAY, Scope.KEY, "a.rule")
    return Attempt(1, action, 0.5, failure=failure, **values)


@pytest.mark.parametrize("action", Action)
def test_every_action_has_its_exit_code(action):
    """0 answered, 3 fix, 4 key, 5 money, 6 gave up or fail over, 7 reconcile."""
    assert EXITS[action] == EXPECTED[action]


def test_a_failure_is_seen_and_advised():
    """Status, kind and number of attempts, and the advice for this kind."""
    last = attempt(Action.ROTATE_KEY, Kind.INVALID_KEY, status=401)._replace(number=2)
    verdict = verdict_of(Answer(attempts=(last,)), "gpt-5")
    assert verdict.exit_code is Exit.KEY
    assert verdict.seen == "401 invalid key (2 attempts)"
    assert "key" in verdict.advice


def test_a_call_that_never_went_out():
    """No permit before the deadline: there is no failure to advise about."""
    last = attempt(Action.RETRY, stop_reason=StopReason.DEADLINE)
    verdict = verdict_of(Answer(attempts=(last,)), "gpt-5")
    assert (verdict.exit_code, verdict.seen) == (Exit.GAVE_UP, "no permit to send")
    assert verdict.advice == "stopped: deadline"


def test_a_whole_answer():
    """Exit code 0 needs an answer that its author ended."""
    answer = Answer("hi", whole=True, attempts=(attempt(Action.OK),))
    assert verdict_of(answer, "gpt-5").exit_code is Exit.OK


def test_half_an_answer_is_none():
    """A stream that ends before its end, inside a good reply."""
    answer = Answer("hi, I", attempts=(attempt(Action.OK),))
    verdict = verdict_of(answer, "gpt-5")
    assert (verdict.exit_code, verdict.seen) == (Exit.GAVE_UP, "stream cut short")


def test_an_error_inside_a_stream():
    """The frame is classified as any failure is."""
    frame = '{"error": {"code": "insufficient_user_quota", "message": "user quota is not enough"}}'
    verdict = verdict_of(Answer("", error=frame, attempts=(attempt(Action.OK),)), "gpt-5")
    assert verdict.exit_code is Exit.MONEY
    assert verdict.seen == "the stream failed: balance used up"


def test_as_json():
    """The fields a program needs, and the model asked for when the answer names none."""
    last = attempt(Action.RETRY, Kind.OVERLOADED, status=503, request_id="r1")
    last = last._replace(stop_reason=StopReason.ATTEMPTS)
    answer = Answer(attempts=(last,))
    told = summary(answer, verdict_of(answer, "gpt-5"), "gpt-5")
    assert (told["answer"], told["model"], told["usage"]) == (None, "gpt-5", None)
    assert told["decision"]["action"] == "retry"
    assert told["decision"]["stop_reason"] == "attempts"
    assert told["decision"]["request_id"] == "r1"
    assert [one["kind"] for one in told["attempts"]] == ["overloaded"]
