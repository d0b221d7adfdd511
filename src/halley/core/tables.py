"""Rows of knowledge, and the index that finds the first one that fits.

A row is data: which words in a reply mean which kind of failure, and where that is known from. Rows
are tried in their order, so the specific stands before the general and the bare status last. The
index only makes this fast: it never changes which row wins.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

from halley.core.model import Action, Kind, Origin, Scope

NATURAL: Final[dict[Kind, tuple[Action, Scope]]] = {
    Kind.INVALID_REQUEST: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.UNSUPPORTED_PARAMETER: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.CONTEXT_LENGTH: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.CONTENT_POLICY: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.TOO_LARGE: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.WRONG_PATH: (Action.FIX_REQUEST, Scope.REQUEST),
    Kind.MODEL_NOT_FOUND: (Action.FIX_MODEL, Scope.MODEL),
    Kind.MODEL_ACCESS: (Action.FIX_MODEL, Scope.MODEL),
    Kind.INVALID_KEY: (Action.ROTATE_KEY, Scope.KEY),
    Kind.KEY_QUOTA: (Action.ROTATE_KEY, Scope.KEY),
    Kind.PERMISSION: (Action.STOP, Scope.ACCOUNT),
    Kind.BALANCE: (Action.TOP_UP, Scope.ACCOUNT),
    Kind.QUOTA: (Action.STOP, Scope.ACCOUNT),
    Kind.ACCOUNT: (Action.STOP, Scope.ACCOUNT),
    Kind.REGION: (Action.STOP, Scope.ACCOUNT),
    Kind.BLOCKED: (Action.STOP, Scope.SERVICE),
    Kind.RATE_LIMIT: (Action.RETRY, Scope.ACCOUNT),
    Kind.CONCURRENCY: (Action.RETRY, Scope.ACCOUNT),
    Kind.OVERLOADED: (Action.RETRY, Scope.UPSTREAM),
    Kind.SERVER_ERROR: (Action.RETRY, Scope.SERVICE),
    Kind.GATEWAY_CONFIG: (Action.FAIL_OVER, Scope.UPSTREAM),
    Kind.UPSTREAM_ERROR: (Action.RETRY, Scope.UPSTREAM),
    Kind.TIMEOUT: (Action.RETRY, Scope.UPSTREAM),
    Kind.CONNECTION: (Action.RETRY, Scope.SERVICE),
    Kind.CONFLICT: (Action.RETRY, Scope.REQUEST),
    Kind.BAD_REPLY: (Action.RETRY, Scope.UPSTREAM),
    Kind.TASK_NOT_VISIBLE: (Action.POLL, Scope.TASK),
    Kind.TASK_PENDING: (Action.POLL, Scope.TASK),
    Kind.TASK_FAILED: (Action.STOP, Scope.TASK),
    Kind.STREAM_CUT: (Action.RETRY, Scope.UPSTREAM),
    Kind.UNKNOWN: (Action.STOP, Scope.REQUEST),
}
"""What a kind calls for, and what it is about, unless a row says otherwise."""


LATE: Final = "@limit."
"""Marks that cost a look at every sentence, so they are found only when a row asks for them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of knowledge. Every condition that is given must hold.

    Attributes:
        name: Unique, ``provider.what``; a decision names it.
        source: The page or repository it is known from, with its date or commit.
        labels: Any of these codes, types or reasons (lower case).
        texts: Any of these stands in a message (lower case); ``a*b`` is `a` and later `b`.
            Words of `a` stand whole, but for its last one if there are others.
        needs: All of these labels; ``@…`` are halley's own marks (see `marks`).
        unless: None of these labels.
        unless_texts: None of these stands in a message.
        status: Any of these statuses.
        ambiguous: The request may have been accepted; None leaves it to the status.
    """

    name: str
    kind: Kind
    source: str
    labels: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    unless_texts: tuple[str, ...] = ()
    status: tuple[int, ...] = ()
    action: Action | None = None
    scope: Scope | None = None
    origin: Origin | None = None
    ambiguous: bool | None = None

    @property
    def chosen_action(self) -> Action:
        """The row's action, or the one its kind calls for."""
        return self.action or NATURAL[self.kind][0]

    @property
    def chosen_scope(self) -> Scope:
        """The row's scope, or the one of its kind."""
        return self.scope or NATURAL[self.kind][1]

    def fits(self, labels: frozenset[str], text: str, status: int | None) -> bool:
        """True when every condition of the row holds."""
        return (
            (not self.status or status in self.status)
            and (not self.labels or not labels.isdisjoint(self.labels))
            and (not self.needs or labels.issuperset(self.needs))
            and (not self.unless or labels.isdisjoint(self.unless))
            and (not self.texts or any_within(self.texts, text))
            and (not self.unless_texts or not any_within(self.unless_texts, text))
        )


def any_within(needles: tuple[str, ...], text: str) -> bool:
    """True when one of the needles stands in the text."""
    for needle in needles:  # noqa: SIM110  the hot loop; `any` costs twice as much
        if (needle in text) if "*" not in needle else within(needle, text):
            return True
    return False


def within(needle: str, text: str) -> bool:
    """True when the parts of ``a*b`` stand in the text, in this order.

    >>> within("user quota*not enough", "user quota is not enough"), within("a*b", "b a")
    (True, False)
    """
    return _in_order(needle.split("*"), text)


def _in_order(parts: Sequence[str], text: str) -> bool:
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


