"""`halley sim`: the simulator in the foreground, for curl, for any SDK, for trying things out."""

from __future__ import annotations

import asyncio
import errno

import click

from halley.cli.exits import CommandError, Exit
from halley.cli.terminal import note
from halley.simulator import PROFILES, Server, SimReply, SimRequest, Simulator, serve_forever
from halley.simulator.errors import ERRORS
from halley.simulator.keys import FATES

EXAMPLE = "\b\nExample:\n  halley sim --port 8080 --profile rough --seed 7"
MODEL = "gpt-5-mini"


class Spoken(Simulator):
    """A simulator that says on stderr what it does with each request."""

    def handle(self, request: SimRequest, now: float, *, speed: float = 1.0) -> SimReply:
        """Answer one request and say how."""
        reply = super().handle(request, now, speed=speed)
        entry = self.ledger.calls[-1]
        answer = reply.status or reply.ending
        note(f"{entry.method} {entry.path} {entry.model} -> {answer} {entry.fault}")
        return reply


@click.command(epilog=EXAMPLE)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="demo",
    show_default=True,
    help="What kind of day it has.",
)
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    help="The same seed gives the same faults to the same calls.",
)
def command(port: int, profile: str, seed: int) -> None:
    """Run a CometAPI that misbehaves on purpose, until Ctrl-C.

    It listens on this machine only and bills nobody: chat completions, responses, messages, Gemini,
    embeddings, models, video tasks.
    """
    simulator = Spoken(profile=profile, seed=seed)
    try:
        asyncio.run(serve_forever(simulator, port=port, ready=introduce))
    except OSError as error:
        raise CommandError(_refusal(port, error), Exit.USAGE) from None
    finally:
        if simulator.ledger.calls:
            note(_summary(simulator))


def introduce(server: Server) -> None:
    """Say what is there, and how to try it."""
    profile = server.simulator.profile
    click.echo(f"""\
A simulated CometAPI: {server.base_url}
Profile {profile.name} ({profile.summary}), seed {server.simulator.seed}. Ctrl-C ends it.

Try it:
  curl -i {server.base_url}/chat/completions -H 'Authorization: Bearer sk-any' \\
    -d '{{"model": "{MODEL}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
  COMETAPI_KEY=sk-any halley call "Hello" --base-url {server.base_url}

Keys: any that starts with sk- is good, unless one of these words stands in it:
{_keys()}""")


def _keys() -> str:
    rows = ((f"sk-my-{word}", ERRORS[name].status, name) for word, name in FATES.items())
    return "\n".join(f"  {key:<16} {status} {name.replace('_', ' ')}" for key, status, name in rows)


def _summary(simulator: Simulator) -> str:
    ledger = simulator.ledger
    return (
        f"halley: {len(ledger.calls)} requests, {len(ledger.billed)} billed "
        f"({ledger.amount_usd:.2f} USD in play money), {len(ledger.paid_twice())} paid twice"
    )


def _refusal(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or 0 for a free one"
    return f"cannot listen on port {port}: {error.strerror or type(error).__name__}"
