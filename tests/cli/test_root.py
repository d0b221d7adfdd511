"""The root command: what `halley` says of itself, and how little it loads for that."""

import resource
import subprocess
import sys

import pytest

from halley.cli.root import COMMANDS
from tests.cli.conftest import command_line, environment

HELP_CPU_S = 0.150
HEAVY = (
    "anyio",
    "asyncio",
    "httpx2",
    "httpx",
    "rich",
    "openai",
    "json",
    "halley.core",
    "halley.providers",
)


def test_help_names_every_command(halley):
    """`halley --help` is for reading: all commands, examples, exit codes, on stdout."""
    shown = halley("--help")
    assert shown.code == 0
    words = " ".join(shown.out.split())
    assert all(f"{name} {line}" in words for name, line in COMMANDS.items())
    assert "Examples:" in shown.out
    assert "7 reconcile" in shown.out


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_teaches_with_examples(halley, name, flag):
    """Each command has a help of its own, with an example that starts with its name."""
    shown = halley(name, flag)
    assert shown.code == 0
    assert f"Usage: halley {name}" in shown.out
    assert f"halley {name}" in shown.out.partition("Example")[2]


def test_no_command_is_a_usage_error(halley):
    """Without a command the help goes to stderr and the exit code is 2."""
    shown = halley()
    assert (shown.code, shown.out) == (2, "")
    assert "Commands:" in shown.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--nope",), "halley: no such option '--nope'; see 'halley --help'"),
        (("nope",), "halley: no such command 'nope'; see 'halley --help'"),
        (("rules", "--nope"), "halley: no such option '--nope'; see 'halley rules --help'"),
    ],
)
def test_a_wrong_word_is_one_line(halley, args, message):
    """Unknown options and commands: exit code 2, one line that says where the help is."""
    shown = halley(*args)
    assert (shown.code, shown.out) == (2, "")
    assert shown.said.replace("option: --nope", "option '--nope'") == message


def test_version(process):
    """`halley --version` says a version, or that these are sources."""
    shown = process("--version")
    assert shown.code == 0
    assert shown.out.startswith("halley ")


def test_help_loads_nothing_heavy():
    """The help of the root imports click and nothing that costs time."""
    code = (
        "import sys; from halley.cli.guard import run; run(['--help']); "
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )
    assert not set(done.stderr.split()) & set(HEAVY)


def test_help_is_fast():
    """`halley --help` takes under 150 ms of CPU; the best of ten, since others use this machine."""

    def cpu_s():
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            command_line("--help"), env=environment(), stdout=subprocess.DEVNULL, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(cpu_s() for _ in range(10)) < HELP_CPU_S
