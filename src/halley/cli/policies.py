"""The policy of a command: the file that `--policy` names, else `HALLEY_POLICY`, else the defaults.

Every command that makes a call or reads an error takes it and reads no other file. What is wrong
is told by the guard.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from halley.cli.source import FileName
from halley.core.policy import Policy
from halley.core.tables import Tables
from halley.policy import policy_of
from halley.providers import TABLES

option: Final = click.option(
    "--policy",
    type=FileName(path_type=Path),
    help="A policy file (halley.toml); without it, the one that HALLEY_POLICY names.",
)


def chosen(path: Path | None) -> Policy:
    """Return the policy of a command that makes calls, before it does anything else.

    Raises:
        PolicyError: the file cannot be read, is wrong, or asks for what is not installed.
    """
    from halley.compose import require  # noqa: PLC0415 - who only reads an error starts faster

    policy = policy_of(path)
    require(policy)
    return policy


def tables(path: Path | None) -> Tables:
    """Return the rules of a command that reads errors: those of the policy before halley's.

    Raises:
        PolicyError: the file cannot be read, or is wrong.
    """
    return TABLES.with_rows(policy_of(path).rules)
