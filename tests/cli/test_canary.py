"""The matrix of the canary tests through the command line: no key and no prompt in what it leaves.

Faults by options by policies by HALLEY_DEBUG, paired so that each meets each other; then what is
wrong before anything is sent, a bug, and Ctrl-C. The gateway sends back all that it was ever told.
"""

from __future__ import annotations

import base64
import io
import json
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from halley.cli.exits import Exit
from halley.cli.guard import run
from halley.simulator import Server, serve
from tests.canaries import CONTENT_FORMS, FILE, KEY_FORMS, KEYS, PROMPT, leaks
from tests.cli.conftest import CLEARED, command_line, environment
from tests.gateway import SERVER_ID, Gateway

KEY = KEYS["client"]
SHAPELESS = KEYS["never used"]
PNG = base64.b64encode(FILE).decode()
ASKED = f"{PROMPT}\ndata:image/png;base64,{PNG}".encode()
OPTIONS = ((), ("--stream",), ("--json",), ("--json", "--stream"))
RING = ("first of the ring", "second of the ring")
Shown = tuple[int, str, str]
Command = Callable[..., Shown]


@pytest.fixture
def gateway() -> Gateway:
    """What answers, and echoes."""
    return Gateway()


@pytest.fixture
def server(gateway: Gateway) -> Iterator[Server]:
    """Where it is."""
    with serve(gateway) as server:  # type: ignore[arg-type] - all of it that is asked for
        yield server


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Command:
    """Run halley in this process, with a key where it looks for one."""
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COMETAPI_KEY", KEY)

    def start(*args: str, stdin: bytes = b"", env: Mapping[str, str] = {}) -> Shown:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with monkeypatch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            code = run(args)
        return code, *capfd.readouterr()

    return start


def policies(folder: Path) -> tuple[str, str]:
    """Write a policy that keeps all it can, and the same with a ring of keys."""
    common = f"""\
attempts = 3
backoff = "full_jitter"
backoff_base_s = 0.001
server_wait_s_max = 0
records = "{folder}/log"
capture = "{folder}/bodies"
"""
    kept = folder / "key"
    kept.touch(0o600)
    kept.write_text(KEYS[RING[1]])
    ring = f"""
keys = [
  {{alias = "one", account = "a", env = "CANARY_RING"}},
  {{alias = "two", account = "b", file = "{kept}"}},
]
"""
    plain, ringed = folder / "plain.toml", folder / "ring.toml"
    plain.write_text(common)
    ringed.write_text(common + ring)
    return str(plain), str(ringed)


