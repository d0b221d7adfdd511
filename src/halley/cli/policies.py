"""The policy of a command: the file that `--policy` names, else `HALLEY_POLICY`, else the defaults.

Every command that makes calls takes it, reads no other file, and tells what is wrong alike.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from halley.cli.exits import CommandError, Exit
from halley.compose import policy_of, require
from halley.core.errors import PolicyError
from halley.core.policy import Policy

option: Final = click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="A policy file (halley.toml); without it, the one that HALLEY_POLICY names.",
)


def chosen(path: Path | None) -> Policy:
    """Return the policy of a command.

    Raises:
        CommandError: the file cannot be read, is wrong, or asks for what is not installed.
    """
    try:
        policy = policy_of(path)
        require(policy)
    except PolicyError as error:
        raise refused(error) from None
    return policy


def refused(error: PolicyError) -> CommandError:
    """Return the error of a command whose policy is wrong: the first mistake."""
    more = len(error.mistakes) - 1
    rest = f" (and {more} more, see 'halley policy check')" if more else ""
    return CommandError(f"{error}{rest}", Exit.USAGE)
