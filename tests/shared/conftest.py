"""One real server for all of these tests, and a prefix of its own for each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.shared.clients import eventually, exchanging
from tests.shared.servers import Server, server

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nobody kills."""
    with server(tmp_path_factory.mktemp("redis")) as running:
        yield running
        assert eventually(lambda: not exchanging())


@pytest.fixture
def prefix() -> str:
    """Nobody else's keys start with this."""
    return f"test{next(_numbers)}"


@pytest.fixture
def url(redis_server: Server, prefix: str) -> str:
    """The server, with keys of this test alone."""
    return f"{redis_server.url}?prefix={prefix}"
