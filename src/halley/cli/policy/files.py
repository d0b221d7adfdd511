"""The policy file that a command looks at: named on the line, stdin, or by `HALLEY_POLICY`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from halley.cli.source import stdin
from halley.core.errors import PolicyError
from halley.core.policy import Policy
from halley.policy import BYTES_MAX, ENVIRONMENT, content, tables


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A policy, and what of it stands in its file.

    Attributes:
        name: Of the file; None where there is none.
        origin: What its settings are said to be from: the file, or the variable that names it.
        tables: What the file says.
    """

    name: str | None = None
    origin: str = ""
    policy: Policy = field(default_factory=Policy)
    tables: Mapping[str, object] = field(default_factory=dict)


def named_by_environment() -> Path | None:
    """Return the file that `HALLEY_POLICY` names."""
    named = os.environ.get(ENVIRONMENT)
    return Path(named) if named else None


def find(file: Path | None) -> PolicyFile:
    """Read the file named, or the one of the environment; the defaults without both.

    Raises:
        PolicyError: as `read`; it also says that the environment named the file.
    """
    if file is not None:
        return read(file)
    named = named_by_environment()
    if named is None:
        return PolicyFile()
    try:
        return replace(read(named), origin=ENVIRONMENT)
    except PolicyError as error:
        raise error.within(f"{ENVIRONMENT}: {error.source}") from None


def read(file: Path) -> PolicyFile:
    """Read a policy file; - is stdin.

    Raises:
        PolicyError: it cannot be read, or is wrong; it has all mistakes and the name of the file.
    """
    name = "stdin" if str(file) == "-" else str(file)
    try:
        found = tables(_content(file))
        return PolicyFile(name, name, Policy().override(found), found)
    except PolicyError as error:
        raise error.within(name) from None


def _content(file: Path) -> bytes:
    return stdin("policy").read(BYTES_MAX + 1) if str(file) == "-" else content(file)
