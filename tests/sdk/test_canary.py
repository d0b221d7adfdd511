"""Faults by log levels by outcomes through every real SDK, then every face on the log of that.

Keys of the client and of a ring, a prompt and a file are planted. The gateway sends back all that
it was ever told. What loggers, records, exceptions, private bodies and the command line show is
searched once, for every form of a canary; ids must be found.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import io
import json
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import halley
from halley.cli.guard import run
from halley.core.credentials import Key
from halley.simulator import serve
from tests.canaries import CONTENT_FORMS, FILE, KEY_FORMS, KEYS, PROMPT, leaks
from tests.gateway import SERVER_ID, Gateway

from .kits import KITS, MARKS, Kit, listed, settle
from .test_leaks import channels

pytest.importorskip("duckdb", reason="the matrix ends with `halley report`, an extra")

pytestmark = MARKS
PNG = base64.b64encode(FILE).decode()


def question(kit: Kit, client: Any, *, stream: bool) -> Any:
    """Ask with the prompt and the file, as each SDK takes them."""
    if kit.name == "anthropic":
        source = {"type": "base64", "media_type": "image/png", "data": PNG}
        parts: list[Any] = [{"type": "image", "source": source}, {"type": "text", "text": PROMPT}]
        said = [{"role": "user", "content": parts}]
        return client.messages.create(
            model="claude-haiku-4-5", max_tokens=64, messages=said, stream=stream
        )
    if kit.name == "genai":
        models = client.aio.models if kit.is_async else client.models
        ask = models.generate_content_stream if stream else models.generate_content
        inline = {"inline_data": {"mime_type": "image/png", "data": FILE}}
        return ask(model="gemini-2.5-flash", contents=[{"parts": [inline, {"text": PROMPT}]}])
    url = {"url": f"data:image/png;base64,{PNG}"}
    parts = [{"type": "image_url", "image_url": url}, {"type": "text", "text": PROMPT}]
    said = [{"role": "user", "content": parts}]
    return client.chat.completions.create(model="gpt-5-mini", messages=said, stream=stream)


async def asked(kit: Kit, client: Any, *, stream: bool) -> None:
    """Ask and read to the end, as a careful program does."""
    answer = await settle(question(kit, client, stream=stream))
    if stream:
        try:
            await listed(answer)
        finally:
            await settle((getattr(answer, "aclose", None) or answer.close)())


@contextmanager
def interrupt(after_s: float) -> Iterator[None]:
    """Ctrl-C, without the terminal; a callback of the garbage collector would swallow it."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, pressed)
    gc.disable()
    signal.setitimer(signal.ITIMER_REAL, after_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()


async def stopped(kit: Kit, client: Any, *, stream: bool) -> None:
    """Ask, and let a person lose patience."""
    if kit.is_async:
        async with asyncio.timeout(0.1):
            await asked(kit, client, stream=stream)
    else:
        with interrupt(0.1):
            await asked(kit, client, stream=stream)


@contextmanager
def left_iterations() -> Iterator[None]:
    """Let the HTTP library's generators complain when a cancelled iteration is collected.

    Collected all at once, nested generators of httpcore are each closed by a task of its own. Those
    under a watched body are kept from that (`test_forgotten.py`); here some still complain.
    """
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler() or asyncio.BaseEventLoop.default_exception_handler

    def told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "generator is already running" not in str(context.get("exception")):
            before(loop, context)  # type: ignore[arg-type] - a loop of asyncio's own

    loop.set_exception_handler(told)
    try:
        yield
    finally:
        loop.set_exception_handler(before)


class Heard:
    """What the root logger says, with every attribute of every record: halley, and others."""

    def __init__(self) -> None:
        self.halley, self.others = io.StringIO(), io.StringIO()

    @contextmanager
    def at(self, level: int) -> Iterator[None]:
        """Listen at a level."""
        root, handler = logging.getLogger(), logging.Handler()
        handler.emit = self._take  # type: ignore[method-assign]
        before = root.level
        root.addHandler(handler)
        root.setLevel(level)
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(before)

    def _take(self, record: logging.LogRecord) -> None:
        text = self.halley if record.name.partition(".")[0] == "halley" else self.others
        text.write(f"{logging.Formatter().format(record)} {vars(record)!r}\n")


async def outcomes(
    kit: Kit, gateway: Gateway, server: Any, policies: Any, *, thorough: bool
) -> str:
    """Every fault to its end, whole and streamed, with and without a ring; what its errors show.

    That costs the most and does not depend on who listens: only where it is `thorough`.
    """
    base = kit.client(server, key=KEYS["client"])
    said: list[str] = []

    async def one(ask: Callable[..., Any], policy: halley.Policy, fault: Any, times: int) -> None:
        gateway.told.clear()  # a key of another client is nobody's here
        client = halley.protect(base, policy)
        for stream in (False, True):
            gateway.play(fault, times)
            try:
                await ask(kit, client, stream=stream)
            except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - any will do
                said.extend(f"{n}: {text}" for n, text in channels(error, client) if thorough)

    for number, (fault, times) in enumerate(gateway.matrix()):
        await one(asked, policies[number % 2], fault, times)
        if thorough and "echo" in getattr(fault, "name", ""):
            await one(asked, policies[1 - number % 2], fault, times)
    await one(stopped, policies[0], "stall", 9)
    await one(stopped, policies[1], "hang", 9)
    await kit.close(base)
    return "\n".join(said)


def faces(log: Path, bodies: str, folder: Path, capfd: Any, monkeypatch: Any) -> dict[str, str]:
    """What each command of halley shows of such a run."""
    body = next(line for line in bodies.splitlines() if SERVER_ID in line)
    case = json.dumps({"status": 401, "body": body})
    first = next(line for line in log.read_text().splitlines() if SERVER_ID in line)
    page, file = folder / "page.html", folder / "halley.toml"
    monkeypatch.setenv("CANARY_KEY", KEYS["never used"])
    file.write_text('[[keys]]\nalias = "one"\nenv = "CANARY_KEY"\n')
    commands: dict[str, tuple[tuple[str, ...], str]] = {
        "report": (("report", str(log)), ""),
        "report --json": (("report", str(log), "--json"), ""),
        "report --html": (("report", str(log), "--html", str(page)), ""),
        "report --calls": (("report", str(log), "--calls", "", "--json"), ""),
        "report --support": (("report", str(log), "--support", json.loads(first)["call_id"]), ""),
        "policy show": (("policy", "show", str(file)), ""),
        "explain": (("explain", "--status", "401", "-"), body),
        "explain --json": (("explain", "--json", "--status", "503", "-"), body),
        "explain --jsonl": (("explain", "--jsonl", "-"), case),
        "redact": (("redact",), bodies),
        "redact --jsonl": (("redact", "--jsonl"), json.dumps({"text": bodies})),
    }
    shown = {}
    for name, (arguments, stdin) in commands.items():
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run(arguments)
        out, err = capfd.readouterr()
        assert code == 0, (name, err)
        shown[name] = out + err
    return shown | {"page": page.read_text()}


LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING)


