"""A credential that nothing shows: not str, repr, format, pickle, `vars` or a traceback.

The text is kept in a closure, so that neither `vars` nor a traceback with locals of a caller leads
to it. Whoever needs the key asks for it by name, at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Never

MASK = "**********"


class Secret:
    """A key; `reveal` returns its text.

    >>> key = Secret("not a real key")
    >>> str(key), f"{key}", key.reveal() == "not a real key"
    ('**********', '**********', True)

    Equal texts are equal secrets; the hash tells nothing outside this process.
    """

    __slots__ = ("reveal",)

    reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        self.reveal = lambda: text

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash(self.reveal())

    def __reduce__(self) -> Never:
        raise TypeError(
            "a Secret is not pickled: send its alias, and load the key where it is used"
        )
