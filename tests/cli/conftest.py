"""How the tests of the command line run it: as a process of its own, or in this one."""

import io
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from halley.cli.guard import run

CLEARED = (
    "COMETAPI_KEY",
    "COMETAPI_BASE_URL",
    "HALLEY",
    "HALLEY_POLICY",
    "HALLEY_DEBUG",
    "NO_COLOR",
)


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str

    @property
    def said(self):
        """The only line on stderr: every error is one line."""
        (line,) = self.err.splitlines()
        return line


def environment(changes: Mapping[str, str] = {}):
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return {**kept, "PYTHONIOENCODING": "utf-8", **changes}


def command_line(*args):
    return [sys.executable, "-m", "halley", *args]


@pytest.fixture
def process():
    """Run halley as a process of its own."""

    def start(*args, stdin=b"", env: Mapping[str, str] = {}):
        done = subprocess.run(
            command_line(*args),
            input=stdin,
            capture_output=True,
            env=environment(env),
            timeout=60,
            check=False,
        )
        out, err = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
        return Finished(done.returncode, out, err)

    return start


@pytest.fixture
def halley(monkeypatch, capsys):
    """Run halley in this process, which is faster."""
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)

    def start(*args, stdin=b"", env: Mapping[str, str] = {}):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        code = run(args)
        captured = capsys.readouterr()
        return Finished(code, captured.out, captured.err)

    return start
