"""Where the command line fails: one line on stderr, the right exit code, no traceback.

An unexpected exception is named by its type alone, since its text could hold a key or a prompt;
HALLEY_DEBUG=1 shows the traceback, without the keys of the environment.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from halley.cli.exits import CommandError, Exit
from halley.cli.root import halley
from halley.cli.terminal import note, wants_colour

COMPLETION: Final = "_HALLEY_COMPLETE"
"""Set by the completion script of the shell, see click's documentation."""
NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})
"""What a disk says that takes no more."""
_HINT: Final = re.compile(r"\.? \(?Did you mean (.+?)\)?$")
"""A hint as the releases of click write it."""


def run(args: Sequence[str]) -> int:
    """Run one command line; return the exit code."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if COMPLETION in os.environ:
        halley.main(list(args), prog_name="halley")
    try:
        return _guarded(args)
    except BrokenPipeError:  # leave quietly: whoever read our output has seen enough
        _leave_stdout()
        return Exit.PIPE_CLOSED


def _open_what_is_closed() -> None:
    """Give a process that was started without one of the three streams (`<&-`) an empty one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - until the end


def _guarded(args: Sequence[str]) -> int:
    try:
        return _invoke(args)
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, click.Abort):
        if sys.stderr.isatty():
            click.echo(err=True)  # below the terminal's own ^C
        return Exit.INTERRUPTED
    except click.ClickException as error:
        note(f"halley: {_told(error)}")
        return error.code if isinstance(error, CommandError) else error.exit_code
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _refused(error) or _unexpected(error)


def _invoke(args: Sequence[str]) -> int:
    try:
        with halley.make_context("halley", list(args)) as context:
            context.color = wants_colour(sys.stdout)
            halley.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as leave:
        sys.stdout.flush()
        return leave.exit_code
    return Exit.OK


def _told(error: click.ClickException) -> str:
    """Return an error of click's as we say it: how it goes on, and where help is."""
    message = error.format_message().rstrip(".")
    if not isinstance(error, click.UsageError):
        return message
    message = _HINT.sub(r" (did you mean \1)", message[:1].lower() + message[1:])
    command = error.ctx.command_path if error.ctx else "halley"
    return f"{message}; see '{command} --help'"


def _refused(error: Exception) -> Exit | None:
    """Tell what any command may meet, a full disk or a bad policy; None: it is something else."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        _leave_stdout()
        note(f"halley: the output cannot be written: {error.strerror}")
        return Exit.DEFECT
    from halley.core.errors import PolicyError  # noqa: PLC0415 - no help loads the core

    if not isinstance(error, PolicyError):
        return None
    more = len(error.mistakes) - 1
    rest = f" (and {more} more, see 'halley policy check')" if more else ""
    note(f"halley: {error}{rest}")
    return Exit.USAGE


def _unexpected(error: Exception) -> Exit:
    if os.environ.get("HALLEY_DEBUG"):
        _show(error)
    note(
        f"halley: this is a bug in halley: {_place(error)}; "
        "HALLEY_DEBUG=1 shows where, and may show the request"
    )
    return Exit.DEFECT


def _show(error: Exception) -> None:
    from halley.records.quiet import keys_of_environment  # noqa: PLC0415 - for bugs alone
    from halley.records.redact import Redactor  # noqa: PLC0415
    from halley.records.redact.lines import Lines  # noqa: PLC0415

    lines = Lines(Redactor(keys_of_environment()))
    for line in "".join(traceback.format_exception(error)).splitlines():
        click.echo(lines.line(line), err=True)


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _leave_stdout() -> None:
    """Write no more: Python flushes stdout on exit and would complain."""
    # docs.python.org, signal, "Note on SIGPIPE"
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
