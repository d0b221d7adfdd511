"""What the engine asks of a driver, and what the driver answers.

An effect is a value; performing it is the driver's affair, and so is everything live: responses,
exceptions, permits. The driver resumes the engine with `(now, value)`, where `now` is the monotonic
time after the effect and `value` is what the effect's docstring says. Each attempt ends in one
effect that carries the history; the driver writes the record of its last attempt then.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from halley.core.credentials import Credential
from halley.core.local import Local
from halley.core.model import History, Outcome, StreamState
from halley.core.pace import Lane, Refused
from halley.core.stream_terms import StreamTerms


@dataclass(frozen=True, slots=True)
class Admit:
    """Get a permit from the lane; value: None, or `Refused` when there is none in time."""

    lane: Lane
    deadline: float
    priority: int = 0
    cost: float = 1.0


class Send(NamedTuple):
    """Send the request, and read the body of the reply where `to_be_read` says so.

    An event stream is read as far as `terms` say: to its first content, unless it fails or ends
    before. Value: a `Fault`, or a `Reply`. At most `body_bytes_max` raw bytes are held and at most
    `inspect_bytes_max` decoded ones shown; what is beyond them stays on the wire and still reaches
    the caller. Nothing may outlast the deadline.

    Attributes:
        body: Takes the place of the request's own.
        key: Alias of the credential that takes the place of the request's own.
        answer: What the reply is; nothing is sent then.
    """

    deadline: float
    body_bytes_max: int
    inspect_bytes_max: int
    body: bytes | None = None
    key: str | None = None
    answer: Local | None = None
    terms: StreamTerms = StreamTerms()


@dataclass(frozen=True, slots=True)
class LoadKeys:
    """Load the keys anew, unless somebody has since `generation`; value: `Loaded`."""

    generation: int


class Loaded(NamedTuple):
    """What the keys are now, and since which load."""

    credentials: tuple[Credential, ...]
    generation: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Let go of the connection and of the permit, then sleep; value: None.

    A reply whose body is held stays in hand until the next send. `history` is that of the attempt
    that has ended; None: no attempt has.
    """

    seconds: float
    history: History | None


class Deliver(NamedTuple):
    """Hand the reply in hand to the caller.

    Attributes:
        headers: To be added to it, where it has no field of that name.
        final: It is a failure: no client above may retry it, follow it, or read a key in it.
        watch: The body is still on the wire: watch it pass; value then: `StreamEnd`. Otherwise the
            body is in hand and the call ends here.
    """

    history: History
    headers: tuple[tuple[str, str], ...] = ()
    final: bool = False
    watch: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The watched body is over and so is the call; no value follows."""

    history: History


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Raise the fault in hand as it came."""

    history: History


@dataclass(frozen=True, slots=True)
class StreamEnd:
    """A body that was watched has ended.

    Attributes:
        outcome: What it ended by: a fault, or the error that came inside an event stream; None: by
            itself, or by the caller's hand.
        stream: How an event stream ended, if that can be told.
        counted: What it said of the LLM tokens it took, in its own words; nothing if it did not.
    """

    outcome: Outcome | None = None
    stream: StreamState | None = None
    counted: bytes = b""


class CallCancelled(BaseException):
    """Thrown into the engine when the caller's thread or task is interrupted."""


Effect: TypeAlias = Admit | LoadKeys | Send | Wait | Deliver | Ended | GiveUp
Value: TypeAlias = Outcome | StreamEnd | Refused | Loaded | None
"""What an effect may bring."""
Resume: TypeAlias = tuple[float, Value]
Steps: TypeAlias = Generator[Effect, Resume, None]
"""One call: a generator of effects, resumed with `(now, value)`."""