def test_a_call_leaves_nothing_whatever_fails(
    command: Command, gateway: Gateway, server: Server, tmp_path: Path
) -> None:
    """Every fault to its end or before an answer, with other options and policies each time."""
    chosen = policies(tmp_path)
    base = {"COMETAPI_BASE_URL": server.base_url, "CANARY_RING": KEYS[RING[0]]}
    said, codes = {}, set()
    for number, (fault, times) in enumerate(gateway.matrix()):
        for turn in range(2):
            gateway.told.clear()  # a key of another client is nobody's here
            gateway.play(fault, times)
            options = OPTIONS[(number + 2 * turn) % 4]
            policy = chosen[(number // 4 + turn) % 2]
            env = {**base, "HALLEY_DEBUG": "1" if number % 3 else ""}
            code, out, err = command(
                "call", "-", "--policy", policy, *options, stdin=ASKED, env=env
            )
            codes.add(code)
            said[f"{fault} {options} {policy}"] = out + err
    bodies = "\n".join(f.read_bytes().decode("latin-1") for f in (tmp_path / "bodies").iterdir())
    records = (tmp_path / "log").read_text()
    assert leaks({**said, "records": records}, KEY_FORMS, CONTENT_FORMS) == {}
    assert leaks({"bodies": bodies}, KEY_FORMS) == {}
    assert PROMPT in bodies, "the private copy is whole"
    assert SERVER_ID in records
    assert codes == {Exit.OK, Exit.FIX, Exit.KEY, Exit.GAVE_UP}, "every outcome is met"


@pytest.mark.parametrize("place", ["/models", "/chat/completions"])
def test_the_doctor_shows_nothing(
    command: Command, gateway: Gateway, server: Server, place: str
) -> None:
    """Whether the list of models or the tiny call is echoed."""
    said = {}
    bad = gateway.simulator
    for fault in (gateway.echo(401), gateway.echo(503), "redirect", "bad_gateway", "echo_key"):
        gateway.play(fault)
        bad = gateway.simulator
        gateway.play()
        good = gateway.simulator
        gateway.simulator = _Split(place, bad, good)  # type: ignore[assignment]
        for options in ((), ("--json",)):
            code, out, err = command("doctor", "--base-url", server.base_url, *options)
            said[f"{fault} {options}"] = out + err
            assert code == Exit.DEFECT
    assert leaks(said, KEY_FORMS) == {}


class _Split:
    """One simulator for a path, another for all others."""

    def __init__(self, place: str, chosen: Any, others: Any) -> None:
        self._place, self._chosen, self._others = place, chosen, others

    def handle(self, request: Any, now: float, *, speed: float) -> Any:
        one = self._chosen if request.path.endswith(self._place) else self._others
        return one.handle(request, now, speed=speed)


LINES = {
    "an error of an SDK": f"Error code: 401 - {{'error': {{'message': 'no {KEY}: {PROMPT}'}}}}",
    "curl": f'HTTP/2 401\r\nx-key: {KEY}\r\n\r\n{{"error": {{"message": "{KEY} {PROMPT}"}}}}',
    "a case": json.dumps({"status": 400, "body": f"{KEY} {PROMPT}", "headers": {"a": KEY}}),
    "an exception": f"httpx.ConnectError: {PROMPT} {KEY}",
    "no case": json.dumps({"status": KEY, "prompt": PROMPT}),
    "broken": f'{{"prompt": "{PROMPT}", "key": "{KEY}" oops',
    "nothing known": f"{PROMPT} {KEY}",
    "a wrong type": json.dumps({"status": 400, "headers": {KEY: 5}}),
}


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_what_is_explained_is_not_repeated(command: Command, line: str) -> None:
    """An error in hand may hold a key or a prompt, readable or not."""
    options = ((), ("--json",), ("--jsonl",), ("--status", "401"), ("--lang", "vi"))
    said = {}
    for number, chosen in enumerate(options):
        env = {"HALLEY_DEBUG": "1" if number % 2 else ""}
        _, out, err = command("explain", *chosen, stdin=line.encode(), env=env)
        said[" ".join(chosen)] = out + err
    assert leaks(said, KEY_FORMS, CONTENT_FORMS) == {}


BODIES = {
    "wrong": {"model": 5, "messages": PROMPT, "user": KEY, "max_tokens": "many"},
    "an image": {
        "model": "gpt-5-mini",
        "messages": [
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG}}]},
            {"role": PROMPT, "content": [{"type": PROMPT, "text": KEY}]},
        ],
    },
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_of_a_checked_body_only_names_are_shown(command: Command, body: dict[str, object]) -> None:
    """Also of one that is no JSON."""
    pytest.importorskip("jsonschema_rs", reason="the shape of bodies is checked by an extra")
    whole, said = json.dumps(body), {}
    for text in (whole, whole[:-1], whole.replace(": ", " ", 1)):
        for options in ((), ("--json",), ("--path", "/v1/chat/completions")):
            code, out, err = command("check", "-", *options, stdin=text.encode())
            said[f"{options} {len(text)}"] = out + err
            assert code == Exit.DEFECT
    assert leaks(said, KEY_FORMS, CONTENT_FORMS) == {}


POLICIES = {
    "a value": f'attempts = "{SHAPELESS}"\n',
    "a key in a table": f'[[keys]]\nalias = "one"\nenv = "{SHAPELESS}"\n',
    "no TOML": f'attempts = 3\nkey = "{SHAPELESS}\n',
    "a rule": f'[[rules]]\nname = "x"\nkind = "{SHAPELESS}"\n',
    "a section": f'[models.x]\nattempts = "{SHAPELESS}"\n',
    "a URL": f'pacer = "http://:{SHAPELESS}@127.0.0.1/0"\n',
}
READERS = (("call", "hi"), ("explain",), ("rules",), ("policy", "check"), ("policy", "show"))


@pytest.mark.parametrize("text", POLICIES.values(), ids=POLICIES)
def test_a_bad_policy_is_told_without_its_keys(command: Command, tmp_path: Path, text: str) -> None:
    """By every command that reads one; the key has no shape that a rule knows."""
    file = tmp_path / "halley.toml"
    file.write_text(text)
    said = {}
    for reader in READERS:
        code, out, err = command(*reader, env={"HALLEY_POLICY": str(file)})
        said[" ".join(reader)] = out + err
        assert code == Exit.USAGE, reader
    assert leaks(said, KEY_FORMS) == {}


@pytest.mark.parametrize("debug", ["", "1"])
@pytest.mark.parametrize("bad", [f"{KEY} x", f"{KEY}\u00e9", f'"{KEY}"', f"Bearer {KEY}"])
def test_a_bad_key_is_told_and_not_shown(
    command: Command, server: Server, bad: str, debug: str
) -> None:
    """With a space, in quotes, with its scheme, with a character that no key has."""
    env = {"COMETAPI_KEY": bad, "COMETAPI_BASE_URL": server.base_url, "HALLEY_DEBUG": debug}
    said = {}
    for args in (("call", "hi"), ("call", "hi", "--json"), ("doctor",), ("doctor", "--json")):
        code, out, err = command(*args, env=env)
        said[" ".join(args)] = out + err
        assert code > 0, args
    assert leaks(said, KEY_FORMS) == {}


