"""A credential that nothing shows: not str, repr, format, pickle, `vars` or a traceback.

The text is kept in a closure, so that neither `vars` nor a traceback with locals of a caller leads
to it. Whoever needs the key asks for it by name, at the moment of sending.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Never, Self

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

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> Never:
        raise TypeError(
            "a Secret is not pickled: send its alias, and load the key where it is used"
        )


class ShyText(str):
    """A key for code that insists on a text: it is one, but its `repr` shows nothing.

    So what shows an object that holds it (`vars`, a traceback with locals) shows no key. Whoever
    formats it gets it.

    >>> {"x-api-key": ShyText("not a real key")}
    {'x-api-key': '**********'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    def __reduce__(self) -> Never:
        raise TypeError("a key is not pickled: load it where it is used")
