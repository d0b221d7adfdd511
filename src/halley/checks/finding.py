"""What a check found, and how values are shown in it.

A finding is stored, logged and sent on, so it never holds what the user wrote: fields are named by
where they stand, values by their type. Only a word that had to be one of a few is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Level: TypeAlias = Literal["error", "warning"]
Step: TypeAlias = str | int

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,19}")
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_]{0,31}")
_NOUNS: Final = {dict: "an object", list: "a list", str: "text", bool: "true or false"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a request body.

    Attributes:
        level: An error will be refused by the server; a warning may be.
        path: Where it stands (``messages[2].role``), "body" for all of it.
        message: What was expected and what was found.
    """

    level: Level
    path: str
    message: str

    def __str__(self) -> str:
        """Return the finding as it is printed."""
        return f"{self.path}: {self.message}"


def path_of(steps: Sequence[Step]) -> str:
    """Return a path as text; a name that is no plain name of a field is not repeated.

    >>> path_of(["messages", 2, "role"]), path_of([]), path_of(["metadata", "jo@example.org"])
    ('messages[2].role', 'body', 'metadata.…')
    """
    parts = [f"[{step}]" if isinstance(step, int) else f".{name_of(step)}" for step in steps]
    return "".join(parts).removeprefix(".") or "body"


def name_of(field: str) -> str:
    """Return the name of a field if it looks like one.

    >>> name_of("temprature"), name_of("two words")
    ('temprature', '…')
    """
    return field if _NAME.fullmatch(field) else "…"


def noun(value: object) -> str:
    """Name a JSON value by its type.

    >>> noun([1]), noun(1.5), noun(None)
    ('a list', 'a number', 'null')
    """
    return _NOUNS.get(type(value), "null" if value is None else "a number")


def shown(value: object) -> str:
    """Show a value that had to be one of a few words: itself if it is a word, else its type.

    >>> shown("usr"), shown("Tell me a story"), shown(5)
    ('"usr"', 'text', 'a number')
    """
    return f'"{value}"' if isinstance(value, str) and _WORD.fullmatch(value) else noun(value)
