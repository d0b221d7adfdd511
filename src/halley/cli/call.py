"""`halley call`: one chat completion, its answer on stdout, each decision on stderr as it is made.

With a key it goes to the real service, else to a simulator in this process, and says so. The exit
code is the decision's.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
import httpx2

from halley.checks.doctor.settings import COMETAPI, split_url
from halley.cli import chat, policies
from halley.cli.exits import CommandError, Exit
from halley.cli.progress import Progress
from halley.cli.terminal import note, printable
from halley.cli.verdict import summary, verdict_of
from halley.compose import is_off
from halley.core.policy import Policy
from halley.records.sinks import LOGGER
from halley.simulator import PROFILES, Simulator, serve
from halley.simulator.keys import VALID
from halley.transport.httpx2 import Client

MODEL: Final = "gpt-5-mini"
TIMEOUT: Final = httpx2.Timeout(600.0, connect=15.0)
PROMPT_BYTES_MAX: Final = 8 * 1024 * 1024
EXAMPLES: Final = """\b
Examples:
  halley call "Name three comets" --profile rough
  COMETAPI_KEY=… halley call "Name three comets" --stream
  git diff | halley call - --system "Write a commit message"

\b
Exit codes: 0 answered, 2 usage, 3 fix the request or the model, 4 the key,
5 money, 6 gave up or fail over, 7 reconcile, 130 interrupted.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes."""

    base_url: str
    key: str
    is_real: bool


@click.command(epilog=EXAMPLES)
@click.argument("prompt", required=False)
@click.option("--model", default=MODEL, show_default=True, help="Model to ask.")
@click.option("--system", default="", help="A system message before the prompt.")
@click.option("--stream", is_flag=True, help="Print the answer as it comes.")
@click.option(
    "--base-url", envvar="COMETAPI_BASE_URL", help=f"Service to ask.  [default: {COMETAPI}]"
)
@policies.option
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    help="Ask a simulator that has this kind of day, whether or not there is a key.",
)
@click.option("--seed", type=int, help="Seed of the simulator; another one every time without it.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object instead of the answer."
)
def command(
    prompt: str | None,
    *,
    model: str,
    system: str,
    stream: bool,
    base_url: str | None,
    policy: Path | None,
    profile: str | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Make one chat completion and watch every decision.

    The key is read from COMETAPI_KEY. Without one, the call goes to a simulator in this process.
    PROMPT is the text, or - for stdin.
    """
    if is_off():
        raise CommandError("HALLEY=off is set, so nothing would be decided: unset it", Exit.USAGE)
    body = chat.request_body(
        _utf8("the prompt", _prompt(prompt)),
        system=_utf8("--system", system),
        model=_utf8("--model", _named(model)),
        stream=stream,
    )
    chosen = policies.chosen(policy)
    with _target(base_url, profile, seed) as target, _client(chosen, target) as client:
        with Progress(lambda elapsed_s: f"waiting, {elapsed_s:.0f} s") as progress:
            heard = _Heard(progress, silent=as_json)
            with _decisions(progress, heard):
                answer = chat.ask(
                    client, target.base_url + chat.PATH, target.key, body, heard=heard
                )
        heard.end_line()
    verdict = verdict_of(answer, model)
    if as_json:
        click.echo(json.dumps(summary(answer, verdict, model), ensure_ascii=False))
    if verdict.exit_code is not Exit.OK:
        raise CommandError(f"{verdict.seen}: {verdict.advice}", verdict.exit_code)


class _Heard:
    """Prints the pieces of an answer."""

    def __init__(self, progress: Progress, *, silent: bool) -> None:
        self._progress = progress
        self._silent = silent
        self._last = "\n"

    def __call__(self, piece: str) -> None:
        if not piece or self._silent:
            return
        self._progress.stop()
        self._last = piece[-1]
        click.echo(printable(piece) if sys.stdout.isatty() else piece, nl=False)

    def end_line(self) -> None:
        if self._last != "\n":
            self._last = "\n"
            click.echo()


class _Spoken(logging.Handler):
    """Says each record of the logger `halley`, coloured by what it means."""

    def __init__(self, progress: Progress, heard: _Heard) -> None:
        super().__init__()
        self._progress = progress
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        self._heard.end_line()
        colours = {logging.WARNING: "red", logging.INFO: "yellow"}
        self._progress.note(record.getMessage(), colour=colours.get(record.levelno))


@contextmanager
def _decisions(progress: Progress, heard: _Heard) -> Iterator[None]:
    handler, level = _Spoken(progress, heard), LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)


def _client(policy: Policy, target: Target) -> Client:
    # A proxy of the environment knows no way to a simulator in this process.
    return Client(policy=policy, timeout=TIMEOUT, trust_env=target.is_real)


@contextmanager
def _target(base_url: str | None, profile: str | None, seed: int | None) -> Iterator[Target]:
    key = os.environ.get("COMETAPI_KEY", "").strip()
    if profile is None and (key or base_url):
        yield Target(_base_url(base_url or COMETAPI), _key(key), is_real=True)
        return
    chosen = secrets.randbelow(10_000) if seed is None else seed
    simulator = Simulator(profile=profile or "calm", seed=chosen)
    why = "as --profile asks" if profile else "COMETAPI_KEY is not set"
    note(f"halley: asking a simulator ({why}), profile {simulator.profile.name}, seed {chosen}")
    with serve(simulator) as server:
        yield Target(server.base_url, VALID, is_real=False)


def _key(key: str) -> str:
    if not key:
        raise CommandError(
            "no key: set COMETAPI_KEY, or ask a simulator with --profile calm", Exit.KEY
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise CommandError(
            "COMETAPI_KEY holds a space, a line break or another character that no key has: "
            "copy it again",
            Exit.KEY,
        )
    return key


def _base_url(url: str) -> str:
    """Check a base URL; what it says is never repeated, since it may hold a password."""
    parts = split_url(url)
    if parts is None:
        raise CommandError(
            f"--base-url or COMETAPI_BASE_URL: expected an address such as {COMETAPI}", Exit.USAGE
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise CommandError(
            "--base-url or COMETAPI_BASE_URL: expected neither a user name nor anything after "
            "a '?' or '#': the key belongs in COMETAPI_KEY",
            Exit.USAGE,
        )
    return url.rstrip("/")


def _prompt(prompt: str | None) -> str:
    if prompt is None and sys.stdin.isatty():
        raise click.UsageError("missing argument 'PROMPT'", click.get_current_context())
    if prompt is None or prompt == "-":
        text = sys.stdin.buffer.read(PROMPT_BYTES_MAX + 1)
        if len(text) > PROMPT_BYTES_MAX:
            raise CommandError("the prompt on stdin is longer than 8 MiB", Exit.USAGE)
        prompt = text.decode("utf-8", "surrogateescape")
    if not prompt.strip():
        raise CommandError("the prompt is empty", Exit.USAGE)
    return prompt


def _named(model: str) -> str:
    if not model.strip():
        raise CommandError("--model: expected the name of a model, got none", Exit.USAGE)
    return model


def _utf8(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise CommandError(f"{name} is not UTF-8 text", Exit.USAGE) from None
    return text
