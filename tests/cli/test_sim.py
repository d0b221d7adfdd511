"""`halley sim`: the simulator in the foreground, with real requests and a real Ctrl-C."""

import re
import signal
import socket
import subprocess
from contextlib import contextmanager

import httpx2
import pytest

from halley.simulator.keys import FATES
from tests.cli.conftest import command_line, environment


@contextmanager
def running(*args):
    """Start `halley sim` on a free port; yield the process and its base URL."""
    child = subprocess.Popen(
        command_line("sim", "--port", "0", *args),
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    with child:
        try:
            first = child.stdout.readline().decode()
            yield child, re.search(r"http://127\.0\.0\.1:\d+/v1", first)[0]
        finally:
            child.kill()


def ask(base_url, key):
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {key}"}
    with httpx2.Client(trust_env=False) as client:
        return client.post(f"{base_url}/chat/completions", json=body, headers=headers)


def test_it_says_how_to_try_it_and_answers():
    """URL, curl line and special keys on stdout; each request on stderr; Ctrl-C is 130."""
    with running("--profile", "calm", "--seed", "7") as (child, base_url):
        assert ask(base_url, "sk-any").status_code == 200
        assert ask(base_url, "sk-my-invalid").status_code == 401
        child.send_signal(signal.SIGINT)
        out, err = (stream.decode() for stream in child.communicate(timeout=20))
    assert child.returncode == 130
    assert f"curl -i {base_url}/chat/completions" in out
    assert "seed 7" in out
    assert all(f"sk-my-{word} " in out for word in FATES)
    assert err.splitlines() == [
        "POST /v1/chat/completions gpt-5-mini -> 200",
        "POST /v1/chat/completions gpt-5-mini -> 401",
        "halley: 2 requests, 1 billed (0.00 USD in play money), 0 paid twice",
    ]


def test_a_port_in_use(process):
    """One line that names the port and the way out, exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        shown = process("sim", "--port", str(port))
    assert (shown.code, shown.out) == (2, "")
    assert shown.said == (
        f"halley: port {port} is in use: choose another with --port, or 0 for a free one"
    )


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--port", "70000"), "70000 is not in the range 0<=x<=65535"),
        (("--profile", "nice"), "'nice' is not one of 'calm', 'demo'"),
        (("--seed", "x"), "'x' is not a valid integer"),
    ],
)
def test_bad_options(halley, args, message):
    """What was found and what is allowed."""
    shown = halley("sim", *args)
    assert shown.code == 2
    assert message in shown.said
