"""`halley policy`: is a policy file right, and what does it come to?"""

from __future__ import annotations

import click

from halley.cli.exits import Exit
from halley.cli.policy.check import check
from halley.cli.policy.show import show

EXAMPLES = """\b
Examples:
  halley policy check halley.toml          every mistake, a line each
  halley policy show halley.toml           every setting, and where it is from
  halley policy show --toml > halley.toml  a complete file to start from
"""


@click.group(epilog=EXAMPLES, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """Check policy files, or show what one comes to.

    A policy file (TOML) holds every setting of halley. It is read only where it is named: by
    --policy, by HALLEY_POLICY, or in a program.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(Exit.USAGE)


command.add_command(check)
command.add_command(show)
