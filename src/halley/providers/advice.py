"""What to do about a failure, in words for the person who reads the error.

A text is found by kind and action, then by kind; a part in square brackets is said only when every
name in it is known. Nothing that a server wrote is repeated, but for the name of a field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeAlias

from halley.core.model import Action, Failure, Kind
from halley.providers import texts_en, texts_vi

Lang: TypeAlias = Literal["en", "vi"]

VALUE_CHARS_MAX: Final = 80


class _Texts(Protocol):
    """What a module of texts holds."""

    UNITS: tuple[str, str, str, str]
    NOTHING: str
    BY_KIND: dict[Kind, str]
    BY_ACTION: dict[Action, str]
    BY_KIND_AND_ACTION: dict[tuple[Kind, Action], str]


_TEXTS: Final[dict[Lang, _Texts]] = {"en": texts_en, "vi": texts_vi}
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_NAME: Final = re.compile(r"\{([a-z]+)\}")


def advice(
    failure: Failure | None,
    action: Action | None = None,
    *,
    model: str = "",
    key: str = "",
    lang: Lang = "en",
) -> str:
    """One or two sentences about a failure and the action decided on.

    Args:
        failure: None says that nothing failed.
        action: The decision; without one, the failure's own action.
        model: The model's name, "" when unknown.
        key: The alias of the key, never the key.
        lang: The language.
    """
    texts = _TEXTS[lang]
    if failure is None:
        return texts.NOTHING
    known = {"field": failure.field, "model": model, "key": key}
    values = {name: shown for name, value in known.items() if (shown := _shown(value))}
    if failure.wait_s:
        values["wait"] = spelled(failure.wait_s, texts.UNITS)
    return filled(text_of(failure.kind, action or failure.action, lang), values)


def text_of(kind: Kind, action: Action, lang: Lang = "en") -> str:
    """The text of a kind under an action, with its names still open."""
    texts = _TEXTS[lang]
    special = texts.BY_KIND_AND_ACTION.get((kind, action))
    return special or texts.BY_ACTION.get(action) or texts.BY_KIND[kind]


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with what is known; a bracket with an unknown name is left out.

    >>> filled("Wait[ {wait}], then send[ to {model}].", {"wait": "3 s"})
    'Wait 3 s, then send.'
    """

    def part(found: re.Match[str]) -> str:
        names = _NAME.findall(found[1])
        if any(name not in values for name in names):
            return ""
        return _NAME.sub(lambda name: values[name[1]], found[1])

    return _OPTIONAL.sub(part, text)


def spelled(wait_s: float, units: tuple[str, str, str, str]) -> str:
    """A wait in words, rounded up so that nobody comes early.

    >>> spelled(0.6, ("s", "min", "h", "d")), spelled(578, ("s", "min", "h", "d"))
    ('1 s', '10 min')
    """
    for unit, size_s, most in zip(units, (1, 60, 3600, 86400), (120, 120, 48), strict=False):
        if wait_s <= most * size_s:
            return f"{-int(-wait_s // size_s)} {unit}"
    return f"{-int(-wait_s // 86400)} {units[3]}"


def _shown(value: str) -> str:
    """A value that can stand in a sentence: printable and short, else nothing."""
    trimmed = value.strip()
    return trimmed if trimmed.isprintable() and len(trimmed) <= VALUE_CHARS_MAX else ""
