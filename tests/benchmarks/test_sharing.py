"""Four processes share one limit in virtual time, through a record in memory and through Redis."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.goodput.rows import ROWS
from benchmarks.goodput.sharing import Memory
from benchmarks.goodput.world import run

from halley.shared.redis import RedisStore
from halley.shared.store import Store
from tests.shared.servers import server

SECONDS = 120.0
ROW = next(row for row in ROWS if row.shared)
SHORT = dataclasses.replace(ROW, end_s=SECONDS, recovers_from_s=None)


@pytest.mark.parametrize("kind", ["memory", "redis"])
def test_four_processes_use_all_of_it_and_get_the_same(kind: str, tmp_path: Path) -> None:
    """From a standing start: nine tenths of the first two minutes, few refusals, equal parts."""
    with server(tmp_path) as redis:
        stores: dict[str, Callable[[Callable[[], float]], Store]] = {
            "memory": Memory,
            "redis": lambda now: RedisStore(redis.url, now=now),
        }
        result = run(SHORT, 0, store=stores[kind])
    assert result.goodput >= 0.9
    assert result.refused <= 0.03
    assert result.fairness >= 0.99
    assert result.lost == 0
