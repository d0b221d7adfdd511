"""Others' loggers at DEBUG: no key, no prompt, no query, whatever they log and since when."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import httpx2
import pytest

import halley
from halley.records.quiet import FAMILIES
from halley.testing import upstream
from tests.records.corpus.making import LETTERS, made

KEY = made("quiet", (LETTERS, 40))
PROMPT = "a prompt of great secrecy"


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """What the root's handler writes, and every attribute of every record."""
    text = io.StringIO()

    class Everything(logging.StreamHandler):
        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            text.write(f"{vars(record)!r}\n")

    handler = Everything(text)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with propagating():
        yield text
    root.removeHandler(handler)
    root.setLevel(before)


@contextmanager
def propagating() -> Iterator[None]:
    """Let the families' loggers reach the root, whatever a server in this process made of them."""
    made = {name for name in logging.root.manager.loggerDict if name.partition(".")[0] in FAMILIES}
    loggers = [logging.getLogger(name) for name in made.union(FAMILIES)]
    before = [(one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.propagate = True
        one.setLevel(logging.NOTSET)
    yield
    for one, (propagate, level) in zip(loggers, before, strict=True):
        one.propagate = propagate
        one.setLevel(level)


@pytest.mark.parametrize("family", sorted(FAMILIES))
@pytest.mark.parametrize("child", ["", ".made.later"])
def test_every_logger_of_the_families_is_covered(heard, family: str, child: str):
    """In the message, an argument of any type, an extra, a traceback, a stack."""
    logger = logging.getLogger(f"{family}{child}")
    with halley.quiet(halley.Secret(KEY)):
        logger.info("key %s", KEY)
        logger.debug("headers %s", [(b"x-api-key", KEY.encode()), {"a": {"b": (KEY,)}}])
        logger.debug("url %s", httpx2.URL(f"https://a.test/x?key={KEY}"))
        logger.debug("%(key)s", {"key": KEY})
        logger.warning("extra", extra={"request_line": f"GET /?q={KEY}", "number": 1})
        logger.debug("options %s", {"json_data": {"messages": [PROMPT]}, "method": "post"})
        try:
            raise ValueError(KEY)  # noqa: TRY301 - its traceback is what is tested
        except ValueError:
            logger.exception("failed", stack_info=True)
    assert KEY not in heard.getvalue()
    assert PROMPT not in heard.getvalue()
    assert "ValueError: <redacted>" in heard.getvalue()
    assert "'method': 'post'" in heard.getvalue()


def test_other_loggers_are_left_alone(heard):
    """They are not ours to change."""
    with halley.quiet(KEY):
        logging.getLogger("my.program").info("key %s", KEY)
    assert KEY in heard.getvalue()


def test_ids_and_numbers_stay(heard):
    """What a person looks for in these logs."""
    with halley.quiet(KEY):
        logging.getLogger("httpx").info(
            'HTTP Request: %s %s "%s %d %s"', "POST", "https://a.test/v1/x", "HTTP/1.1", 401, "No"
        )
    assert 'HTTP Request: POST https://a.test/v1/x "HTTP/1.1 401 No"' in heard.getvalue()


@pytest.mark.parametrize("module", [httpx, httpx2])
def test_the_libraries_themselves(heard, module):
    """They log each URL with its query at INFO."""
    client = module.Client(transport=module.MockTransport(lambda _: module.Response(401)))
    client.get(f"https://a.test/x?key={KEY}")
    assert KEY in heard.getvalue(), "the test would prove nothing"
    heard.truncate(0)
    with halley.quiet():
        client.get(f"https://a.test/x?key={KEY}&alt=sse")
    assert KEY not in heard.getvalue()
    assert "https://a.test/x?alt=sse&<redacted>" in heard.getvalue()


def test_the_access_log_of_uvicorn_keeps_its_arguments(heard):
    """Its formatter takes them apart."""
    with halley.quiet():
        logging.getLogger("uvicorn.access").info(
            '%s - "%s %s HTTP/%s" %d', "127.0.0.1:1", "GET", f"/x?key={KEY}", "1.1", 401
        )
    assert "args': ('127.0.0.1:1', 'GET', '/x?<redacted>', '1.1', 401)" in heard.getvalue()


def test_keys_of_the_environment_are_known(heard, monkeypatch: pytest.MonkeyPatch):
    """Without naming them."""
    monkeypatch.setenv("COMETAPI_KEY", KEY)
    with halley.quiet():
        logging.getLogger("openai").info("it was %s", KEY)
    assert KEY not in heard.getvalue()


def test_an_argument_that_cannot_be_shown_is_not(heard):
    """Nor does it break the program."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError(KEY)

    with halley.quiet(KEY):
        logging.getLogger("httpx").warning("x %s", Broken())
    assert "WARNING httpx <unloggable event=log bytes=0>" in heard.getvalue()
    assert KEY not in heard.getvalue()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_it_can_be_undone_in_any_order(heard, order: tuple[int, int]):
    """Two of them, and the factory of a third in between."""
    before = logging.getLogRecordFactory()
    undo = [halley.quiet("first-of-the-keys"), halley.quiet("second-of-the-keys")]
    for number in order:
        undo[number]()
    logging.getLogger("httpx").info("first-of-the-keys second-of-the-keys")
    assert "first-of-the-keys second-of-the-keys" in heard.getvalue()
    logging.setLogRecordFactory(before)


def test_it_imports_no_library():
    """Not even those whose loggers it quiets."""
    code = (
        "import sys, halley; halley.quiet();"
        "print(sorted({'httpx', 'httpx2', 'aiohttp', 'openai', 'anthropic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_halleys_own_logger_needs_none(heard):
    """Its records are redacted where they are made."""
    world = upstream()
    with halley.Client(transport=world.transport) as client:
        client.post(f"https://a.test/v1/x?key={KEY}", headers={"x-api-key": KEY}, json={})
    own = [line for line in heard.getvalue().splitlines() if line.startswith("WARNING halley ")]
    assert own
    assert KEY not in "".join(own)
