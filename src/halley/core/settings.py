"""What a field of the policy may hold: a line per field says it, and this file what it means.

Each function makes a dataclass field out of its default and its range. The range stands in the
field's metadata, so that a constructor, a file, the errors of both and the documentation agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, dataclass, field
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar

from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.shown import shown as printed
from halley.core.shown import wrong

T = TypeVar("T")

SETTING: Final = "setting"


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - of any setting
    return value


@dataclass(frozen=True, slots=True)
class Setting:
    """What a field may hold.

    Attributes:
        allowed: In words, as in the column "range" of docs/policy.md.
        take: Returns a value as the field wants it; the first argument is where it stands.
            Raises PolicyError.
        give: Returns it as TOML and JSON have it: what `take` takes.
        shared: It belongs to all calls of a client together, so no model and no `options` has
            its own.
    """

    allowed: str
    take: Callable[[str, object], object]
    give: Callable[[Any], Any] = _as_it_is
    shared: bool = False


def setting_of(spec: Field[Any]) -> Setting:
    """Return what a field may hold."""
    found: Setting = spec.metadata[SETTING]
    return found


def of(default: object, setting: Setting, *, shown: bool = True) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field of any kind; what could be a key is not `shown` in the policy's repr."""
    return field(default=default, repr=shown, metadata={SETTING: setting})


def whole(default: int | None, low: int, high: int, *, shared: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field that holds a whole number; None too, if that is its default."""
    return _ranged(default, low, high, int, shared=shared)


def number(default: float | None, low: float, high: float, *, shared: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field that holds a number, whole or not; None too, if that is its default."""
    return _ranged(default, low, high, float, shared=shared)


def _ranged(
    default: float | None, low: float, high: float, kind: type[int | float], *, shared: bool
) -> Any:  # noqa: ANN401 - as dataclasses.field
    allowed = f"{low:.15g} to {high:.15g}"
    noun, taken = ("a whole number", int) if kind is int else ("a number", int | float)

    def take(path: str, value: object) -> object:
        if value is None and default is None:
            return None
        if isinstance(value, taken) and not isinstance(value, bool) and low <= value <= high:
            return kind(value)
        raise wrong(path, f"{noun} from {allowed}", value)

    return of(default, Setting(allowed, take, shared=shared))


def choice(default: StrEnum, *, shared: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field that holds a member of the default's enumeration, or takes its name."""
    members = type(default)
    take = partial(take_member, members)
    return of(default, Setting(", ".join(members), take, give=str, shared=shared))


def flag(*, default: bool, shared: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field that holds true or false."""
    return of(default, Setting("true or false", take_flag, shared=shared))


def take_member(members: type[StrEnum], path: str, value: object) -> StrEnum:
    """Return a member of an enumeration, by itself or by its name."""
    try:
        return members(str(value))
    except ValueError:
        raise wrong(path, f"one of {', '.join(members)}", value) from None


def take_flag(path: str, value: object) -> bool:
    """Return true or false."""
    if isinstance(value, bool):
        return value
    raise wrong(path, "true or false", value)


def take_tables(
    path: str, value: object, take: Callable[[str, object], T], name: str
) -> tuple[T, ...]:
    """Return a list of tables, each taken by itself; no two may have the same `name`.

    Raises:
        PolicyError: with the mistakes of all of them.
    """
    if not isinstance(value, list | tuple):
        raise wrong(path, "a list of tables", value)
    mistakes, taken, names = Mistakes(), list[T](), set[object]()
    for at, item in enumerate(value):
        with mistakes:
            taken.append(take(f"{path}[{at}]", item))
            given = getattr(taken[-1], name)
            if given in names:
                message = f"{printed(given)} is there already"
                raise PolicyError(Mistake(f"{path}[{at}].{name}", message))
            names.add(given)
    mistakes.settle()
    return tuple(taken)


def text(allowed: str, *, shared: bool = False) -> Any:  # noqa: ANN401 - as dataclasses.field
    """Make a field that holds a text, or None, which is its default."""

    def take(path: str, value: object) -> object:
        if value is None or (isinstance(value, str) and value):
            return value
        raise wrong(path, allowed, value)

    return of(None, Setting(allowed, take, shared=shared))
