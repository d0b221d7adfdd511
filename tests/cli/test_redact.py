"""`halley redact`: a filter that a pipe can trust."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from tests.cli.conftest import command_line, environment
from tests.records.corpus.making import WORD, made, pem

KEY = made("command line", "sk", "-", (WORD, 40))
OTHER = made("unshaped", (WORD, 30))


def test_lines_come_back_without_keys(halley):
    """Line by line, endings kept; the last one has none."""
    done = halley("redact", stdin=f"one\r\nkey {KEY}\nrequest id: req_1\nend".encode())
    assert (done.code, done.out, done.err) == (
        0,
        "one\nkey <redacted>\nrequest id: req_1\nend",
        "",
    )


def test_the_keys_of_the_environment_are_known(halley):
    """One without a shape of its own is found in pieces too."""
    done = halley("redact", stdin=f"{OTHER} {OTHER[3:20]}".encode(), env={"COMETAPI_KEY": OTHER})
    assert done.out == "<redacted> <redacted>"


def test_a_private_key_goes_over_many_lines(halley):
    """None of its rows passes."""
    done = halley("redact", stdin=f"a\n{pem('cli')}\nb\n".encode())
    assert done.out.splitlines() == ["a", *["<redacted>"] * 10, "b"]


def test_json_lines_in_and_out(halley):
    """Texts with line breaks in them stay one line each."""
    given = [{"text": f"a\n{KEY}"}, {"text": ""}]
    done = halley("redact", "--jsonl", stdin="\n".join(map(json.dumps, given)).encode())
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"text": "a\\n<redacted>"},
        {"text": ""},
    ]


@pytest.mark.parametrize("line", ["no json", '{"body": "x"}', '{"text": 1}', "[1]", "[" * 100_000])
def test_a_line_that_cannot_be_read_is_replaced_and_told(halley, line: str):
    """Nothing of it passes, the rest does, and there is a line for every line."""
    done = halley("redact", "--jsonl", stdin=f'{line}\n{{"text": "ok"}}\n'.encode())
    first, second = done.out.splitlines()
    assert json.loads(first)["text"].startswith("<unloggable event=line-1 ")
    assert json.loads(second) == {"text": "ok"}
    assert done.code == 1
    assert done.said == "halley: 1 of 2 lines could not be read and were replaced"


def test_a_line_without_end_takes_no_memory_and_gives_nothing(halley):
    """It is replaced as a whole."""
    done = halley("redact", stdin=b"x" * 3_000_000 + b"\nok\n")
    assert done.out == "<unloggable event=line-1 bytes=1048577>\nok\n"
    assert done.code == 1


def test_bytes_that_are_no_text_pass_as_marks(halley):
    """The rest of their line is readable."""
    assert halley("redact", stdin=b"a\xff\xfeb\n").out == "a\ufffd\ufffdb\n"


def test_every_line_comes_at_once_and_ctrl_c_ends_it():
    """As a log is followed; 130, without a traceback."""
    with subprocess.Popen(
        command_line("redact"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        process.stdin.write(b"first\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"first\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read() == b""


@pytest.mark.skipif(os.name != "posix", reason="pipes of POSIX")
def test_a_reader_that_leaves_ends_it_quietly():
    """As `| head -1` does."""
    with subprocess.Popen(
        command_line("redact"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        bufsize=0,
    ) as process:
        process.stdin.write(b"first\n")
        assert process.stdout.readline() == b"first\n"
        process.stdout.close()
        try:
            while process.poll() is None:
                process.stdin.write(b"more\n" * 1000)
        except BrokenPipeError:
            pass
        assert process.wait(30) == 141
        assert process.stderr.read() == b""
