"""The figures of a report as values; each row says in `calls` how to list the calls behind it.

Times are milliseconds since 1970, waits and latencies seconds, shares from 0 to 1; what cannot be
known from the log is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Final

from halley.core.model import Action, Kind
from halley.providers.advice import filled, text_of

NO_PERMIT: Final = (
    "No permit came before the deadline: make fewer calls at once, or allow them more time."
)
ODD: Final = "The log names a failure that this version of halley does not know."


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole: calls by how they ended, and how many sends that took.

    Attributes:
        recovered: Calls that were answered after a failure.
        wait_s: Time between attempts, of all calls together.
    """

    calls: int
    attempts: int
    answered: int
    given_up: int
    cancelled: int
    unfinished: int
    recovered: int
    wait_s: float
    from_ms: int
    to_ms: int

    @property
    def amplification(self) -> float:
        """Attempts a call; 1 when nothing was sent again."""
        return self.attempts / self.calls

    @property
    def span_s(self) -> float:
        """How long the log lasts, at least a second."""
        return max(1.0, (self.to_ms - self.from_ms) / 1000)


@dataclass(frozen=True, slots=True)
class Failing:
    """One kind of failure under one action.

    Attributes:
        given_up: Calls that ended with it.
        recovered: Calls that met it and were answered.
        model: The only model that met it, else None.
    """

    kind: str | None
    action: str
    attempts: int
    calls_met: int
    given_up: int
    recovered: int
    last_ms: int
    model: str | None

    @property
    def calls(self) -> str:
        """How to list them."""
        return f"kind={self.kind or ''},action={self.action}"

    @property
    def advice(self) -> str:
        """What to do about it."""
        return advice_on(self.kind, self.action, self.model)


@dataclass(frozen=True, slots=True)
class Stopped:
    """Calls that were given up for one reason.

    Attributes:
        stop_reason: None: their records say none.
        share: Of the calls given up.
    """

    stop_reason: str | None
    calls_met: int
    share: float

    @property
    def calls(self) -> str:
        """How to list them."""
        return f"outcome=given_up,last_stop_reason={self.stop_reason or ''}"


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of one kind of failure, for one model and key.

    Attributes:
        share: Of all attempts on that model and key.
    """

    kind: str | None
    model: str | None
    key: str | None
    action: str
    attempts: int
    share: float

    @property
    def calls(self) -> str:
        """How to list them."""
        where = f"model={self.model or ''},key={self.key or ''}"
        return f"kind={self.kind or ''},{where},action={self.action}"


@dataclass(frozen=True, slots=True)
class Waited:
    """Waits before the next attempt, by what they came after; None: waits for a permit."""

    kind: str | None
    waits: int
    total_s: float
    p50_s: float
    p95_s: float
    max_s: float


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one model takes: its answered attempts, whole calls, and the first content."""

    model: str | None
    answered: int
    p50_s: float
    p95_s: float
    p99_s: float
    call_p50_s: float
    call_p95_s: float
    call_p99_s: float
    first_p50_s: float | None
    first_p95_s: float | None

    @property
    def calls(self) -> str:
        """How to list them."""
        return f"model={self.model or ''},action=ok"


@dataclass(frozen=True, slots=True)
class StreamsEnded:
    """How many streams ended in one way."""

    stream: str
    attempts: int
    share: float

    @property
    def calls(self) -> str:
        """How to list them."""
        return f"stream={self.stream}"


@dataclass(frozen=True, slots=True)
class Waste:
    """Attempts that may have cost something for nothing, and the calls that made them."""

    what: str
    attempts: int
    calls_met: int

    @property
    def calls(self) -> str:
        """How to list them."""
        return "ambiguous=true" if self.what == "ambiguous" else f"waste={self.what}"


@dataclass(frozen=True, slots=True)
class Change:
    """One figure that moved between the two parts of the log; `before` is None if it is new."""

    what: str
    name: str
    before: float | None
    after: float
    calls: str


@dataclass(frozen=True, slots=True)
class Slice:
    """One stretch of time: calls begun and answered in it, attempts of the calls begun in it."""

    at_ms: int
    offered: int
    answered: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a log, or of what was selected from it."""

    totals: Totals
    failing: tuple[Failing, ...]
    stopped: tuple[Stopped, ...]
    changes: tuple[Change, ...]
    changes_from_ms: int
    slice_s: int
    slices: tuple[Slice, ...]
    decisions: tuple[Decided, ...]
    waits: tuple[Waited, ...]
    latency: tuple[Latency, ...]
    streams: tuple[StreamsEnded, ...]
    waste: tuple[Waste, ...]


def advice_on(kind: str | None, action: str, model: str | None = None) -> str:
    """What to do about a kind of failure; the words of a log may be any.

    >>> advice_on("balance", "top_up")
    'The account is out of money: add credit or raise its spending limit.'
    """
    if kind is None:
        return NO_PERMIT
    try:
        text = text_of(Kind(kind), Action(action))
    except ValueError:
        return ODD
    values: Mapping[str, str] = {"model": model} if model and model.isprintable() else {}
    return filled(text, values)


def as_fields(figures: Any) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of this module
    """Return figures as JSON knows them: every field and every property by its name."""
    names = [field.name for field in fields(figures)]
    names += [name for name, member in vars(type(figures)).items() if isinstance(member, property)]
    return {name: _plain(getattr(figures, name)) for name in names}


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return as_fields(value) if is_dataclass(value) else value
