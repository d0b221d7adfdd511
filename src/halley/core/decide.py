"""From a failure to a decision: the last word, in which money and vetoes outrank the tables.

In this order: the server's veto; a paid submit that may have been accepted is never sent again but
reconciled; a poll is asked again, for that is free; an unusable answer is bought only so often.
"""

from __future__ import annotations

from typing import Final

from halley.core.endpoints import endpoint_of
from halley.core.model import Action, Decision, Failure, Kind, Request

BAD_REPLIES_MAX: Final = 3
"""Sends spent on answers that came and were unusable: each of them may have been billed."""

OPEN: Final = frozenset({Kind.UNKNOWN, Kind.SERVER_ERROR, Kind.UPSTREAM_ERROR, Kind.CONFLICT})
"""Kinds that the server's ``x-should-retry: true`` may turn into a retry: nothing permanent."""

MEANING: Final[dict[Action, str]] = {
    Action.OK: "nothing to do",
    Action.RETRY: "send it again after the wait",
    Action.POLL: "ask for the state again later, never submit again",
    Action.FIX_REQUEST: "change the request: the same bytes will fail again",
    Action.FIX_MODEL: "choose another model",
    Action.ROTATE_KEY: "use another key",
    Action.TOP_UP: "add money or raise the limit of the account",
    Action.FAIL_OVER: "send it to another target",
    Action.RECONCILE: "find out whether it was accepted before sending it again",
    Action.STOP: "give up: neither a wait nor another key helps",
}


def decide(request: Request, failure: Failure, *, attempt: int = 1) -> Decision:
    """What to do about a failure of the given attempt (counted from 1).

    The wait is the server's, 0 where it named none; a backoff is the engine's affair.
    """
    action, reason = _decided(request, failure, attempt)
    rule = f"{failure.rule}.{reason}" if reason else failure.rule
    return Decision(action, failure.wait_s or 0.0, rule, MEANING[action])


def _decided(request: Request, failure: Failure, attempt: int) -> tuple[Action, str]:
    action, reason = _after_veto(failure)
    if action is not Action.RETRY:
        return action, reason
    if failure.ambiguous:
        endpoint = endpoint_of(request)
        if endpoint.paid_submit:
            return Action.RECONCILE, "paid"
        if endpoint.poll:
            return Action.POLL, reason
    if failure.kind is Kind.BAD_REPLY and attempt >= BAD_REPLIES_MAX:
        return Action.FAIL_OVER, "spent"
    return action, reason


def _after_veto(failure: Failure) -> tuple[Action, str]:
    """The row's action unless the server forbids it, or allows what only the status forbade."""
    if failure.veto is False and failure.action.retryable:
        return Action.STOP, "veto"
    if failure.veto is True and failure.kind in OPEN and not failure.action.retryable:
        return Action.RETRY, "asked"
    return failure.action, ""
