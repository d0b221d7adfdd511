"""The root command: its help, its version, and the table of commands with where each of them lives.

A command's module is imported when the command is called or its own help is asked for, so the help
of the root costs no more than click.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click

from halley.cli.exits import Exit

COMMANDS: Final = {
    "demo": "Watch the openai SDK meet a bad day, without halley and with it.",
    "call": "Make one chat completion and watch every decision.",
    "explain": "Read one failure, or many, and say what to do about it.",
    "check": "Find out whether request bodies will be refused, without sending them.",
    "redact": "Take keys and files out of a text, line by line.",
    "doctor": "Check key, base URL, network, clock and model, and say what to fix.",
    "report": "Say what failed, why, and what to do, from a log of records.",
    "rules": "Print the table of rules behind the decisions.",
    "policy": "Check a policy file, or show every setting and where it is from.",
    "sim": "Run a CometAPI that misbehaves on purpose, on this machine.",
}
"""Every command with its line in the help; its module is `halley.cli.<name>`."""

EPILOG: Final = """\
\b
Examples:
  halley demo                              see what it is for, in half a minute
  halley call "Say hello" --profile rough  watch retries, no key needed
  curl -si https://… | halley explain      what is this error, and what now?
  halley explain --status 429 body.json    the same for a body you saved

\b
COMETAPI_KEY and COMETAPI_BASE_URL are read by 'call' and 'doctor'. NO_COLOR is obeyed.
Exit codes of a call: 0 answered, 2 usage, 3 fix the request or the model,
4 the key, 5 money, 6 gave up or fail over, 7 reconcile, 130 interrupted.
"""


class Commands(click.Group):
    """A group that imports a command when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"halley.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find a command; of a word that is none, say which one is near."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from difflib import get_close_matches  # noqa: PLC0415 - 3 ms that only a mistake is worth

            if not (near := get_close_matches(args[0], COMMANDS, n=1)):
                raise
            message = f"no such command {args[0]!r} (did you mean {near[0]!r}?)"
            raise click.UsageError(message, ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the table, which needs no module of any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _version(ctx: click.Context, _option: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - 20 ms

    try:
        click.echo(f"halley {version('halley')}")
    except PackageNotFoundError:
        click.echo("halley (not installed: run from its sources)")
    ctx.exit()


@click.group(
    cls=Commands,
    epilog=EPILOG,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version and exit.",
)
@click.pass_context
def halley(context: click.Context) -> None:
    """Turn every failed LLM call into the right decision.

    Retry, wait, fix the request, change the model, rotate the key, top up, reconcile, or stop:
    halley reads a failure and says which. It stands beneath an SDK (see the README), and here it
    answers a person with an error in hand.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        context.exit(Exit.USAGE)
