"""Scripted upstreams: what happens to which request, in order, then the profile.

    Simulator(script=script(fail(503), fail(429, retry_after=2), ok()))

Each request takes the first step left that fits it. A step may be for one path or one model only,
and a stream fault waits for a stream. When no step fits, the profile decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import TypeAlias

from halley.simulator.faults import Fault, Spoil, SpoilStream, fault_named
from halley.simulator.scene import Scene

RetryAfter: TypeAlias = float | str | datetime


@dataclass(frozen=True, slots=True)
class Step:
    """What happens to the next `times` requests that fit; no fault is a good answer.

    Attributes:
        path: Prefix of the path, "" for any.
        model: Exact name of the model, "" for any.
        headers: Set on the reply, in the place of its own.
    """

    fault: Fault | None = None
    times: int = 1
    path: str = ""
    model: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a step that cannot be played."""
        if self.times < 1:
            raise ValueError(f"step times: expected at least 1, got {self.times}")
        for name, value in self.headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"step header {name!r}: expected printable ASCII, got {value!r}")

    def fits(self, scene: Scene) -> bool:
        """Whether the step is for this request."""
        if not scene.request.path.startswith(self.path) or self.model not in ("", scene.model):
            return False
        match self.fault:
            case SpoilStream():
                return scene.stream
            case Spoil():
                return self.fault.streams or not scene.stream
            case _:
                return True


class Cursor:
    """How far a script has been played."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._left = [step for step in steps for _ in range(step.times)]

    def take(self, scene: Scene) -> Step | None:
        """Use up the first step that fits, once."""
        at = next((at for at, step in enumerate(self._left) if step.fits(scene)), None)
        return None if at is None else self._left.pop(at)


def fail(
    what: int | str | Fault,
    *,
    times: int = 1,
    path: str = "",
    model: str = "",
    retry_after: RetryAfter | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> Step:
    """A failure: an HTTP status, the name of a fault, or a fault.

    Args:
        what: A status, 301 or 400 to 599, a name in `FAULTS`, or one of the functions of `faults`.
        times: How many requests it happens to, >= 1.
        path: Only to paths that begin with this.
        model: Only to this model.
        retry_after: Sent as Retry-After: seconds, a date in UTC, or any text as it stands.
        headers: Set on the reply, in the place of its own.

    Raises:
        ValueError: There is no such fault.
    """
    told = {} if retry_after is None else {"retry-after": _retry_after(retry_after)}
    return Step(fault_named(what), times, path, model, {**headers, **told})


def ok(*, times: int = 1, path: str = "", model: str = "") -> Step:
    """A good answer, whatever the profile has in store; a wrong request is still refused."""
    return Step(None, times, path, model)


def script(*steps: Step) -> tuple[Step, ...]:
    """Steps in the order in which they are played."""
    return steps


def _retry_after(value: RetryAfter) -> str:
    if isinstance(value, datetime):
        return format_datetime(value, usegmt=True)
    return value if isinstance(value, str) else f"{value:g}"
