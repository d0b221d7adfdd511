"""Failing well: one line, the right exit code, no traceback, and never the text of an exception."""

import signal
import subprocess
import sys

import pytest

from halley.cli import rules
from tests.cli.conftest import command_line, environment

SECRET = "sk-" + "a" * 32


@pytest.fixture
def broken(monkeypatch):
    """Break a command in a way that nobody foresaw."""

    def explode(*_):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(rules, "chosen", explode)


def test_a_bug_is_named_without_its_text(halley, broken):
    """An unforeseen exception shows its type and its place, not what it says."""
    shown = halley("rules")
    assert (shown.code, shown.out) == (1, "")
    assert shown.said.startswith("halley: this is a bug in halley: RuntimeError at test_guard.py:")
    assert SECRET not in shown.err


def test_debug_shows_the_traceback(halley, broken):
    """HALLEY_DEBUG=1 is for whoever mends the bug."""
    shown = halley("rules", env={"HALLEY_DEBUG": "1", "COMETAPI_KEY": SECRET})
    assert shown.code == 1
    assert "Traceback" in shown.err
    assert SECRET not in shown.err


def test_ctrl_c_is_130_without_a_word(halley, monkeypatch):
    """An interrupted command says nothing and exits with 128 + SIGINT."""

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(rules, "chosen", interrupt)
    shown = halley("rules")
    assert (shown.code, shown.out, shown.err) == (130, "", "")


def test_a_closed_pipe_is_quiet():
    """`halley rules | head -1`: no complaint when nobody reads on, and the code of SIGPIPE."""
    child = subprocess.Popen(
        command_line("rules", "--json"),
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=4096,  # a larger one may hold all that follows
    )
    with child:
        child.stdout.readline()
        child.stdout.close()
        err = child.stderr.read()
        code = child.wait(30)
    assert (code, err) == (128 + signal.SIGPIPE, b"")


def test_output_that_the_terminal_cannot_show(process):
    """A stdout without the letter gets a question mark, not a UnicodeEncodeError."""
    env = {"PYTHONIOENCODING": "latin-1"}
    shown = process("explain", "--status", "503", "--lang", "vi", env=env)
    assert shown.code == 0
    assert " t?i" in shown.out
    assert shown.err == ""


def test_python_m_halley_is_the_command(process):
    """`python -m halley` and the installed script are the same program."""
    assert sys.executable
    assert "Usage: halley " in process("--help").out
