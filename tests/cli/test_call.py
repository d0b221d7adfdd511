"""`halley call`: answers on stdout, decisions on stderr, exit codes by decision, no secret."""

import json
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from halley.simulator import Simulator, fail, ok, script, serve
from halley.simulator.keys import BROKE, CAPPED, INVALID
from tests.cli.conftest import command_line, environment

KEY = "sk-" + "c" * 32
PROMPT = "a prompt that nobody may see"
QUICK = 'attempts = 3\nbackoff = "full_jitter"\nbackoff_base_s = 0.001\n'


@pytest.fixture
def quick(tmp_path):
    """Write a policy without long waits; return its path."""
    path = tmp_path / "halley.toml"
    path.write_text(QUICK)
    return str(path)


@pytest.fixture
def service(halley, quick):
    """Call a scripted service with a key; return what was seen."""

    @contextmanager
    def scripted(*steps, **options):
        with serve(Simulator(script=script(*steps), **options)) as server:

            def call(*args, key=KEY, base_url=server.base_url, **more):
                env = {"COMETAPI_KEY": key, "COMETAPI_BASE_URL": base_url}
                return halley("call", PROMPT, "--policy", quick, *args, env=env, **more)

            yield call, server

    return scripted


def test_without_a_key_a_simulator_answers(halley):
    """No key: an answer all the same, and stderr says who gave it."""
    shown = halley("call", PROMPT)
    assert shown.code == 0
    assert "answers call" in shown.out
    assert "asking a simulator (COMETAPI_KEY is not set), profile calm" in shown.err
    assert "attempt 1: 200 -> ok" in shown.err


def test_decisions_are_said_and_the_answer_comes(service):
    """Two failures, then an answer: three lines on stderr, nothing but the answer on stdout."""
    with service(fail(503), fail(429), ok()) as (call, server):
        shown = call()
    assert shown.code == 0
    assert len(shown.out.splitlines()) == 1
    first, second, third = shown.err.splitlines()
    assert first.startswith("POST /v1/chat/completions attempt 1: 503 overloaded -> retry")
    assert "attempt 2: 429 " in second
    assert "-> retry" in second
    assert "attempt 3: 200 -> ok" in third
    assert len(server.ledger.calls) == 3


@pytest.mark.parametrize("stream", [(), ("--stream",)])
def test_the_answer_is_the_same_streamed_or_not(service, stream):
    """--stream changes how the answer comes, not what it is."""
    with service() as (call, _):
        shown = call("--system", "Be brief.", *stream)
    assert shown.code == 0
    assert shown.out.startswith("Comet Halley, sao chổi Halley, 彗星 ☄ 🚀 answers call ")
    assert shown.out.endswith(".\n")


@pytest.mark.parametrize(
    ("steps", "args", "key", "code", "words"),
    [
        ((), ("--model", "no-such-model"), KEY, 3, "503 model not found: "),
        ((fail("invalid_request"),), (), KEY, 3, "500 invalid request: "),
        ((), (), INVALID, 4, "401 invalid key: "),
        ((), (), CAPPED, 4, "403 quota of the key used up: "),
        ((), (), BROKE, 5, "403 balance used up: "),
        ((fail(503, times=9),), (), KEY, 6, "503 overloaded (3 attempts): "),
        ((fail("reset", times=9),), (), KEY, 6, "connection failed (3 attempts): "),
        ((fail("upstream_key"),), (), KEY, 6, "401 "),
        ((fail("cut_stream"),), ("--stream",), KEY, 6, "stream cut short: "),
        ((fail("no_finish"),), ("--stream",), KEY, 6, "stream cut short: "),
        ((fail("error_middle"),), ("--stream",), KEY, 6, "the stream failed: "),
        ((fail("lost_504"),), ("--model", "sora-2"), KEY, 7, "504 timeout: "),
    ],
)
def test_the_exit_code_is_the_decision(service, *, steps, args, key, code, words):
    """One line says what it was and what to do; the exit code is for scripts."""
    with service(*steps) as (call, _):
        shown = call(*args, key=key)
    *decisions, last = shown.err.splitlines()
    assert shown.code == code
    assert last.startswith(f"halley: {words}")
    assert decisions
    assert all(line.startswith("POST ") for line in decisions)


@pytest.mark.parametrize("args", [(), ("--json",), ("--stream",)])
def test_no_key_and_no_prompt_in_any_output(service, args):
    """A service that repeats the key in its error does not get it onto the screen."""
    with service(fail("echo_key")) as (call, _):
        shown = call(*args)
    assert shown.code != 0
    assert KEY not in shown.out + shown.err
    assert PROMPT not in shown.out + shown.err


def test_json_of_an_answer(service):
    """One JSON object with answer, model, usage, attempts, decision."""
    with service(fail(503), ok()) as (call, _):
        shown = call("--json")
    told = json.loads(shown.out)
    assert list(told) == ["answer", "model", "usage", "attempts", "decision"]
    assert told["model"] == "gpt-5-mini"
    assert told["usage"]["total_tokens"] > 0
    assert [one["action"] for one in told["attempts"]] == ["retry", "ok"]
    assert told["decision"]["action"] == "ok"


def test_json_of_a_failure(service):
    """The same object when there is no answer, and the exit code besides."""
    with service() as (call, _):
        shown = call("--json", key=INVALID)
    told = json.loads(shown.out)
    assert shown.code == 4
    assert told["answer"] is None
    assert told["decision"]["action"] == "rotate_key"
    assert told["decision"]["request_id"]


