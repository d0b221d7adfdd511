"""Rows of a policy: knowledge of a user's own, in the form of a TOML table.

A row says when it fits (status, labels, texts; all that are given must) and what is then decided.
Everything else about rows is in `tables`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import partial
from typing import Final

from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.model import Action, Kind, Origin, Scope
from halley.core.settings import take_flag, take_member, take_tables
from halley.core.shown import inside, unknown, wrong
from halley.core.tables import Row

SOURCE: Final = "the policy"
CONDITIONS: Final = ("status", "labels", "texts", "needs")
"""A row has at least one of these."""


def rules_of(path: str, value: object) -> tuple[Row, ...]:
    """Return the rows of a policy.

    >>> rules_of("rules", [{"name": "teapot", "kind": "overloaded", "status": [418]}])[0].status
    (418,)

    Raises:
        PolicyError: ``rules[0].kind: expected one of invalid_request, …``.
    """
    return take_tables(path, value, _row, "name")


def tables_of(rows: tuple[Row, ...]) -> list[dict[str, object]]:
    """Return rows as the tables that `rules_of` takes; what a row does not say is left out.

    >>> tables_of((Row("teapot", Kind.OVERLOADED, "a test", status=(418,)),))
    [{'name': 'teapot', 'kind': 'overloaded', 'source': 'a test', 'status': [418]}]
    """
    return [
        {
            spec.name: _given(value)
            for spec in fields(row)
            if (value := getattr(row, spec.name)) not in ((), None)
        }
        for row in rows
    ]


def _given(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, StrEnum) else value


def _row(path: str, value: object) -> Row:
    if isinstance(value, Row):
        return value
    if not isinstance(value, Mapping):
        raise wrong(path, "a table", value)
    mistakes, row = Mistakes(), dict[str, object](source=SOURCE)
    for name, item in value.items():
        with mistakes:
            if name not in TAKES:
                raise unknown(path, name, list(TAKES), noun="field")
            row[name] = TAKES[name](inside(path, name), item)
    for name in ("name", "kind"):
        with mistakes:
            if name not in value:
                raise PolicyError(Mistake(inside(path, name), "missing"))
    with mistakes:
        if not any(value.get(name) for name in CONDITIONS):
            expected = "expected status, labels, texts or needs, got none of them"
            raise PolicyError(Mistake(path, expected))
    mistakes.settle()
    return Row(**row)  # type: ignore[arg-type]


def _text(path: str, value: object) -> str:
    if isinstance(value, str) and value:
        return value
    raise wrong(path, "a text", value)


def _words(path: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(word, str) and word for word in value):
        return tuple(word.lower() for word in value)
    raise wrong(path, "a list of words", value)


def _status(path: str, value: object) -> tuple[int, ...]:
    codes = value if isinstance(value, list | tuple) else (None,)
    if all(type(code) is int and 100 <= code <= 599 for code in codes):  # noqa: PLR2004 - RFC 9110 §15
        return tuple(codes)
    raise wrong(path, "a list of whole numbers from 100 to 599", value)


TAKES: Final[dict[str, Callable[[str, object], object]]] = {
    "name": _text,
    "kind": partial(take_member, Kind),
    "source": _text,
    "labels": _words,
    "texts": _words,
    "needs": _words,
    "unless": _words,
    "unless_texts": _words,
    "status": _status,
    "action": partial(take_member, Action),
    "scope": partial(take_member, Scope),
    "origin": partial(take_member, Origin),
    "ambiguous": take_flag,
}
"""The fields of a row, and what takes the value of each."""
