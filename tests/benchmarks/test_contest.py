"""Clients on upstreams: the oracle gets all there is, and a port does what the package does."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from benchmarks.goodput import contest
from benchmarks.goodput.rows import HELD_OUT, ROWS
from benchmarks.goodput.upstreams import Outage

NAMED = {row.name: row for row in (*ROWS, *HELD_OUT)}


@pytest.mark.parametrize("name", ["A", "C", "D", "D2", "F", "G", "L", "4 apart", "cap 7", "3/min"])
def test_an_oracle_gets_all_there_is_and_is_never_refused(name):
    """Of every kind of limit: so 100 % is what the best can get."""
    result = contest.run("oracle", NAMED[name], seed=3)
    assert result.goodput == pytest.approx(1.0, abs=0.02)
    assert (result.refused, result.lost) == (0.0, 0)


def test_six_thousand_requests_take_an_oracle_the_ideal_time():
    """And the last answer's."""
    assert contest.run("oracle", NAMED["6000"], seed=0).time == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("name", ["A", "H", "outage"])
def test_the_port_of_the_openai_sdk_does_what_the_sdk_does(name):
    """The real one, in virtual time, from the same seed: every figure is the same."""
    row = replace(NAMED[name], end_s=30.0)
    if name == "outage":
        row = replace(row, make=lambda seed: Outage(5.0, 10.0, 100.0, seed), end_s=12.0)
    port, package = (contest.run(client, row, seed=1) for client in ("openai", "openai sdk"))
    assert port.refused > 1 or port.lost > 100 or name == "H"
    assert port == package


@pytest.mark.parametrize("client", [name for name in contest.CLIENTS if name != "openai sdk"])
def test_the_same_seed_gives_the_same_figures(client):
    """And another seed others."""
    row = replace(NAMED["H"], end_s=60.0)
    first, again, other = (contest.run(client, row, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other or client == "oracle"


def test_four_clients_of_halleys_share_one_upstream():
    """Together they get what it admits, and each of them something."""
    row = replace(NAMED["4 apart"], end_s=120.0, recovers_from_s=None)
    result = contest.run("halley", row, seed=0)
    assert 0.8 < result.goodput < 1.1
    assert result.fairness > 0.5


def test_fifteen_minutes_take_seconds():
    """Nobody waits for the table."""
    started = time.process_time()
    contest.run("halley", NAMED["A"], seed=0)
    assert time.process_time() - started < 20


def test_a_client_that_takes_its_calls_from_a_backlog_makes_none_that_come_by_themselves():
    """The two do not fit, and the table has no cell for them."""
    assert contest.run("cookbook", NAMED["outage"], seed=0) is None
