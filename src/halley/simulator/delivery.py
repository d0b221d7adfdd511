"""From an answer and a fault to what is sent, and to what the ledger is told about it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from halley.simulator.answers import Answer
from halley.simulator.errors import ERRORS
from halley.simulator.faults import Fault, Lose, Refuse, Spoil, SpoilStream
from halley.simulator.gates import Objection
from halley.simulator.ledger import Acceptance
from halley.simulator.model import SimReply, plain_reply
from halley.simulator.scene import Scene
from halley.simulator.shapes import gateway_headers
from halley.simulator.streams import Stream

_SSE = (("content-type", "text/event-stream"), ("cache-control", "no-cache"))


@dataclass(frozen=True, slots=True)
class Served:
    """A reply and what became of the request; `final` says that a repeat would fail again."""

    reply: SimReply
    outcome: Acceptance = Acceptance.REFUSED
    fault: str = ""
    final: bool = False
    llm_tokens: int = 0
    amount_usd: float = 0.0

    def with_headers(self, *headers: tuple[str, str]) -> Served:
        """The same, with further headers on the reply."""
        return replace(self, reply=self.reply.with_headers(*headers))


def objected(scene: Scene, objection: Objection) -> Served:
    """The refusal of a gate."""
    reply = scene.error(objection.row, **objection.words)
    return Served(reply, final=ERRORS[objection.row].permanent)


def refused(scene: Scene, fault: Refuse) -> Served:
    """A fault in the place of any work."""
    return Served(fault.reply(scene), fault=fault.name, final=fault.final)


def delivered(scene: Scene, answer: Answer, fault: Lose | Spoil | SpoilStream | None) -> Served:
    """The answer, accepted and billed, in the state in which the fault leaves it."""
    good = Served(
        _reply(scene, answer, answer.stream),
        Acceptance.ACCEPTED,
        llm_tokens=answer.llm_tokens,
        amount_usd=answer.amount_usd,
    )
    match fault:
        case None:
            return good
        case Lose():
            return _spoiled(good, fault.reply(scene), fault)
        case Spoil():
            if answer.stream is not None and not fault.streams:
                return good
            return _spoiled(good, fault.alter(scene, good.reply), fault)
        case SpoilStream():
            if answer.stream is None:
                return good
            stream = fault.alter(scene)(answer.stream)
            return _spoiled(good, _reply(scene, answer, stream), fault)
        case _:
            assert_never(fault)


def _spoiled(good: Served, reply: SimReply, fault: Fault) -> Served:
    if reply == good.reply:
        return good  # the fault found nothing to spoil
    readable = isinstance(fault, Spoil | SpoilStream) and fault.harmless
    outcome = Acceptance.ACCEPTED if readable else Acceptance.AMBIGUOUS
    return replace(good, reply=reply, outcome=outcome, fault=fault.name)


def _reply(scene: Scene, answer: Answer, stream: Stream | None) -> SimReply:
    traced = gateway_headers(scene.request_id)
    if stream is None:
        return plain_reply(200, answer.body, answer.content_type, *traced)
    return SimReply(200, _SSE + traced, stream.chunks, ending=stream.ending)
