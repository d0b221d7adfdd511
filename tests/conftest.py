"""The fixture `line` for every test of the live side, and pytest's own `pytester`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from halley.testing import no_wait
from tests.lines import LINES, Line

pytest_plugins = ["pytester"]


@pytest.fixture(params=LINES, ids=str)
def line(request: pytest.FixtureRequest) -> Iterator[Line]:
    """One HTTP family in one colour; halley's waits pass at once, clients are closed at the end."""
    with no_wait(), Line(*request.param.split("-")) as opened:
        yield opened
