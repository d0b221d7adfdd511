"""The keys themselves: where they are loaded from, and the text that belongs to an alias.

A source is an environment variable, a file that only its owner may read, or a callable. Sources are
read when the client is made and again when the ring asks for it; one that fails then keeps the key
it had, and the log says which alias and why. No message of this file holds a key, and no variable
of a frame that raises: tracebacks are shown with their locals.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
from pathlib import Path
from typing import Final

from halley.core.credentials import Credential, Key
from halley.core.effects import Loaded
from halley.core.errors import PolicyError
from halley.core.secret import Secret
from halley.core.shown import may_be_key

LOGGER: Final = logging.getLogger("halley")
KEY_CHARS_MAX: Final = 16 * 1024
OTHERS: Final = 0o077
"""Permissions of the group and of everybody."""


class Keys:
    """The credentials of one client by alias; any thread may use it.

    Raises:
        PolicyError: ``keys[0].env: COMETAPI_KEY is not set``.
    """

    __slots__ = ("_generation", "_lock", "_secrets", "_specs")

    def __init__(self, specs: tuple[Key, ...]) -> None:
        self._specs = specs
        self._lock = threading.Lock()
        self._generation = 0
        self._secrets = {spec.alias: read(spec, f"keys[{n}]") for n, spec in enumerate(specs)}

    def secret(self, alias: str) -> Secret:
        """Return the key of an alias."""
        return self._secrets[alias]

    def secrets(self) -> tuple[Secret, ...]:
        """Return all keys, for whatever must never show one."""
        return tuple(self._secrets.values())

    def credentials(self) -> tuple[Credential, ...]:
        """Return what the core may know of them."""
        return tuple(
            Credential(spec.alias, spec.account, hash(self._secrets[spec.alias]))
            for spec in self._specs
        )

    def load(self, generation: int) -> Loaded:
        """Read all sources again, unless somebody has since `generation`; blocks on their I/O."""
        with self._lock:
            if self._generation <= generation:
                self._secrets = {**self._secrets, **dict(self._read_again())}
                self._generation = generation + 1
            return Loaded(self.credentials(), self._generation)

    def _read_again(self) -> list[tuple[str, Secret]]:
        found = []
        for number, spec in enumerate(self._specs):
            try:
                found.append((spec.alias, read(spec, f"keys[{number}]")))
            except PolicyError as error:
                LOGGER.warning("key %s stays as it was: %s", spec.alias, error)
        return found

    def __repr__(self) -> str:
        return f"<Keys {', '.join(self._secrets)}>"


def read(spec: Key, where: str) -> Secret:
    """Read one key from its source.

    Raises:
        PolicyError: there is none, it is empty, or it holds what no header may.
    """
    if spec.secret is not None:
        where, found = f"{where}.secret", spec.secret
    elif spec.env is not None:
        where, found = f"{where}.env: {spec.env}", _from_environment(spec.env, where)
    elif spec.file is not None:
        where = f"{where}.file: {_told(spec.file)}"
        found = _from_file(spec.file, where)
    else:
        where = f"{where}.load"
        found = _from_callable(spec, where)
    if (mistake := _mistake(found.reveal())) is not None:
        raise PolicyError(f"{where}: {mistake}")
    return Secret(found.reveal().strip())


def _mistake(text: str) -> str | None:
    """Say why a text is no key: it is empty, too long, or holds what no header may."""
    stripped = text.strip()
    if not stripped:
        return "expected a key, found nothing"
    if len(stripped) > KEY_CHARS_MAX or not (stripped.isascii() and stripped.isprintable()):
        return "expected one line of printable ASCII (no key has anything else)"
    return None


def _from_environment(name: str, where: str) -> Secret:
    if name not in os.environ:
        raise PolicyError(f"{where}.env: {name} is not set")
    return Secret(os.environ[name])


def _told(path: str) -> str:
    """Return a path as a message may have it: somebody may have put the key in its place."""
    return "the path named" if may_be_key(path) else path


def _from_file(name: str, where: str) -> Secret:
    try:
        with Path(name).expanduser().open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            found = Secret(file.read(KEY_CHARS_MAX + 2).decode("latin-1"))
    except OSError as error:
        raise PolicyError(f"{where}: cannot be read: {error.strerror}") from None
    except (RuntimeError, ValueError):  # nobody has that home; no name of a file has a zero byte
        raise PolicyError(f"{where}: expected the path of a file") from None
    if os.name == "posix" and mode & OTHERS:
        raise PolicyError(
            f"{where}: expected mode 0600, found {mode:04o}, others can read it; chmod 600"
        )
    return found


def _from_callable(spec: Key, where: str) -> Secret:
    assert spec.load is not None
    try:
        found = spec.load()
    except Exception as error:  # noqa: BLE001 - the user's own code
        raise PolicyError(f"{where}: raised {type(error).__name__}") from None
    if isinstance(found, Secret):
        return found
    if isinstance(found, str):
        return Secret(found)
    kind = type(found).__name__
    del found  # bytes may be a key as well
    raise PolicyError(f"{where}: expected a text, got {kind}")
