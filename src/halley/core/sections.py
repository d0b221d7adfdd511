"""Sections of a policy: settings for the calls of some models.

A section is named by a shell-style pattern over the model of the request (`*`, `?`, `[ab]`,
`[!ab]`; upper and lower case are alike). One section applies to a call, the first whose pattern
fits, as with the rows of a table. One that can never be the first is a mistake, so that the order
of a file cannot go wrong in silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final, TypeAlias, TypeVar

from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.shown import inside, wrong

V = TypeVar("V")
Take: TypeAlias = Callable[[str, str, object], object]

_WILD: Final = re.compile(r"[*?[]")
_ONE: Final = re.compile(r"[?[]")
_SET: Final = re.compile(r"\[!?\]?[^]]*\]")


class FrozenMap(Mapping[str, V]):
    """An immutable mapping whose order counts."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, V] | None = None) -> None:
        self._items = tuple((items or {}).items())

    def __getitem__(self, name: str) -> V:
        """Return the value of a name; KeyError without it."""
        for known, value in self._items:
            if known == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the names in their order."""
        return (name for name, _ in self._items)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenMap) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return repr(dict(self._items))


Sections: TypeAlias = FrozenMap[Mapping[str, object]]


def section_of(sections: Mapping[str, Mapping[str, object]], model: str) -> str | None:
    """Return the pattern of the section for a model; None: it has none, or its name is not known.

    >>> section_of({"gpt-5-mini": {}, "gpt-5*": {}}, "GPT-5.1"), section_of({"*": {}}, "")
    ('gpt-5*', None)
    """
    if not model:
        return None
    name = model.lower()
    return next((pattern for pattern in sections if fnmatchcase(name, pattern.lower())), None)


def hides(earlier: str, later: str) -> bool:
    """Say whether a pattern surely fits whatever the later one fits.

    >>> hides("gpt-5*", "gpt-5-mini"), hides("gpt-*", "gpt-?-*"), hides("gpt-5-mini", "gpt-5*")
    (True, True, False)
    """
    if _WILD.search(later) and _ONE.search(earlier):
        return False  # which of them fits more is not seen from the letters
    return fnmatchcase(_SET.sub("?", later).lower(), earlier.lower())


def sections_of(path: str, value: object, take: Take) -> Sections:
    """Return the sections of a policy.

    Args:
        path: Where they stand.
        value: Settings by pattern.
        take: Returns a setting as the policy wants it, given the section's path, name and value.

    Raises:
        PolicyError: ``models."gpt-5*".attempts: expected a whole number from 1 to 20, got 0``.
    """
    if not isinstance(value, Mapping):
        raise wrong(path, "a table of settings by model", value)
    mistakes, sections = Mistakes(), dict[str, Mapping[str, object]]()
    patterns = list(value)
    for at, pattern in enumerate(patterns):
        with mistakes:
            if not isinstance(pattern, str) or not pattern:
                raise wrong(path, "names of models or patterns", pattern)
            sections[pattern] = _read(inside(path, pattern), value[pattern], take)
        with mistakes:
            _reached(path, str(pattern), map(str, patterns[:at]))
    mistakes.settle()
    return FrozenMap(sections)


def _read(path: str, settings: object, take: Take) -> Mapping[str, object]:
    if not isinstance(settings, Mapping):
        raise wrong(path, "a table of settings", settings)
    mistakes, read = Mistakes(), dict[str, object]()
    for name, value in settings.items():
        with mistakes:
            read[name] = take(path, name, value)
    mistakes.settle()
    return FrozenMap(read)


def _reached(path: str, pattern: str, earlier: Iterable[str]) -> None:
    for other in earlier:
        if hides(other, pattern):
            message = f"never used: {inside(path, other)} stands before it and fits the same models"
            raise PolicyError(Mistake(inside(path, pattern), message))
