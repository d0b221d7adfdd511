"""A policy as a file: every setting with what is allowed, a file to start from.

It loads to the same policy. What could be a key is left out, as of everything that is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from halley.core.policy import SETTINGS, Policy
from halley.core.secret import MASK
from halley.core.shown import may_be_key

HEAD: Final = "# A policy of halley: every setting, with what is allowed."


def given(policy: Policy) -> dict[str, Any]:
    """Return every setting as TOML and JSON have it; None where it is not set."""
    return {name: setting.give(getattr(policy, name)) for name, setting in SETTINGS.items()}


def masked(value: Any) -> Any:  # noqa: ANN401 - of any setting
    """Return a value without what could be a key.

    >>> masked(["stderr", "redis://me:pass@host"])
    ['stderr', '**********']
    """
    match value:
        case str():
            return MASK if may_be_key(value) else value
        case list():
            return [masked(item) for item in value]
        case dict():
            return {masked(name): masked(item) for name, item in value.items()}
        case _:
            return value


def hidden(policy: Policy) -> list[str]:
    """Return the names of the settings that are not shown as they are."""
    return [name for name, value in given(policy).items() if masked(value) != value]


def to_toml(policy: Policy) -> str:
    """Return a policy as a complete file."""
    found = given(policy)
    plain = [line for name in found for line in _setting(name, found[name])]
    tables = [line for name in found for line in _tables(name, found[name])]
    return "\n".join([HEAD, *plain, *tables, ""])


def _setting(name: str, value: object) -> Iterator[str]:
    """Yield the line of a setting, with what is allowed behind it."""
    allowed = SETTINGS[name].allowed
    if value is None or value in ([], {}):
        yield f"# {name} is not set; allowed: {allowed}"
    elif masked(value) != value:
        yield f"# {name} is not shown, for it could be a key; put it back by hand"
    elif not _is_tables(value):
        yield f"{name} = {literal(value)}  # {allowed}"


def _tables(name: str, value: object) -> Iterator[str]:
    """Yield the lines of a setting that holds tables, which stand last in a file."""
    if not _is_tables(value) or masked(value) != value:
        return
    if isinstance(value, dict):
        tables = [(f"[{name}.{quoted(key)}]", table) for key, table in value.items()]
    else:
        tables = [(f"[[{name}]]", table) for table in value]  # type: ignore[attr-defined]
    for head, table in tables:
        yield from ("", head, *(_pair(key, item) for key, item in table.items()))


def _pair(name: str, value: object) -> str:
    """Return the line of a value in a table; TOML has no word for what is not set."""
    return f"# {name} is not set" if value is None else f"{name} = {literal(value)}"


def _is_tables(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, Mapping) for item in value)
    )


def literal(value: object) -> str:
    """Return a value as TOML writes it.

    >>> literal(600.0), literal(0.25), literal(True), literal(["a", 1])
    ('600', '0.25', 'true', '["a", 1]')
    """
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case float() if value.is_integer():
            return str(int(value))
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return repr(value)


def quoted(text: str) -> str:
    r"""Return a text as a basic string: JSON's, but for a character that TOML wants escaped.

    >>> quoted('say "hi"\n')
    '"say \\"hi\\"\\n"'
    """
    return json.dumps(text, ensure_ascii=False).replace("\x7f", r"\u007f")
