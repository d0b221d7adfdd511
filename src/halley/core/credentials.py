"""Credentials as a policy names them: an alias, and where the key is to be found.

A policy file never holds a key. Aliases are what records, metrics and messages show, so they are
short and plain. Keys of one client belong to one account unless they say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

from halley.core.errors import PolicyError
from halley.core.secret import Secret

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
                raise PolicyError(f"{name}: expected a text, got {type(value).__name__}")
        if not ALIAS.fullmatch(self.alias):
            raise PolicyError("alias: expected 1 to 64 letters, digits, '.', '_' or '-'")
        if self.load is not None and not callable(self.load):
            raise PolicyError(f"load: expected a callable, got {type(self.load).__name__}")
        if self.secret is not None and not isinstance(self.secret, Secret):
            raise PolicyError(f"secret: expected a Secret, got {type(self.secret).__name__}")
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            told = " and ".join(given) or "none"
            raise PolicyError(f"expected one of {', '.join(SOURCES)}, got {told}")


def keys_of(value: object) -> tuple[Key, ...]:
    """Return the keys of a policy.

    >>> keys_of([{"alias": "main", "env": "COMETAPI_KEY"}])[0].alias
    'main'

    Raises:
        PolicyError: ``keys[0]: expected one of env, file, load, secret, got none``.
    """
    if not isinstance(value, list | tuple):
        raise PolicyError(f"keys: expected a list of tables, got {type(value).__name__}")
    keys = tuple(_key(f"keys[{number}]", one) for number, one in enumerate(value))
    aliases = [key.alias for key in keys]
    for number, alias in enumerate(aliases):
        if alias in aliases[:number]:
            raise PolicyError(f"keys[{number}].alias: {alias!r} is there already")
    return keys


def _key(path: str, value: object) -> Key:
    if isinstance(value, Key):
        return value
    if not isinstance(value, Mapping):
        raise PolicyError(f"{path}: expected a table, got {type(value).__name__}")
    known = [spec.name for spec in fields(Key)]
    for name in value:
        if name not in known:
            raise PolicyError(f"{path}.{name}: no such field, known are {', '.join(known)}")
    if "alias" not in value:
        raise PolicyError(f"{path}.alias: missing")
    try:
        return Key(**value)
    except PolicyError as error:
        told = str(error)
        raise PolicyError(f"{path}{': ' if told.startswith('expected') else '.'}{told}") from None
