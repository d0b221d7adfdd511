"""`halley explain`: golden texts read by eye, JSON lines, and bad input of every sort."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import command_line, environment

RATE_LIMIT = b"""\
HTTP/1.1 100 Continue\r
\r
HTTP/2 429 \r
content-type: application/json\r
retry-after: 20\r
x-oneapi-request-id: 20261123225545684558108ErlHRd1G\r
\r
{"error":{"message":"Rate limit reached for gpt-5","type":"requests",\
"code":"rate_limit_exceeded"}}"""

NO_MODEL = b"""\
HTTP/1.1 503 Service Unavailable\r
content-type: application/json\r
\r
{"error":{"code":"model_not_found","message":"no available channel for group default and model \
gpt-9 (distributor) (request id: 20261123225545684558108ErlHRd1G)","type":"comet_api_error"}}"""

RATE_LIMIT_EN = """\
429 rate limit
  do        Too many requests: wait 20 s, then send again, fewer at a time.
  decision  retry: send it again
  wait      at least 20 s, as the server asks
"""

NO_MODEL_VI = """\
503 không tìm thấy mô hình
"""

FIELDS = [
    "id",
    "action",
    "retryable",
    "kind",
    "origin",
    "scope",
    "wait_s",
    "request_id",
    "advice",
    "rule",
]


def test_a_rate_limit_for_a_person(halley):
    """Curl -i in, and out comes what it is, what to do, how long to wait, and the request id."""
    shown = halley("explain", stdin=RATE_LIMIT)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(RATE_LIMIT_EN)
    assert "\n  request   20261123225545684558108ErlHRd1G\n" in shown.out
    assert "\n  rule      " in shown.out
    assert "\n  source    " in shown.out


def test_a_missing_model_in_vietnamese(halley):
    """A 503 that is none: another model is needed, said in Vietnamese."""
    shown = halley("explain", "--lang", "vi", stdin=NO_MODEL)
    assert shown.code == 0
    assert shown.out.startswith(NO_MODEL_VI)
    assert "\n  quyết định  fix_model: chọn mô hình khác, đừng gửi lại\n" in shown.out
    assert "\n  chờ         không: chờ cũng không giúp được gì\n" in shown.out
    assert "\n  mã yêu cầu  20261123225545684558108ErlHRd1G\n" in shown.out


def test_lines_are_not_too_long(halley):
    """Everything fits a terminal of 88 columns, folded under its label."""
    shown = halley("explain", "--status", "524", "--path", "/v1/videos")
    assert "reconcile" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 88


def test_lines_fit_a_narrow_terminal(halley, monkeypatch):
    """Of forty columns, say; a pipe gets what a wide one gets."""
    monkeypatch.setattr("halley.cli.explain.columns", lambda: 40)
    shown = halley("explain", "--status", "503", "--path", "/v1/videos")
    assert "overloaded" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 40


def test_as_json(halley):
    """--json prints the same ten fields as a JSON line does."""
    shown = halley("explain", "--json", stdin=RATE_LIMIT)
    told = json.loads(shown.out)
    assert list(told) == FIELDS
    assert (told["action"], told["retryable"], told["wait_s"]) == ("retry", True, 20.0)
    assert told["request_id"] == "20261123225545684558108ErlHRd1G"


@pytest.mark.parametrize(
    ("args", "action"),
    [
        (("--path", "/v1/chat/completions"), "retry"),
        (("--path", "/v1/videos"), "reconcile"),
        (("--path", "/v1/videos/task_1", "--method", "get"), "poll"),
    ],
)
def test_what_was_asked_decides_too(halley, args, action):
    """A lost answer of a paid submit is not a lost answer of a chat."""
    shown = halley("explain", "--status", "524", "--json", *args)
    assert json.loads(shown.out)["action"] == action


def test_a_status_needs_no_body(halley):
    """`--status 401` with nothing on stdin explains the status alone."""
    shown = halley("explain", "--status", "401", "--json")
    assert json.loads(shown.out)["action"] == "rotate_key"


def test_a_file(halley, tmp_path):
    """A body in a file, which is not UTF-8."""
    path = tmp_path / "body.json"
    path.write_bytes(b'{"error": {"message": "\xff\xfe", "code": "invalid_api_key"}}')
    shown = halley("explain", str(path), "--status", "401", "--json")
    assert json.loads(shown.out)["kind"] == "invalid_key"


OWN = """\
[[rules]]
name = "our_gateway.asleep"
kind = "overloaded"
status = [418]
texts = ["come back later"]
source = "our runbook, 2026-11"
"""
ASLEEP = b'HTTP/1.1 418 X\r\n\r\n{"error": {"message": "Come back later."}}'


@pytest.fixture
def own(tmp_path):
    """A policy with a rule of its own."""
    path = tmp_path / "halley.toml"
    path.write_text(OWN)
    return str(path)


def test_a_rule_of_ones_own_policy(halley, own):
    """With --policy, or the file of HALLEY_POLICY; without, halley knows nothing of the text."""
    assert "policy" not in halley("explain", stdin=ASLEEP).out
    for args, env in ((("--policy", own), {}), ((), {"HALLEY_POLICY": own})):
        shown = halley("explain", *args, stdin=ASLEEP, env=env)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith("418 overloaded\n")
        assert "  rule      policy.our_gateway.asleep\n" in shown.out
        assert "  source    our runbook, 2026-11\n" in shown.out


def test_a_rule_of_ones_own_policy_for_many(process, own):
    """The same for JSON lines."""
    line = json.dumps({"status": 418, "body": "come back later"}).encode()
    shown = process("explain", "--jsonl", "--policy", own, stdin=line)
    assert json.loads(shown.out)["rule"] == "policy.our_gateway.asleep"


def test_a_policy_that_is_wrong_is_told_before_anything_is_read(halley, tmp_path):
    """As `halley call` tells it, from whichever place the file was named."""
    path = tmp_path / "halley.toml"
    path.write_text('[[rules]]\nname = "x"\nkind = "overloaded"\n')
    message = f"{path}: rules[0]: expected status, labels, texts or needs, got none of them"
    for command in (("explain",), ("explain", "--jsonl"), ("rules",), ("call", "hi")):
        shown = halley(*command, "--policy", str(path))
        assert (shown.code, shown.out, shown.said) == (2, "", f"halley: {message}")
        shown = halley(*command, env={"HALLEY_POLICY": str(path)})
        assert (shown.code, shown.said) == (2, f"halley: HALLEY_POLICY: {message}")


def test_a_policy_that_asks_for_what_only_calls_need_can_be_read(halley, own, monkeypatch):
    """`validate` needs an extra; to read an error it is not needed."""
    monkeypatch.setattr("halley.checks.shape.find_spec", lambda _: None)
    Path(own).write_text('validate = "refuse"\n' + OWN)
    assert halley("call", "hi", "--policy", own).code == 2
    assert halley("explain", "--policy", own, stdin=ASLEEP).code == 0


def test_html_where_an_api_was_expected(halley):
    """A web page with 200 is a wrong base URL, not a success."""
    page = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<!doctype html><title>App</title>"
    shown = halley("explain", "--json", "--path", "/chat/completions", stdin=page)
    assert json.loads(shown.out)["kind"] == "wrong_path"


def test_a_success_is_no_failure(halley):
    """What did not fail is said to be fine, with exit code 0."""
    body = b'{"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}'
    shown = halley("explain", "--status", "200", "--path", "/v1/chat/completions", stdin=body)
    assert shown.code == 0
    assert shown.out.startswith("200 no failure\n")


def test_json_lines(halley):
    """One line in, one line out, in order; an empty line is none."""
    lines = b'{"id": "a", "status": 401}\n\n{"id": "b", "transport_error": "ReadTimeout"}'
    shown = halley("explain", "--jsonl", stdin=lines)
    first, second = map(json.loads, shown.out.splitlines())
    assert (shown.code, shown.err) == (0, "")
    assert list(first) == FIELDS
    assert (first["id"], first["action"]) == ("a", "rotate_key")
    assert (second["id"], second["kind"], second["retryable"]) == ("b", "timeout", True)


def test_a_malformed_line_is_named_and_the_rest_goes_on(halley):
    """Lines that cannot be read: their numbers on stderr, the others answered, exit code 1."""
    lines = b'{"id": "a", "status": 401}\n{"id": \n{"status": "x"}\n{"id": "d", "status": 503}\n'
    shown = halley("explain", "--jsonl", stdin=lines)
    assert shown.code == 1
    assert [json.loads(line)["id"] for line in shown.out.splitlines()] == ["a", "d"]
    assert shown.err.splitlines() == [
        "halley: line 2: not JSON: Expecting value at column 7",
        "halley: line 3: status: expected a number from 100 to 999 or null, got text",
        "halley: 2 of 4 lines could not be read",
    ]


def test_a_line_without_end(halley, monkeypatch):
    """A line that is too long is skipped without being held, and counted as one."""
    monkeypatch.setattr("halley.cli.explain.LINE_BYTES_MAX", 40)
    lines = b'{"id": "a", "body": "' + b"x" * 500 + b'"}\n{"id": "b", "status": 401}\n'
    shown = halley("explain", "--jsonl", stdin=lines)
    assert shown.err.splitlines()[0].startswith("halley: line 1: longer than")
    assert [json.loads(line)["id"] for line in shown.out.splitlines()] == ["b"]


@pytest.mark.parametrize(
    ("args", "stdin", "message"),
    [
        ((), b"", "expected a failure to read, got nothing"),
        (("--jsonl",), b"", "expected JSON lines, got nothing"),
        ((), b'{"error": "x"}', "say which HTTP status came with it"),
        ((), bytes(range(256)), "expected the output of 'curl -i'"),
        (("--jsonl", "--status", "400"), b"{}", "--status is for one failure"),
        (("--status", "40"), b"", "40 is not in the range 100<=x<=999"),
        (("no-such-file",), b"", "no-such-file: cannot be read: No such file or directory"),
        (("--lang", "xx"), b"", "'xx' is not one of 'en', 'vi'"),
        ((), b'{"status": 500, "headers": 5}', "headers: expected an object, got a number"),
    ],
)
def test_bad_input_is_a_usage_error(halley, args, stdin, message):
    """One line that says what was found and what is allowed, exit code 2."""
    shown = halley("explain", *args, stdin=stdin)
    assert (shown.code, shown.out) == (2, "")
    assert message in shown.said


def test_an_error_says_nothing_of_the_body(halley):
    """What cannot be read may hold a prompt or a key."""
    secret = "sk-" + "b" * 32
    for args in ((), ("--jsonl",)):
        shown = halley("explain", *args, stdin=f'{{"prompt": "{secret}" oops'.encode())
        assert shown.code != 0
        assert secret not in shown.err + shown.out


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
"""
"""Run a command from a small process: a forked child begins with the peak of its parent."""


@pytest.mark.skipif(sys.platform != "linux", reason="memory of a child is measured in KiB on Linux")
def test_a_body_of_200_mb_is_not_read(tmp_path):
    """Only the start of a huge body is read: half of it would not fit into the memory used."""
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(b'HTTP/1.1 500 X\r\n\r\n{"error": {"code": "invalid_request", "message": "')
        file.truncate(200 << 20)
    command = [sys.executable, "-c", PEAK, *command_line("explain", "--json", str(path))]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True)
    assert json.loads(done.stdout)["action"] == "fix_request"
    assert int(done.stderr) < 100 << 10
