"""The policy of a command: the file that `--policy` names, else `HALLEY_POLICY`, else the defaults.

Every command that makes calls takes it and reads no other file. What is wrong is told by the guard.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from halley.compose import policy_of, require
from halley.core.policy import Policy

option: Final = click.option(
    "--policy",
    type=click.Path(path_type=Path),
    help="A policy file (halley.toml); without it, the one that HALLEY_POLICY names.",
)


def chosen(path: Path | None) -> Policy:
    """Return the policy of a command, before it does anything else.

    Raises:
        PolicyError: the file cannot be read, is wrong, or asks for what is not installed.
    """
    policy = policy_of(path)
    require(policy)
    return policy
