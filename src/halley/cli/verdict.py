"""What a call came to: the decision in words, as JSON, and as the exit code of the process.

The decision is the engine's, out of the history of the call. Only what the engine does not look
into, a stream that fails or stops inside a good reply, is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from halley.cli.chat import Answer
from halley.cli.exits import Exit
from halley.cli.words import KINDS
from halley.core.model import (
    Action,
    Attempt,
    Failure,
    Kind,
    Origin,
    Scope,
    StopReason,
    StreamState,
)
from halley.explaining import explain
from halley.providers.advice import advice

EXITS: Final = {
    Action.OK: Exit.OK,
    Action.RETRY: Exit.GAVE_UP,
    Action.POLL: Exit.GAVE_UP,
    Action.FIX_REQUEST: Exit.FIX,
    Action.FIX_MODEL: Exit.FIX,
    Action.ROTATE_KEY: Exit.KEY,
    Action.TOP_UP: Exit.MONEY,
    Action.FAIL_OVER: Exit.GAVE_UP,
    Action.RECONCILE: Exit.RECONCILE,
    Action.STOP: Exit.GAVE_UP,
}
"""The exit code of a call that ended with this action."""

CUT_SHORT: Final = Failure(
    Kind.STREAM_CUT, Action.STOP, Origin.UPSTREAM, Scope.UPSTREAM, "call.stream_cut"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call came to; `seen` and `advice` are for a person."""

    action: Action
    seen: str
    advice: str

    @property
    def exit_code(self) -> Exit:
        """Return what the shell is told."""
        return EXITS[self.action]


def verdict_of(answer: Answer, model: str) -> Verdict:
    """Return what a call came to."""
    last = answer.attempts[-1]
    if last.action is not Action.OK:
        advised = last.decision.action if last.decision else last.action
        told = advice(last.failure, advised, model=model) if last.failure else ""
        return Verdict(last.action, _seen(last), told or f"stopped: {last.stop_reason}")
    if answer.error:
        frame = explain({"status": 200, "body": answer.error, "partial_output": bool(answer.text)})
        kind = KINDS[frame.kind or Kind.UNKNOWN][0]
        return Verdict(frame.action, f"the stream failed: {kind}", frame.advice)
    if not answer.whole:
        return Verdict(Action.STOP, KINDS[Kind.STREAM_CUT][0], advice(CUT_SHORT))
    return Verdict(Action.OK, "", "")


def summary(answer: Answer, verdict: Verdict, model: str) -> dict[str, object]:
    """Return a call as one JSON object."""
    attempts = answer.attempts
    decision = {
        "action": verdict.action,
        "retryable": verdict.action.retryable,
        "stop_reason": attempts[-1].stop_reason,
        "request_id": attempts[-1].request_id,
        "advice": verdict.advice,
    }
    return {
        "answer": answer.text or None,
        "model": answer.model or model,
        "usage": answer.usage,
        "attempts": [_as_fields(attempt) for attempt in attempts],
        "decision": decision,
    }


def _seen(attempt: Attempt) -> str:
    """Say what the last attempt met, and after how many."""
    kind = KINDS[attempt.failure.kind][0] if attempt.failure else "no permit to send"
    if attempt.stream is StreamState.FAILED and attempt.stop_reason is StopReason.COMMITTED:
        return f"the stream failed: {kind}"
    status = f"{attempt.status} " if attempt.fault is None and attempt.status else ""
    many = f" ({attempt.number} attempts)" if attempt.number > 1 else ""
    return f"{status}{kind}{many}"


def _as_fields(attempt: Attempt) -> dict[str, object]:
    failure = attempt.failure
    return {
        "attempt": attempt.number,
        "status": attempt.status,
        "fault": attempt.fault,
        "action": attempt.action,
        "kind": failure.kind if failure else None,
        "rule": attempt.decision.rule if attempt.decision else None,
        "wait_s": round(attempt.wait_s, 3),
        "elapsed_s": round(attempt.elapsed_s, 3),
        "request_id": attempt.request_id,
    }
