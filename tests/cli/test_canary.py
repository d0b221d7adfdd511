"""The command line against a gateway that echoes the key: nothing that it leaves has it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.conftest import command_line, environment

KEY = "sk-" + "v5Q" * 16
WINDOWS = {KEY[at : at + 12] for at in range(len(KEY) - 11)} | {KEY[::-1], KEY.encode().hex()}
PROMPT = "canary prompt of great secrecy"


class Echo(BaseHTTPRequestHandler):
    """Says back everything it was told, once the test has looked at the process."""

    looked = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.looked.wait(30)
        said = f"{dict(self.headers)} {body.decode()} (request id: 20261125143000123456789aB)"
        answer = json.dumps({"error": {"message": said, "code": "invalid_api_key"}}).encode()
        self.send_response(401)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Keep stderr for the process under test."""


@pytest.fixture
def gateway() -> Iterator[str]:
    """The base URL of such a gateway."""
    Echo.looked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("options", [(), ("--json",), ("--stream",)], ids=" ".join)
@pytest.mark.parametrize("debug", ["", "1"])
def test_a_call_leaves_no_key_anywhere(
    gateway: str, tmp_path: Path, options: tuple[str, ...], debug: str
):
    """stdout, stderr, records, private bodies, and what `ps` shows; the request id is found."""
    policy = tmp_path / "halley.toml"
    folder, log = tmp_path / "bodies", tmp_path / "log"
    policy.write_text(f'attempts = 1\nrecords = "{log}"\ncapture = "{folder}"\n')
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": gateway, "HALLEY_DEBUG": debug}
    with subprocess.Popen(
        command_line("call", "-", "--policy", str(policy), *options),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(env),
    ) as process:
        shown = Path(f"/proc/{process.pid}/cmdline")
        arguments = shown.read_text() if shown.exists() else ""
        Echo.looked.set()
        out, err = process.communicate(PROMPT.encode(), timeout=60)
    (body,) = folder.iterdir()
    written = {"out": out.decode(), "err": err.decode(), "log": log.read_text(), "ps": arguments}
    everything = {**written, "body": body.read_text()}
    leaks = {name: {w for w in WINDOWS if w in text} for name, text in everything.items()}
    assert not any(leaks.values()), leaks
    assert PROMPT not in written["log"] + written["ps"]
    assert PROMPT in everything["body"], "the private copy is whole"
    assert json.loads(log.read_text())["request_id"] == "20261125143000123456789aB"
    assert process.returncode > 0
