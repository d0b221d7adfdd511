"""Rows of a policy: knowledge of a user's own, in the form of a TOML table.

A row says when it fits (status, labels, texts; all that are given must) and what is then decided.
Everything else about rows is in `tables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Final

from halley.core.errors import PolicyError
from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

CHOICES: Final[dict[str, type[StrEnum]]] = {
    "kind": Kind,
    "action": Action,
    "scope": Scope,
    "origin": Origin,
}
WORDS: Final = ("labels", "texts", "needs", "unless", "unless_texts")
SOURCE: Final = "the policy"


def rules_of(value: object) -> tuple[Row, ...]:
    """Return the rows of a policy.

    >>> rules_of([{"name": "teapot", "kind": "overloaded", "status": [418]}])[0].status
    (418,)

    Raises:
        PolicyError: ``rules[0].status: expected whole numbers from 100 to 599, got 'x'``.
    """
    if not isinstance(value, list | tuple):
        raise PolicyError(f"rules: expected a list of tables, got {type(value).__name__}")
    rows = tuple(_row(f"rules[{number}]", row) for number, row in enumerate(value))
    names = [row.name for row in rows]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise PolicyError(f"rules[{number}].name: {name!r} is there already")
    return rows


def _row(path: str, value: object) -> Row:
    if isinstance(value, Row):
        return value
    if not isinstance(value, Mapping):
        raise PolicyError(f"{path}: expected a table, got {type(value).__name__}")
    known = [spec.name for spec in fields(Row)]
    for name in value:
        if name not in known:
            raise PolicyError(f"{path}.{name}: no such field, known are {', '.join(known)}")
    for name in ("name", "kind"):
        if name not in value:
            raise PolicyError(f"{path}.{name}: missing")
    given = {"source": SOURCE, **{k: _field(f"{path}.{k}", k, v) for k, v in value.items()}}
    row = Row(**given)  # type: ignore[arg-type]
    if not (row.status or row.labels or row.texts or row.needs):
        raise PolicyError(f"{path}: expected status, labels, texts or needs, got none of them")
    return row


def _field(path: str, name: str, value: object) -> object:
    if name in CHOICES:
        return _choice(path, CHOICES[name], value)
    if name in WORDS:
        return tuple(word.lower() for word in _list(path, value, str, "words"))
    if name == "status":
        codes = _list(path, value, int, "whole numbers from 100 to 599")
        if not all(100 <= code <= 599 for code in codes):  # noqa: PLR2004 - RFC 9110 §15
            raise PolicyError(f"{path}: expected whole numbers from 100 to 599, got {value!r}")
        return codes
    if name == "ambiguous" and isinstance(value, bool):
        return value
    if name in ("name", "source") and isinstance(value, str) and value:
        return value
    raise PolicyError(f"{path}: expected {_expected(name)}, got {value!r}")


def _expected(name: str) -> str:
    return "true or false" if name == "ambiguous" else "a text"


def _choice(path: str, allowed: type[StrEnum], value: object) -> StrEnum:
    try:
        return allowed(str(value))
    except ValueError:
        raise PolicyError(f"{path}: expected one of {', '.join(allowed)}, got {value!r}") from None


def _list(path: str, value: object, kind: type, noun: str) -> tuple:  # type: ignore[type-arg]
    if isinstance(value, list | tuple) and all(type(item) is kind for item in value):
        return tuple(value)
    raise PolicyError(f"{path}: expected a list of {noun}, got {value!r}")
