"""`import halley` is cheap, quiet and offline; each family is loaded when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import halley

HEAVY = "httpx httpx2 anyio asyncio trio openai anthropic google.genai cometapi pydantic click rich"


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has after some code, with sockets forbidden."""
    guard = (
        "import sys, socket\n"
        "def no(*a, **k): raise AssertionError('the network was touched')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = no\n"
    )
    tell = "\nprint('\\n'.join(sys.modules))"
    argv = [sys.executable, "-W", "error", "-c", guard + code + tell]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_halley_imports_nothing_of_weight():
    """No HTTP library, no event loop, no SDK."""
    modules = loaded("import halley")
    assert "halley" in modules
    assert modules.isdisjoint(HEAVY.split())
    assert {name for name in modules if name.startswith("halley.")} == set()


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        (
            "import halley; halley.Client(hooks=[print]).close()",
            "httpx openai anthropic google.genai halley.simulator opentelemetry prometheus_client",
        ),
        ("import halley; halley.AsyncClient()", "httpx openai anthropic google.genai"),
        (
            "import halley.httpx; halley.httpx.Client().close()",
            "httpx2 openai anthropic google.genai",
        ),
        (
            "import halley; halley.Policy(); halley.Decision; halley.Failure",
            "httpx httpx2 anyio asyncio",
        ),
        ("import halley; halley.explain", "httpx httpx2 anyio openai"),
        ("import halley; halley.options(attempts=1)", "httpx httpx2 anyio"),
        ("import halley; halley.history(ValueError())", "httpx httpx2 anyio"),
    ],
)
def test_a_name_loads_what_it_needs_and_no_more(code: str, absent: str):
    """In particular never the other family."""
    assert loaded(code).isdisjoint(absent.split())


def test_every_public_name_is_there():
    """At most fifteen, each of them importable, and in `dir`."""
    assert len(halley.__all__) <= 15
    assert sorted(halley.__all__) == halley.__all__
    for name in halley.__all__:
        assert getattr(halley, name) is not None
    loaded("import halley; assert set(halley.__all__) <= set(dir(halley))")


def test_another_name_is_an_attribute_error():
    """As for any module."""
    with pytest.raises(AttributeError, match="module 'halley' has no attribute 'nothing'"):
        halley.nothing  # noqa: B018


def test_the_logger_is_silent_by_default():
    """A NullHandler, and no handler of ours on the root."""
    code = (
        "import logging, halley; halley.Client().close()\n"
        "handlers = logging.getLogger('halley').handlers\n"
        "assert [type(handler).__name__ for handler in handlers] == ['NullHandler']\n"
        "assert logging.getLogger().handlers == []"
    )
    loaded(code)
