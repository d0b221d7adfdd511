"""The policy: every number a decision depends on, as one immutable value.

The defaults are the behaviour CometAPI documents ("Error codes and retry strategy", read 2026-11):
five attempts and `min(30, 2**attempt) + random()` between them. Ranges stand beside the fields, so
that loading a file and constructing a Policy report the same errors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from enum import StrEnum
from typing import Any

from halley.core.errors import PolicyError
from halley.core.rules import rules_of
from halley.core.tables import Row

MIB = 1024 * 1024


class Backoff(StrEnum):
    """How the wait between attempts grows; see `schedule.backoff`."""

    DOCUMENTED = "documented"
    FULL_JITTER = "full_jitter"
    AWS = "aws"


class Validate(StrEnum):
    """What preflight does about a body that will be refused; see `halley.checks.preflight`."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class Pace(StrEnum):
    """From when on the pacer governs; see `halley.core.pace`."""

    AFTER_REFUSAL = "after_refusal"
    RAMP = "ramp"


def _number(default: float, low: float, high: float) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(default=default, metadata={"low": low, "high": high})


def _optional(low: float, high: float) -> Any:  # noqa: ANN401 - as dataclasses.field
    return field(default=None, metadata={"low": low, "high": high, "optional": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Immutable configuration of decisions.

    Attributes:
        attempts: Sends of one call at most, the first one included.
        backoff: Shape of the waits: `documented`, `full_jitter` or `aws`.
        backoff_base_s: First ceiling of `documented` and `full_jitter`, before it doubles.
        backoff_cap_s: No ceiling exceeds it; jitter is added after it.
        deadline_s: Queueing, attempts, waits and the stream together take no longer.
        server_wait_s_max: A longer wait asked for by the server ends the call instead.
        budget_ratio: Retries after faults and 5xx allowed per call of the last ten seconds.
        budget_floor_per_s: Retries allowed per second however few calls there are.
        pace: `after_refusal` throttles nothing before the first 429, and every send is an attempt;
            `ramp` starts slowly and doubles, and a 429 uses up no attempt: the deadline ends it.
        priority: Of this call in the queue for a permit: higher goes first, equal ones in order.
        in_flight_max: Calls of one origin, model and key open at the same time; None: no limit.
        pacer: URL of the Redis or Valkey through which processes and machines share one limit;
            None: each client finds it for itself.
        queue_max: Calls waiting for a permit; one more is refused at once.
        body_bytes_max: A larger reply is decided on its head and passed through unread.
        inspect_bytes_max: Decoded bytes of a body that classification may look at.
        validate: Whether bodies are checked before they are sent: `off`, `warn` or `refuse`.
        repair: Send once more without, or with another name for, a field that a refusal names.
        records: Where records go besides the logger `halley`: a path, or "stderr"; None: nowhere.
        rules: Rows tried before the tables, as `Row` or as a mapping of its fields; a row with the
            name of an existing one takes its place, and the record says ``policy.<name>``.

    Raises:
        PolicyError: a value is of the wrong type or out of its range.
    """

    attempts: int = _number(5, 1, 20)
    backoff: Backoff = Backoff.DOCUMENTED
    backoff_base_s: float = _number(1.0, 0.001, 3600.0)
    backoff_cap_s: float = _number(30.0, 0.001, 3600.0)
    deadline_s: float = _number(600.0, 0.001, 86400.0 * 7)
    server_wait_s_max: float = _number(120.0, 0.0, 86400.0)
    budget_ratio: float = _number(0.2, 0.0, 10.0)
    budget_floor_per_s: float = _number(1.0, 0.0, 1000.0)
    pace: Pace = Pace.AFTER_REFUSAL
    priority: int = _number(0, -100, 100)
    in_flight_max: int | None = _optional(1, 1_000_000)
    pacer: str | None = field(default=None, repr=False)
    queue_max: int = _number(10_000, 1, 10_000_000)
    body_bytes_max: int = _number(8 * MIB, 1024, 1024 * MIB)
    inspect_bytes_max: int = _number(256 * 1024, 1024, 8 * MIB)
    validate: Validate = Validate.OFF
    repair: bool = False
    records: str | None = None
    rules: tuple[Row, ...] = ()

    def __post_init__(self) -> None:
        """Check every field, and take names for enum members."""
        for spec in fields(self):
            value = checked(spec, getattr(self, spec.name))
            object.__setattr__(self, spec.name, value)

    def override(self, changes: Mapping[str, object]) -> Policy:
        """Return a policy with some fields changed.

        Raises:
            PolicyError: a name is no field, or a value is not allowed.
        """
        known = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        for name in changes:
            if name not in known:
                raise PolicyError(f"{name}: no such setting, known are {', '.join(known)}")
        return Policy(**{**known, **changes})


def checked(spec: Field[Any], value: object) -> object:
    """Return `value` as the field wants it.

    Raises:
        PolicyError: ``attempts: expected a whole number from 1 to 20, got 0``.
    """
    if spec.name in CHOICES:
        return _choice(spec.name, value)
    if spec.name in READERS:
        return READERS[spec.name](value)
    if value is None and spec.metadata.get("optional"):
        return None
    return _in_range(spec, value)


CHOICES: dict[str, type[Backoff | Pace | Validate]] = {
    "backoff": Backoff,
    "pace": Pace,
    "validate": Validate,
}


def _choice(name: str, value: object) -> Backoff | Pace | Validate:
    allowed = CHOICES[name]
    try:
        return allowed(str(value))
    except ValueError:
        raise PolicyError(f"{name}: expected one of {', '.join(allowed)}, got {value!r}") from None


def _repair(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise PolicyError(f"repair: expected true or false, got {value!r}")


def _records(value: object) -> str | None:
    if value is None or (isinstance(value, str) and value):
        return value
    raise PolicyError(f"records: expected a path or 'stderr', got {value!r}")


STORES = ("redis", "rediss", "valkey", "valkeys", "unix")
"""Schemes of a pacer's URL."""


def _pacer(value: object) -> str | None:
    """Return a pacer's URL; it may hold a password, so an error shows its scheme alone."""
    scheme, mark, _ = str(value).partition("://")
    if value is None or (isinstance(value, str) and mark and scheme in STORES):
        return value
    found = f"{scheme}://..." if mark else "no URL"
    raise PolicyError(
        f"pacer: expected a URL that starts with {', '.join(STORES)} and ://, got {found}"
    )


READERS: dict[str, Callable[[object], object]] = {
    "repair": _repair,
    "records": _records,
    "rules": rules_of,
    "pacer": _pacer,
}


def _in_range(spec: Field[Any], value: object) -> float:
    low, high = spec.metadata["low"], spec.metadata["high"]
    whole = str(spec.type).startswith("int")
    number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if number and math.isfinite(value) and low <= value <= high:  # type: ignore[arg-type]
        return value if whole else float(value)  # type: ignore[arg-type, return-value]
    noun = "a whole number" if whole else "a number"
    raise PolicyError(f"{spec.name}: expected {noun} from {low} to {high}, got {value!r}")