@pytest.mark.parametrize("quieted", [True, False], ids=["quiet", "loud"])
@pytest.mark.parametrize("level", LEVELS, ids=logging.getLevelName)
async def test_the_matrix_is_clean(
    level: int, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch, *, quieted: bool
) -> None:
    """Whatever fails, however it ends, whoever listens."""
    log, folder = tmp_path / "records.jsonl", tmp_path / "private"
    plain = halley.Policy(
        attempts=3,
        backoff="full_jitter",  # type: ignore[arg-type] - a name will do
        backoff_base_s=0.001,
        records=str(log),
        capture=str(folder),
        server_wait_s_max=0,
    )
    aliases = ("first of the ring", "second of the ring", "never used")
    ring = tuple(
        Key(alias=f"k{n}", account=f"a{n}", secret=halley.Secret(KEYS[name]))
        for n, name in enumerate(aliases)
    )
    policies = (plain, replace(plain, keys=ring))
    heard, gateway, said = Heard(), Gateway(), {}
    thorough = quieted and level == logging.DEBUG
    kits = KITS if level == logging.DEBUG else KITS[quieted::2]  # else one colour is enough
    with (
        heard.at(level),
        left_iterations(),
        halley.quiet() if quieted else nullcontext(),
        serve(gateway) as server,  # type: ignore[arg-type] - all of it that is asked for
    ):
        for kit in kits:
            shown = await outcomes(kit, gateway, server, policies, thorough=thorough)
            said[f"errors of {kit}"] = shown
    captured = capfd.readouterr()
    bodies = "\n".join(file.read_bytes().decode("latin-1") for file in folder.iterdir())
    written = {"halley": heard.halley.getvalue(), "out": captured.out, "err": captured.err}
    written |= {"records": log.read_text()} | faces(log, bodies, tmp_path, capfd, monkeypatch)
    filtered = {name: written.pop(name) for name in ("redact", "redact --jsonl")}
    others = {"others": heard.others.getvalue()}
    written |= others if quieted else {}
    assert leaks(written, KEY_FORMS, CONTENT_FORMS) == {}
    assert leaks({**said, **filtered, "bodies": bodies}, KEY_FORMS) == {}
    assert PROMPT in bodies, "the private copy is whole"
    assert SERVER_ID in written["records"]
    assert SERVER_ID in written["report --support"]
    if level == logging.DEBUG and not quieted:
        assert leaks(others, CONTENT_FORMS), "the search finds what others say"