_WORD: Final = re.compile(r"[a-z0-9_]+")
_BLANKED: Final = {code: " " for code in range(128) if not _WORD.match(chr(code))}


def words_in(text: str) -> frozenset[str]:
    """The words of a lower-case text.

    >>> sorted(words_in("no_key: try again, please."))
    ['again', 'no_key', 'please', 'try']
    """
    if text.isascii():  # three times as fast
        return frozenset(text.translate(_BLANKED).split())
    return frozenset(_WORD.findall(text))


def _words(needle: str) -> list[str]:
    """The words that stand whole in every text the needle fits; its last may be a stem.

    >>> _words("no available channel"), _words("overloaded")
    (['no', 'available'], ['overloaded'])
    """
    words = _WORD.findall(needle.partition("*")[0])
    return words[:-1] or words


@dataclass(frozen=True, slots=True)
class _Index:
    """Row numbers by what can bring them up; by a word only where its needle stands too."""

    labels: dict[str, tuple[int, ...]]
    words: dict[str, tuple[tuple[int, tuple[str, ...]], ...]]
    foreign: tuple[tuple[str, int], ...]
    status: dict[int, tuple[int, ...]]
    later: int
    depends: frozenset[int]

    def waits_for(self, number: int) -> bool:
        """Whether a row, or one before it, may depend on the marks that are asked for late."""
        return number >= self.later or number in self.depends

    def candidates(
        self, labels: frozenset[str], text: str, words: frozenset[str], status: int | None
    ) -> set[int]:
        found: set[int] = set()
        for label in self.labels.keys() & labels:
            found.update(self.labels[label])
        for word in self.words.keys() & words:
            for number, parts in self.words[word]:
                if parts[0] in text and (len(parts) == 1 or _in_order(parts, text)):
                    found.add(number)
        if not text.isascii():
            found.update(number for part, number in self.foreign if part in text)
        if status is not None:
            found.update(self.status.get(status, ()))
        return found


def _indexed(rows: tuple[Row, ...]) -> _Index:
    labels: dict[str, list[int]] = {}
    words: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
    foreign: list[tuple[str, int]] = []
    status: dict[int, list[int]] = {}
    common = Counter(word for row in rows for needle in row.texts for word in _words(needle))
    for number, row in enumerate(rows):
        if row.labels or (row.needs and not row.texts):
            for label in row.labels or row.needs[:1]:
                labels.setdefault(label, []).append(number)
        elif row.texts:
            for needle in row.texts:
                # The rarest word brings the row up; the longest of those that are equally rare.
                trigger = min(_words(needle), key=lambda w: (common[w], -len(w)), default="")
                if trigger:
                    words.setdefault(trigger, []).append((number, tuple(needle.split("*"))))
                else:
                    foreign.append((needle.partition("*")[0], number))
        else:
            for code in row.status:
                status.setdefault(code, []).append(number)
    return _Index(
        {label: tuple(found) for label, found in labels.items()},
        {word: tuple(found) for word, found in words.items()},
        tuple(foreign),
        {code: tuple(found) for code, found in status.items()},
        next((number for number, row in enumerate(rows) if _late(row.labels + row.needs)), 0),
        frozenset(number for number, row in enumerate(rows) if _late(row.unless)),
    )


def _late(labels: tuple[str, ...]) -> bool:
    return any(label.startswith(LATE) for label in labels)


@dataclass(frozen=True, slots=True)
class Tables:
    """Rows in the order in which they are tried.

    Raises:
        ValueError: Two rows share a name, or a row has no condition.
    """

    rows: tuple[Row, ...]
    _index: _Index = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the rows and index them once."""
        names = [row.name for row in self.rows]
        if len(set(names)) != len(names):
            twice = sorted({name for name in names if names.count(name) > 1})
            raise ValueError(f"rows: expected unique names, got twice: {', '.join(twice)}")
        empty = [r.name for r in self.rows if not (r.labels or r.texts or r.needs or r.status)]
        if empty:
            raise ValueError(f"rows: expected at least one condition, got none in {empty[0]}")
        object.__setattr__(self, "_index", _indexed(self.rows))

    def first(
        self,
        labels: frozenset[str],
        text: str,
        status: int | None,
        words: frozenset[str] | None = None,
        later: Callable[[], Iterable[str]] | None = None,
    ) -> Row | None:
        """The first row that fits, None when none does.

        Args:
            labels: Codes, types, reasons and marks.
            text: The messages, lower case.
            status: Of the reply.
            words: Those of the text, if known.
            later: Gives the marks that begin with `LATE`, when a row depends on them.
        """
        rows, index = self.rows, self._index
        known = words_in(text) if words is None else words
        for number in sorted(index.candidates(labels, text, known, status)):
            if later is not None and index.waits_for(number):
                break
            if rows[number].fits(labels, text, status):
                return rows[number]
        return None if later is None else self.first(labels.union(later()), text, status, known)

    def with_rows(self, rows: Iterable[Row]) -> Self:
        """These tables with a policy's rows tried first; a row of the same name is replaced.

        Their names get the prefix ``policy.`` unless they have it.
        """
        own = tuple(_as_policy(row) for row in rows)
        if not own:
            return self
        replaced = {row.name.removeprefix("policy.") for row in own}
        return type(self)(own + tuple(row for row in self.rows if row.name not in replaced))


def _as_policy(row: Row) -> Row:
    return row if row.name.startswith("policy.") else replace(row, name=f"policy.{row.name}")
