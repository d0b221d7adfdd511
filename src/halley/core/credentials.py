"""Credentials as a policy names them: an alias, and where the key is to be found.

A policy file never holds a key. Aliases are what records, metrics and messages show, so they are
short and plain. Keys of one client belong to one account unless they say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.secret import Secret
from halley.core.settings import take_tables
from halley.core.shown import may_be_key, unknown, wrong

ALIAS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
SOURCES: Final = ("env", "file", "load", "secret")


class Credential(NamedTuple):
    """A key as the core may know it.

    `print` changes when the key's text does, and says nothing else about it.
    """

    alias: str
    account: str
    print: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One credential: exactly one source is given.

    Attributes:
        alias: How it is called wherever people look: 1 to 64 letters, digits, ``.``, ``_``, ``-``.
        account: Whose money it spends; keys of one account run dry together.
        env: Name of an environment variable.
        file: Path of a file of mode 0600 that holds the key alone.
        load: Returns the key; in Python only.
        secret: The key; in Python only.

    Raises:
        PolicyError: a value is not usable, or there is not exactly one source.
    """

    alias: str
    account: str = ""
    env: str | None = None
    file: str | None = None
    load: Callable[[], str | Secret] | None = None
    secret: Secret | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        for name in ("alias", "account", "env", "file"):
            value = getattr(self, name)
            if not isinstance(value, str) and not (value is None and name in SOURCES):
                raise _wrong(name, "a text", value)
        if not ALIAS.fullmatch(self.alias):
            allowed = "expected 1 to 64 letters, digits, '.', '_' or '-'"
            raise PolicyError(Mistake("alias", allowed))
        for name in ("alias", "env"):
            if may_be_key(getattr(self, name) or ""):
                raise PolicyError(Mistake(name, "expected a name, got what could be a key itself"))
        if self.load is not None and not callable(self.load):
            raise _wrong("load", "a callable", self.load)
        if self.secret is not None and not isinstance(self.secret, Secret):
            raise _wrong("secret", "a Secret", self.secret)
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "none"
            raise PolicyError(f"expected one of {', '.join(SOURCES)}, got {told}")


def _wrong(name: str, expected: str, value: object) -> PolicyError:
    """Return the error of a field; its value could be a key, so only its type is told."""
    return PolicyError(Mistake(name, f"expected {expected}, got {type(value).__name__}"))


def keys_of(path: str, value: object) -> tuple[Key, ...]:
    """Return the keys of a policy.

    >>> keys_of("keys", [{"alias": "main", "env": "COMETAPI_KEY"}])[0].alias
    'main'

    Raises:
        PolicyError: ``keys[0]: expected one of env, file, load, secret, got none``.
    """
    return take_tables(path, value, _key, "alias")


def sources_of(keys: tuple[Key, ...]) -> list[dict[str, str]]:
    """Return keys as the tables that a file has; never the key itself.

    >>> sources_of((Key(alias="main", env="COMETAPI_KEY"),))
    [{'alias': 'main', 'env': 'COMETAPI_KEY'}]
    """
    return [
        {spec.name: str(found) for spec in fields(key) if (found := getattr(key, spec.name))}
        for key in keys
    ]


def _key(path: str, value: object) -> Key:
    if isinstance(value, Key):
        return value
    if not isinstance(value, Mapping):
        raise wrong(path, "a table", value)
    mistakes, known = Mistakes(), [spec.name for spec in fields(Key)]
    for name in value:
        with mistakes:
            if name not in known:
                raise unknown(path, name, known, noun="field")
    with mistakes:
        if "alias" not in value:
            raise PolicyError(Mistake(f"{path}.alias", "missing"))
    mistakes.settle()
    try:
        return Key(**value)
    except PolicyError as error:
        raise PolicyError(*(mistake.below(path) for mistake in error.mistakes)) from None
