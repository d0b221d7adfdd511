"""What the engine asks of a driver, and what the driver answers.

An effect is a value; performing it is the driver's affair, and so is everything live: responses,
exceptions, permits. The driver resumes the engine with `(now, value)`, where `now` is the monotonic
time after the effect and `value` is what the effect's docstring says.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias

from halley.core.model import Attempt, Fault, History, Outcome, Reply, Request
from halley.core.pace import Lane, Refused


@dataclass(frozen=True, slots=True)
class Admit:
    """Get a permit from the lane; value: None, or `Refused` when there is none in time."""

    lane: Lane
    deadline: float


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request, no phase longer than `timeout_s`; value: `Fault`, or `Reply` (head only)."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Read:
    """Read the body of the reply in hand.

    At most `body_bytes_max` raw bytes are held; what is beyond them stays on the wire and still
    reaches the caller. Value: `Reply` with at most `inspect_bytes_max` decoded bytes, or `Fault`.
    """

    body_bytes_max: int
    inspect_bytes_max: int
    deadline: float


@dataclass(frozen=True, slots=True)
class Record:
    """Tell the sinks about an attempt; `body` may hold the usage of a reply. Value: None."""

    call_id: str
    request: Request
    attempt: Attempt
    body: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let go of the reply in hand and of the permit, then sleep; value: None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand the reply in hand to the caller.

    Attributes:
        headers: To be added to it, where it has no field of that name.
        final: It is a failure: no client above may retry it, follow it, or read a key in it.
        watch_until: The body is still on the wire: watch it pass, until this deadline. Value then:
            `StreamEnd`. None: the body is in hand, and the call ends here.
    """

    history: History
    headers: tuple[tuple[str, str], ...] = ()
    final: bool = False
    watch_until: float | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Raise the fault in hand as it came; where there is none, a pool timeout that says `why`."""

    history: History
    why: str = ""


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """A body that was watched has ended, by `fault` if there is one.

    `tail` is the last of what passed, for the usage that formats put there. A caller that closes a
    stream early ends it without a fault.
    """

    fault: Fault | None = None
    tail: bytes = b""


class CallCancelled(BaseException):
    """Thrown into the engine when the caller's thread or task is interrupted."""


Effect: TypeAlias = Admit | Send | Read | Record | Wait | Deliver | GiveUp
Resume: TypeAlias = tuple[float, Outcome | StreamEnd | Refused | None]
Steps: TypeAlias = Generator[Effect, Resume, None]
"""One call: a generator of effects, resumed with `(now, value)`."""
