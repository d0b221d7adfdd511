"""`halley check`: findings like a compiler's, the right exit code, nothing of a body repeated."""

from __future__ import annotations

import io
import json
import tracemalloc

import pytest

from halley.checks import shape
from halley.checks.lines import file_findings

GOOD = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}\n'
WRONG = b'{"model":"m","messages":[{"role":"usr","content":"secret canary"}],"temprature":1}\n'
ROLES = "developer, system, user, assistant, tool, function"


def test_a_good_body_is_silent_on_stdout_and_exits_0(halley):
    """One line on stderr says that something was checked."""
    shown = halley("check", "-", stdin=GOOD)
    assert (shown.code, shown.out) == (0, "")
    assert shown.said == "halley: 1 body checked: no errors, no warnings"


def test_findings_stand_with_line_and_field_and_exit_1(halley):
    """The second line is wrong twice: an error, then a warning that says so."""
    shown = halley("check", "-", stdin=GOOD + WRONG)
    assert shown.code == 1
    assert shown.out.splitlines() == [
        f'2:messages[0].role: expected one of {ROLES}, got "usr"',
        "2:temprature: warning: unknown field, did you mean temperature?",
    ]
    assert shown.said == "halley: 2 bodies checked: 1 error, 1 warning"
    assert "canary" not in shown.out + shown.err


def test_warnings_alone_exit_0(halley):
    """Nothing that will be refused."""
    shown = halley("check", "-", stdin=GOOD.replace(b"}\n", b',"top_k":1}\n'))
    assert shown.code == 0
    assert shown.out == "1:top_k: warning: unknown field, a gateway may know it\n"


def test_json_for_programs(halley):
    """One object a finding."""
    shown = halley("check", "--json", "-", stdin=WRONG)
    assert [json.loads(line) for line in shown.out.splitlines()] == [
        {
            "line": 1,
            "level": "error",
            "path": "messages[0].role",
            "message": f'expected one of {ROLES}, got "usr"',
        },
        {
            "line": 1,
            "level": "warning",
            "path": "temprature",
            "message": "unknown field, did you mean temperature?",
        },
    ]


def test_a_path_says_where_the_bodies_go(halley):
    """The same body is right for chat and wrong for Anthropic."""
    assert halley("check", "--path", "/v1/chat/completions", "-", stdin=GOOD).code == 0
    shown = halley("check", "--path", "/v1/messages", "-", stdin=GOOD)
    assert shown.out == "1:max_tokens: required, but missing\n"


def test_a_file_with_a_malformed_line(halley, tmp_path):
    """It is named by its number, and the batch line after it is still checked."""
    batch = {"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "m"}}
    file = tmp_path / "batch.jsonl"
    file.write_bytes(GOOD + b"{'no': 1}\n" + json.dumps(batch).encode())
    shown = halley("check", str(file))
    assert shown.code == 1
    first, second = shown.out.splitlines()
    assert first.startswith("2:body: not JSON: ")
    assert second == "3:body.input: required, but missing"


@pytest.mark.parametrize(
    ("args", "stdin", "message"),
    [
        (("-",), b"", "halley: expected a body, got nothing"),
        (("-",), b" \n\n", "halley: expected a body, got nothing"),
        (("missing.json",), b"", "halley: missing.json: cannot be read: No such file or directory"),
        ((".",), b"", "halley: .: cannot be read: Is a directory"),
        ((), b"", "halley: missing argument 'FILE'; see 'halley check --help'"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_exit_2(halley, args, stdin, message):
    """Nothing, a file that is not there, a directory, no argument."""
    shown = halley("check", *args, stdin=stdin)
    assert (shown.code, shown.out, shown.said) == (2, "", message)


@pytest.mark.parametrize("junk", [b"\x00\xff" * 50, b"\x89PNG\r\n\x1a\n", b"\xff\xfe{\x00}\x00"])
def test_junk_is_a_finding_and_no_traceback(process, junk):
    """Bytes that are no text exit 1, in a process of its own."""
    shown = process("check", "-", stdin=junk)
    assert shown.code == 1
    assert shown.out.startswith("1:body: ")
    assert "Traceback" not in shown.err


def test_without_the_package_the_extra_is_named(halley, monkeypatch):
    """One line, exit 2."""

    def missing(*_args):
        raise shape.ValidatorMissingError

    monkeypatch.setattr(shape, "_validator", missing)
    shown = halley("check", "-", stdin=GOOD)
    assert (shown.code, shown.out) == (2, "")
    assert shown.said == (
        'halley: checking bodies needs jsonschema-rs: pip install "halley[validate]"'
    )


def test_a_file_of_many_lines_is_checked_without_being_held():
    """50 MB of bodies go through with a few hundred KB in hand."""

    class Endless(io.RawIOBase):
        left = 50
        line = GOOD.replace(b"hello", b"x" * 1_000_000)

        def readline(self, size=-1):
            self.left -= 1
            return self.line if self.left >= 0 else b""

    next(file_findings(io.BytesIO(GOOD)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in file_findings(Endless())) == 50
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
