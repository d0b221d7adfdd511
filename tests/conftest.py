"""The fixture `line` for every test of the live side, and pytest's own `pytester`."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from halley.testing import no_wait
from tests.lines import LINES, Line

pytest_plugins = ["pytester"]

settings.register_profile("halley", deadline=None)  # how long it takes is the machine's affair
settings.load_profile("halley")


@pytest.fixture(params=LINES, ids=str)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    """One HTTP family in one colour; halley's waits pass at once, clients are closed at the end."""
    with no_wait(), Line(*request.param.split("-")) as opened:
        yield opened


def pytest_configure() -> None:
    """Hear Ctrl-C, and let the commands under test: shells make what is in the background deaf."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Keep what the collection made out of the garbage collector's way: tests call it often."""
    gc.collect()
    gc.freeze()
