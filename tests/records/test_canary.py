"""No key, prompt, query, cookie, header value or body in anything that halley writes.

Canaries are planted in every place of a request; the fault matrix of the simulator and the network
is run; then every log record, JSON line, exception and stream of output is searched for them.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

import halley
from halley.simulator.faults import FAULTS
from halley.testing import fail, no_wait, ok, upstream
from tests.lines import Line

pytestmark = pytest.mark.filterwarnings("ignore:Setting per-request cookies")
CANARIES = {
    "key": "sk-" + "canary0key" * 3,
    "prompt": "prompt canary of great secrecy",
    "query": "canary-query-value",
    "cookie": "canary-cookie-value",
    "header": "canary-header-value",
    "user": "canary-user-name",
}
MATRIX = [*FAULTS, 401, 403, 404, 408, 409, 413, 418, 422, 451, 499, 507, 520, 529, 530]
KEY_HEADERS = {
    "authorization": f"Bearer {CANARIES['key']}",
    "x-api-key": CANARIES["key"],
    "x-goog-api-key": CANARIES["key"],
    "api-key": CANARIES["key"],
}


def forms(canary: str) -> set[str]:
    """A canary as it could be written, raw, quoted, escaped or packed."""
    raw = canary.encode()
    packed = {base64.b64encode(b"x" * shift + raw)[4:-4].decode() for shift in range(3)}
    return {canary, quote(canary), json.dumps(canary)[1:-1], raw.hex(), canary[::-1]} | packed


SEARCHED = {form for canary in CANARIES.values() for form in forms(canary)}


def leaked(text: str) -> set[str]:
    """The canaries that a text holds."""
    return {form for form in SEARCHED if form in text}


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """Everything that halley's logger says at any level, with the whole record."""
    text = io.StringIO()

    class Everything(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text.write(f"{self.format(record)} {vars(record)!r}\n")

    logger, handler = logging.getLogger("halley"), Everything()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield text
    logger.removeHandler(handler)
    logger.setLevel(before)


def told(subject: object) -> str:
    """Everything that an exception or a history says about itself."""
    found = halley.history(subject)
    parts = (
        [str(subject), repr(subject), repr(getattr(subject, "args", ()))]
        if isinstance(subject, BaseException)
        else []
    )
    return " ".join([*parts, repr(found), pickle.dumps(found).decode("latin-1")])


def ask(client, path: str, headers: dict[str, str], *, stream: bool) -> object:
    """One call with every canary in it."""
    body = {"model": "gpt-5-mini", "stream": stream, "user": CANARIES["user"]}
    body["messages"] = [{"role": "user", "content": CANARIES["prompt"]}]
    return client.post(
        f"https://api.cometapi.com{path}",
        json=body,
        params={"key": CANARIES["key"], "q": CANARIES["query"]},
        headers={**headers, "x-mine": CANARIES["header"]},
        cookies={"session": CANARIES["cookie"]},
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_fault_matrix_leaks_nothing(heard, tmp_path: Path, capfd, *, stream: bool):
    """Every fault there is, twice in a row and then a good answer, under every kind of key."""
    path = tmp_path / "records.jsonl"
    said = []
    for number, what in enumerate(MATRIX):
        name, value = list(KEY_HEADERS.items())[number % len(KEY_HEADERS)]
        for records in (str(path), "stderr"):
            world = upstream(fail(what, times=2), ok(times=9))
            policy = halley.Policy(records=records, attempts=3, server_wait_s_max=9999)
            with no_wait(), halley.Client(transport=world.transport, policy=policy) as client:
                try:
                    response = ask(client, "/v1/chat/completions", {name: value}, stream=stream)
                    said.append(told(response))
                    if response.status_code >= 400:
                        assert CANARIES["key"] not in response.text + repr(response.headers)
                except Line("httpx2", "threads").error("RequestError") as error:
                    said.append(told(error))
    captured = capfd.readouterr()
    outputs = [path.read_text(), captured.out, captured.err, heard.getvalue(), *said]
    assert [leaked(output) for output in outputs if leaked(output)] == []
    assert path.read_text().count("\n") >= len(MATRIX)
    assert captured.err.count("\n") >= len(MATRIX)
    assert heard.getvalue().count("\n") > 2 * len(MATRIX)


@pytest.mark.parametrize("status", [200, 400, 401, 503])
def test_a_server_that_echoes_everything_gets_nothing_into_the_records(
    heard, tmp_path: Path, capfd, status: int
):
    """Its body is the caller's to read, but for the key; what halley writes has none of it."""
    path = tmp_path / "records.jsonl"

    def echo(request: httpx2.Request) -> httpx2.Response:
        said = f"{request.url} {dict(request.headers)} {request.content.decode()}"
        body = {"error": {"message": said, "code": said, "type": said}, "usage": said}
        return httpx2.Response(status, json=body if status != 200 else {**body, "error": None})

    policy = halley.Policy(records=str(path))
    with no_wait(), halley.Client(transport=httpx2.MockTransport(echo), policy=policy) as client:
        response = ask(client, "/v1/chat/completions", KEY_HEADERS, stream=False)
    captured = capfd.readouterr()
    outputs = [path.read_text(), captured.out, captured.err, heard.getvalue()]
    assert [leaked(output) for output in outputs if leaked(output)] == []
    assert CANARIES["prompt"] in response.text
    if status != 200:
        assert CANARIES["key"] not in response.text


@pytest.mark.parametrize("canary", CANARIES.values(), ids=CANARIES)
def test_the_search_finds_what_it_looks_for(canary: str):
    """In every form: a test that cannot fail proves nothing."""
    raw = f"xy{canary}z".encode()
    for text in (raw.decode(), quote(raw), raw.hex(), base64.b64encode(raw).decode()):
        assert leaked(text)


def test_a_refused_certificate_or_name_leaks_nothing(line: Line, heard):
    """Faults of the network keep the URL to themselves."""
    with pytest.raises(line.error("RequestError")) as caught:
        line.client(transport=None, policy=halley.Policy(attempts=1), trust_env=False).post(
            f"http://127.0.0.1:9/v1/x?key={CANARIES['key']}", headers=KEY_HEADERS
        )
    assert leaked(told(caught.value) + heard.getvalue()) == set()


def test_no_object_of_halleys_shows_a_key(line: Line):
    """`repr` of what a debugger or Sentry shows of a call in flight."""
    caller = line.client(policy=halley.Policy(in_flight_max=1))
    caller.post(headers=KEY_HEADERS)
    runtime = caller.client._transport._runtime
    shown = [runtime, runtime.engine, runtime.engine.lanes, *caller.lanes, caller.client._transport]
    assert leaked(" ".join(map(repr, shown))) == set()
    assert CANARIES["key"] not in repr(list(runtime.engine.lanes._lanes))
