"""The error of whoever configures halley, with every mistake that was found.

A mistake says where it stands, what was expected and what was found, in one line, and never shows
what could be a key. `Mistakes` collects those of several checks, so that one look at a file finds
all of them.
"""

from __future__ import annotations

from types import TracebackType
from typing import NamedTuple


class Mistake(NamedTuple):
    """One thing that is not usable.

    Attributes:
        path: Where it stands, as in ``models."gpt-5*".attempts``; "" for all of it.
        message: What was expected and what was found.
        line: Its line in the file, counted from 1, where that is known.
    """

    path: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        """Return the mistake as it is printed.

        >>> str(Mistake("attempts", "expected a whole number from 1 to 20, got 0"))
        'attempts: expected a whole number from 1 to 20, got 0'
        """
        line = "" if self.line is None else f"line {self.line}"
        return ": ".join(part for part in (line, self.path, self.message) if part)

    def below(self, path: str) -> Mistake:
        """Return the mistake of a part as one of the whole.

        >>> str(Mistake("alias", "missing").below("keys[0]"))
        'keys[0].alias: missing'
        """
        return self._replace(path=f"{path}.{self.path}" if self.path else path)


class PolicyError(ValueError):
    """A policy is not usable; the message is its first mistake, `mistakes` has all of them.

    Attributes:
        mistakes: In the order in which they were found; at least one.
        source: The file they are in, "" where there is none.
    """

    def __init__(self, *mistakes: Mistake | str, source: str = "") -> None:
        super().__init__(*mistakes)
        self.mistakes = tuple(m if isinstance(m, Mistake) else Mistake("", m) for m in mistakes)
        self.source = source

    def __str__(self) -> str:
        """Return the first mistake, and the file it is in."""
        return self.line(self.mistakes[0])

    def line(self, mistake: Mistake) -> str:
        """Return one of the mistakes with the file it is in."""
        return f"{self.source}: {mistake}" if self.source else str(mistake)

    def within(self, source: str) -> PolicyError:
        """Return the error with the file that its mistakes are in."""
        return PolicyError(*self.mistakes, source=source)


class Mistakes:
    """Collects the mistakes of several checks, each made inside a ``with``.

    >>> mistakes = Mistakes()
    >>> for name in ("attempts", "backoff"):
    ...     with mistakes:
    ...         raise PolicyError(Mistake(name, "missing"))
    >>> try:
    ...     mistakes.settle()
    ... except PolicyError as error:
    ...     len(error.mistakes)
    2
    """

    def __init__(self) -> None:
        self._found: list[Mistake] = []

    def __enter__(self) -> None:
        """Begin one check."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Keep what the check found wrong."""
        if not isinstance(exc_value, PolicyError):
            return False
        self._found += exc_value.mistakes
        return True

    def settle(self) -> None:
        """End the checks.

        Raises:
            PolicyError: with all mistakes, if there are any.
        """
        if self._found:
            raise PolicyError(*self._found)
