"""Faults by outcomes through every real SDK: nothing that is written down has a canary.

The key, the prompt and a file are planted; what the loggers, the records, standard output and the
exceptions say is searched for them, bare, encoded and in windows. Ids must be found.
"""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import halley
from halley.simulator import fail, ok, serve
from halley.simulator.faults import Refuse
from halley.simulator.model import plain_reply

from .kits import MARKS, QUESTION, Kit, simulator
from .test_leaks import channels

pytestmark = MARKS
ECHO = Refuse("echo", lambda scene: plain_reply(401, echoed(scene.request), "application/json"))
FAULTS = (
    *(401, 403, 404, 429, 500, 503, ECHO, "reset", "truncated_json", "bad_gateway", "error_200"),
    *("redirect", "cut", "error_middle", "echo_key"),
)


def echoed(request: Any) -> bytes:
    """Everything that was sent, as a careless gateway puts it into its error."""
    said = f"{dict(request.headers)} {request.body.decode()} (request id: {SERVER_ID})"
    return json.dumps({"error": {"message": said, "code": "invalid_api_key"}}).encode()


KEY = "sk-" + "q7W" * 16
SERVER_ID = "20261125143000123456789xYzAbCdE"


def windows(canary: str) -> set[str]:
    """A canary in every form in which it could turn up."""
    raw = canary.encode()
    coded = {base64.b64encode(b"x" * n + raw)[4:-4].decode() for n in range(3)}
    pieces = {canary[at : at + 12] for at in range(len(canary) - 11)}
    return pieces | coded | {quote(canary), raw.hex(), canary[::-1]}


@pytest.fixture
def heard(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What the root logger says at a level, with every attribute of every record."""
    text = io.StringIO()

    class Everything(logging.StreamHandler[io.StringIO]):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            text.write(f"{vars(record)!r}\n")

    root, handler = logging.getLogger(), Everything(text)
    before = root.level
    root.addHandler(handler)
    root.setLevel(request.param)
    yield text
    root.removeHandler(handler)
    root.setLevel(before)


async def outcomes(kit: Kit, client: Any) -> list[str]:
    """One call and one stream, and all that their errors show."""
    said = []
    for ask in (kit.ask, kit.stream):
        try:
            await ask(client)
        except Exception as error:  # noqa: BLE001 - which one it is does not matter here
            said += [text for _, text in channels(error, client)]
    return said


@pytest.mark.parametrize("heard", ["DEBUG"], indirect=True)
async def test_the_matrix_is_clean(
    kit: Kit, heard: io.StringIO, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each fault to the end, and some before an answer; DEBUG says all that other levels say."""
    log, folder = tmp_path / "records.jsonl", tmp_path / "private"
    policy = halley.Policy(
        attempts=3,
        backoff="full_jitter",  # type: ignore[arg-type] - a name will do
        backoff_base_s=0.001,
        records=str(log),
        capture=str(folder),
        server_wait_s_max=0,
    )
    said: list[str] = []
    for fault, times in [*((fault, 9) for fault in FAULTS), (503, 1), (ECHO, 1), ("reset", 1)]:
        with halley.quiet(), serve(simulator(fail(fault, times=times), ok(times=9))) as server:
            client = halley.protect(kit.client(server, key=KEY), policy)
            said += await outcomes(kit, client)
            await kit.close(client)
    captured = capfd.readouterr()
    written = {"log": heard.getvalue(), "out": captured.out, "err": captured.err}
    written |= {"records": log.read_text(), "errors": "\n".join(said)}
    prompt = {QUESTION, quote(QUESTION), QUESTION[:20], QUESTION[-20:]}
    searched = {name: windows(KEY) | prompt for name in written} | {"errors": windows(KEY)}
    leaks = {n: {f for f in searched[n] if f in text} for n, text in written.items()}
    bodies = "".join(file.read_bytes().decode("latin-1") for file in folder.iterdir())
    assert not any(leaks.values()), leaks
    assert not any(form in bodies for form in windows(KEY))
    assert log.read_text().count('"request_id": "2026') > len(FAULTS)
    assert SERVER_ID in log.read_text()