def test_a_base_url_without_its_v1(service):
    """The web page behind a wrong base URL is exit code 3, not an answer."""
    with service() as (call, server):
        shown = call(base_url=server.url)
    assert shown.code == 3
    assert "wrong path or base URL" in shown.err.splitlines()[-1]


def test_an_unreachable_host(halley, quick):
    """Nobody listens: exit code 6, the last line says that the connection failed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": f"http://127.0.0.1:{port}/v1"}
    shown = halley("call", "hi", "--policy", quick, env=env)
    assert (shown.code, shown.out) == (6, "")
    assert shown.err.splitlines()[-1].startswith("halley: connection failed (3 attempts): ")


@pytest.mark.parametrize(
    ("args", "stdin", "prompt"),
    [(("-",), "từ stdin".encode(), "từ stdin"), ((), b"from a pipe\n", "from a pipe\n")],
)
def test_a_prompt_from_stdin(halley, args, stdin, prompt, monkeypatch):
    """`-`, or no prompt at all in a pipe, reads it from stdin as it is."""
    seen = []
    monkeypatch.setattr(
        "halley.cli.chat.request_body", lambda text, **options: seen.append(text) or {}
    )
    halley("call", *args, stdin=stdin)
    assert seen == [prompt]


@pytest.mark.parametrize(
    ("args", "env", "code", "message"),
    [
        (("hi", "--base-url", "http://127.0.0.1:1/v1"), {}, 4, "no key: set COMETAPI_KEY"),
        (("hi",), {"COMETAPI_KEY": "sk-a b"}, 4, "COMETAPI_KEY holds a space"),
        (("hi",), {"COMETAPI_KEY": "sk-é"}, 4, "COMETAPI_KEY holds a space"),
        (("hi",), {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "api.x"}, 2, "expected an address"),
        (
            ("hi",),
            {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "ftp://x/v1"},
            2,
            "expected an address",
        ),
        (
            ("hi",),
            {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "http://[x"},
            2,
            "expected an address",
        ),
        (("hi",), {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "http://x:99999"}, 2, "expected an"),
        (("hi",), {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": f"http://u:{KEY}@x"}, 2, "user name"),
        (
            ("hi",),
            {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": f"http://x?k={KEY}"},
            2,
            "after a '?'",
        ),
        (("hi",), {"HALLEY": "off"}, 2, "HALLEY=off is set"),
        (("hi", "--policy", "none.toml"), {}, 2, "none.toml: cannot be read"),
        (("hi", "--profile", "nice"), {}, 2, "'nice' is not one of 'calm', 'demo'"),
        (("",), {}, 2, "the prompt is empty"),
        (("-",), {}, 2, "the prompt is empty"),
        (("a", "b"), {}, 2, "unexpected extra argument"),
        (("\udcff",), {}, 2, "the prompt is not UTF-8 text"),
        (("hi", "--model", "\udcff"), {}, 2, "--model is not UTF-8 text"),
    ],
)
def test_bad_input(halley, args, env, code, message):
    """One line, the right exit code, and never the key or what stands around it."""
    shown = halley("call", *args, env=env)
    assert (shown.code, shown.out) == (code, "")
    assert message in shown.err.splitlines()[-1]
    assert "Traceback" not in shown.err
    assert KEY not in shown.err


def test_a_bad_policy_is_named(halley, tmp_path):
    """The error of the policy file says what is allowed."""
    path = tmp_path / "halley.toml"
    path.write_text("attempts = 0\n")
    shown = halley("call", "hi", "--policy", str(path))
    assert shown.code == 2
    assert "attempts: expected a whole number from 1 to 20, got 0" in shown.err


def test_a_profile_asks_the_simulator_even_with_a_key(halley, quick):
    """--profile is for watching: the key stays at home."""
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": "http://127.0.0.1:1/v1"}
    shown = halley("call", "hi", "--profile", "calm", "--seed", "1", env=env)
    assert shown.code == 0
    assert "asking a simulator (as --profile asks), profile calm, seed 1" in shown.err


def test_a_proxy_of_the_environment_is_not_asked_for_the_simulator(halley):
    """HTTP_PROXY leads nowhere here; the simulator is in this process."""
    shown = halley("call", "hi", env={"HTTP_PROXY": "http://127.0.0.1:1"})
    assert shown.code == 0


def test_answer_and_decisions_do_not_share_a_line():
    """On a terminal both streams are one: the answer's line ends before the next decision."""
    seen = subprocess.run(
        command_line("call", "hi", "--profile", "calm", "--seed", "1", "--stream"),
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        timeout=60,
    )
    starts = [line.split()[0] for line in seen.stdout.decode().splitlines()]
    assert starts == ["halley:", "Comet", "POST"]


def test_ctrl_c_while_waiting():
    """Ctrl-C during a call: exit code 130, no traceback, the decision says cancelled."""
    with serve(Simulator(script=script(fail("hang")))) as server:
        env = environment({"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": server.base_url})
        child = subprocess.Popen(
            command_line("call", "hi"), env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        with child:
            until = time.monotonic() + 20
            while not server.ledger.calls and time.monotonic() < until:
                time.sleep(0.01)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=20)
    assert (child.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert b"(stopped: cancelled)" in err
