"""How names and values of a policy are shown, in errors and on a screen.

Keys end up in the wrong place: behind the wrong name, or in an address. Text that is named like a
key, or has the form of one, is described and not shown; a harmless word too few does no harm.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from halley.core.errors import Mistake, PolicyError

CHARS_MAX: Final = 60
ITEMS_MAX: Final = 4
BITS_MAX: Final = 64

_KEY_NAMES: Final = frozenset(
    {"apikey", "auth", "authorization", "cookie", "credential", "credentials", "key", "keys"}
    | {"passwd", "password", "secret", "token"}
)
_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])(?:[spr]k[-_]|AIza|eyJ)[\w-]{3}"  # OpenAI's kind, Google's, a JWT
    r"|\b[Bb](?:earer|asic) +\S"
    r"|://[^/\s]*@"  # user and password of an address
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|[A-Za-z0-9]{32}"
    r"|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20}"
)
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""A name that TOML takes without quotes (toml.io, v1.0.0, "Keys")."""


def may_be_key(text: str) -> bool:
    """Say whether a text has the form of a credential, or holds one.

    >>> may_be_key("sk-" + "a" * 8), may_be_key("redis://me:pass@host"), may_be_key("gpt-5-mini")
    (True, True, False)
    """
    return _KEY.search(text) is not None


def shown(value: object, path: str = "") -> str:
    """Return a value as an error may show it.

    >>> shown(0), shown("fast"), shown([99]), shown({}), shown("abc", "proxy.password")
    ('0', "'fast'", '[99]', 'a table', 'text of 3 characters, not shown: it could be a key')
    """
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = _text(value, path)
        case int() if value.bit_length() > BITS_MAX:
            text = "a number too large"
        case int() | float() | None:
            text = repr(value)
        case list() | tuple() if len(value) <= ITEMS_MAX:
            text = f"[{', '.join(shown(item, path) for item in value)}]"
        case list() | tuple():
            text = f"a list of {len(value)}"
        case Mapping():
            text = "a table"
        case _:
            text = f"a {type(value).__name__}"
    return text


def _text(value: str, path: str) -> str:
    words = set(re.findall("[a-z]+", path.lower()))
    if may_be_key(value) or not words.isdisjoint(_KEY_NAMES):
        return f"text of {len(value)} characters, not shown: it could be a key"
    return repr(value if len(value) <= CHARS_MAX else f"{value[:CHARS_MAX]}…")


def inside(path: str, name: object) -> str:
    """Return the path of a name in a table, as TOML writes it.

    >>> inside(inside("models", "gpt-5*"), "attempts"), inside("", "attempts")
    ('models."gpt-5*".attempts', 'attempts')
    """
    text = str(name)
    if may_be_key(text):
        text = "…"
    if not _BARE.fullmatch(text):
        text = json.dumps(text[:CHARS_MAX], ensure_ascii=False)
    return f"{path}.{text}" if path else text


def wrong(path: str, expected: str, value: object) -> PolicyError:
    """Return the error of a value that is not what it should be.

    >>> str(wrong("attempts", "a whole number from 1 to 20", 0))
    'attempts: expected a whole number from 1 to 20, got 0'
    """
    return PolicyError(Mistake(path, f"expected {expected}, got {shown(value, path)}"))


def unknown(path: str, name: object, known: list[str], *, noun: str = "setting") -> PolicyError:
    """Return the error of a name that is none of those known.

    >>> str(unknown("", "atempts", ["attempts", "backoff"]))
    'atempts: no such setting, did you mean attempts?'
    """
    from difflib import get_close_matches  # noqa: PLC0415 - 3 ms that only a mistake is worth

    near = get_close_matches(str(name)[:CHARS_MAX].lower(), known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return PolicyError(Mistake(inside(path, name), f"no such {noun}, {hint}"))