def test_a_key_in_the_address_is_not_shown(command: Command) -> None:
    """As a password, in the query, in a fragment, by the environment or by an option."""
    said = {}
    for number, place in enumerate((f"http://u:{KEY}@x/v1", f"http://x/v1?k={KEY}", f"x#{KEY}")):
        for args in (("call", "hi"), ("doctor",), ("doctor", "--json")):
            by_option = ("--base-url", place) if number % 2 else ()
            env = {} if number % 2 else {"COMETAPI_BASE_URL": place}
            code, out, err = command(*args, *by_option, env=env)
            said[f"{args} {number}"] = out + err
            assert code > 0
    assert leaks(said, KEY_FORMS) == {}


@pytest.mark.parametrize("debug", ["", "1"])
def test_a_bug_shows_no_key(
    command: Command, server: Server, monkeypatch: pytest.MonkeyPatch, debug: str
) -> None:
    """Its traceback is shown to who asks for it; the text of an exception may hold the key."""

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(f"illegal header value 'Bearer {KEY}'")

    monkeypatch.setattr("halley.cli.chat.ask", broken)
    env = {"COMETAPI_BASE_URL": server.base_url, "HALLEY_DEBUG": debug}
    code, out, err = command("call", "hi", env=env)
    assert code == Exit.DEFECT
    assert ("Traceback" in err) == bool(debug)
    assert "this is a bug in halley: RuntimeError" in err
    assert leaks({"out": out, "err": err}, KEY_FORMS) == {}


def test_a_filter_takes_out_what_is_planted(command: Command) -> None:
    """Keys in any form; a prompt is text like any other."""
    log = "\n".join([*LINES.values(), KEY[:12], KEY.encode().hex(), KEY[5:19], PNG])
    said = {}
    for options, stdin in (((), log), (("--jsonl",), json.dumps({"text": log}))):
        code, out, err = command("redact", *options, stdin=stdin.encode())
        said[" ".join(options)] = out + err
        assert code == Exit.OK
        assert PROMPT in out
    assert leaks(said, KEY_FORMS) == {}


def processes(**more: Any) -> subprocess.Popen[bytes]:
    """Start halley as a process of its own, as a person does."""
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(**pipes, **more)


def arguments(process: subprocess.Popen[bytes]) -> str:
    """What `ps` shows of it, where there is a /proc."""
    shown = Path(f"/proc/{process.pid}/cmdline")
    return shown.read_text() if shown.exists() else ""


@pytest.mark.parametrize("options", [(), ("--json", "--stream")], ids=" ".join)
@pytest.mark.parametrize("ending", ["refused", "interrupted"])
def test_a_process_shows_nothing(
    gateway: Gateway, server: Server, tmp_path: Path, options: tuple[str, ...], ending: str
) -> None:
    """Neither to `ps` while it waits, nor when it is done or a person loses patience."""
    asked, go_on = threading.Event(), threading.Event()
    fault = gateway.echo(401) if ending == "refused" else "hang"
    gateway.play(fault)
    handle = gateway.handle

    def watched(request: Any, now: float, *, speed: float = 1.0) -> Any:
        asked.set()
        go_on.wait(30)
        return handle(request, now, speed=speed)

    gateway.handle = watched  # type: ignore[method-assign]
    plain, _ = policies(tmp_path)
    env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": server.base_url, "HALLEY_DEBUG": "1"}
    args = command_line("call", "-", "--policy", plain, *options)
    with processes(args=args, env=environment(env)) as process:
        assert process.stdin is not None
        process.stdin.write(ASKED)
        process.stdin.close()
        process.stdin = None
        assert asked.wait(30)
        shown = arguments(process)
        go_on.set()
        if ending == "interrupted":
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    written = {"out": out.decode(), "err": err.decode(), "ps": shown}
    written["records"] = (tmp_path / "log").read_text()
    assert leaks(written, KEY_FORMS, CONTENT_FORMS) == {}
    assert process.returncode == (Exit.GAVE_UP if ending == "refused" else Exit.INTERRUPTED)
    assert "halley" in shown or not shown


def test_the_simulator_shows_nothing_of_its_callers() -> None:
    """Its line for each request names no header, no query and no body."""
    import httpx2  # noqa: PLC0415

    with processes(args=command_line("sim", "--port", "0"), env=environment()) as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().split()[-1]
        body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": ASKED.decode()}]}
        headers = {"authorization": f"Bearer {KEY}", "x-api-key": KEY}
        with httpx2.Client(trust_env=False, headers=headers) as client:
            for place in ("/chat/completions", "/responses", "/nothing", "/videos"):
                client.post(f"{url}{place}?key={KEY}", json=body)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert err.count(b"POST /") == 4
    assert leaks({"out": out.decode(), "err": err.decode()}, KEY_FORMS, CONTENT_FORMS) == {}
