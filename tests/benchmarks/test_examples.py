"""What the docstrings of the benchmarks claim is so."""

from __future__ import annotations

import doctest

import pytest
from benchmarks.goodput import backlog, limits, measure, table
from benchmarks.live import ledger


@pytest.mark.parametrize("module", [backlog, limits, measure, table, ledger])
def test_the_examples_in_docstrings_hold(module):
    """Each module has some, and all of them hold."""
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
