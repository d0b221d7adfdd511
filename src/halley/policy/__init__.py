"""Loading a policy file: TOML, read only where it is named, with errors that say what to do."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Final, TypeAlias

from halley.core.errors import Mistake, PolicyError
from halley.core.policy import Policy
from halley.core.shown import may_be_key

PolicyLike: TypeAlias = Policy | str | Path | None

ENVIRONMENT: Final = "HALLEY_POLICY"
"""Names the policy file where no policy is given."""

BYTES_MAX: Final = 1024 * 1024

_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
"""How tomllib says where it stopped (Python 3.11 to 3.14)."""


def policy_of(policy: PolicyLike) -> Policy:
    """Return a policy as a value: as given, from the file named, or from ``HALLEY_POLICY``.

    Raises:
        PolicyError: the file cannot be read, or a value in it is not allowed.
    """
    if isinstance(policy, Policy):
        return policy
    if policy is not None:
        return load(Path(policy))
    named = os.environ.get(ENVIRONMENT)
    try:
        return load(Path(named)) if named else Policy()
    except PolicyError as error:
        raise error.within(f"{ENVIRONMENT}: {error.source}") from None


def load(path: Path) -> Policy:
    """Read a policy file; settings it does not name keep their defaults.

    Raises:
        PolicyError: ``halley.toml: attempts: expected a whole number from 1 to 20, got 0``; it has
            all mistakes of the file.
    """
    try:
        return Policy().override(tables(content(path)))
    except PolicyError as error:
        raise error.within(str(path)) from None


def content(path: Path) -> bytes:
    """Return the bytes of a policy file, and one more than may be if there are too many.

    Raises:
        PolicyError: ``cannot be read: No such file or directory``.
    """
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        message = f"cannot be read: {error.strerror or type(error).__name__}"
        raise PolicyError(message) from None


def tables(data: bytes) -> dict[str, object]:
    """Return what a policy file says, unchecked.

    Raises:
        PolicyError: ``line 3: not TOML: invalid value``.
    """
    if len(data) > BYTES_MAX:
        raise PolicyError(f"expected a policy, got more than {BYTES_MAX >> 20} MiB")
    try:
        text = data.decode("utf-8-sig")
        return tomllib.loads(text)
    except UnicodeDecodeError:
        raise PolicyError("expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(_not_toml(str(error), text)) from None
    except (ValueError, RecursionError):  # Python reads no longer numbers, tomllib no deeper tables
        raise PolicyError("not TOML: nested too deeply, or a number too long") from None


def _not_toml(said: str, text: str) -> Mistake:
    """Return a mistake of form with its line.

    >>> str(_not_toml("Invalid value (at line 3, column 12)", ""))
    'line 3: not TOML: invalid value at column 12'
    """
    what, place = _PLACE.sub("", said), _PLACE.search(said)
    line, column = (place[1], place[2]) if place else (None, None)
    what = "" if may_be_key(what) else f": {what[:1].lower()}{what[1:]}"
    where = f" at column {column}" if column else ""
    return Mistake("", f"not TOML{what}{where}", int(line) if line else len(text.splitlines()))
