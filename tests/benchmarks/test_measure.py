"""The measures mean what their names say, on runs that can be reckoned by hand."""

from __future__ import annotations

import math

import pytest
from benchmarks.goodput.limits import Bucket
from benchmarks.goodput.measure import Meter, RunawayError, jain
from benchmarks.goodput.upstreams import Outage, Upstream, Work

WORK = Work("POST", "https://a.test", "/v1/chat/completions")


def sent(meter, times, process=0):
    """Send at these times."""
    port = meter.port(process)
    for now in times:
        port(WORK, now)


def test_goodput_is_what_was_admitted_of_the_capacity():
    """Half of what flows in, and nothing else, is half."""
    meter = Meter(Upstream(Bucket(1.0, 1.0), 0), 100.0)
    sent(meter, range(0, 100, 2))
    assert (meter.goodput(), meter.refused()) == (0.5, 0.0)


def test_refused_is_per_success():
    """Three sends at once against a bucket of one: two refusals, one success."""
    meter = Meter(Upstream(Bucket(1.0, 1.0), 0), 100.0)
    sent(meter, [0.0, 0.0, 0.0])
    assert meter.refused() == 2.0


@pytest.mark.parametrize(("resumes", "expected"), [(60.0, 0.0), (67.0, 7.0), (math.inf, math.inf)])
def test_recovery_is_until_the_first_five_seconds_at_capacity(resumes, expected):
    """A client that is silent from the outage on, and resumes at some time."""
    meter = Meter(Outage(30.0, 60.0, 10.0, 0), 120.0)
    sent(meter, [n / 10 for n in range(1200) if n / 10 < 30.0 or n / 10 >= resumes])
    assert meter.recovery_s(60.0) == expected


def test_sends_are_per_call_that_arrives():
    """Thirteen in ten seconds, at one call a second."""
    meter = Meter(Outage(0.0, 60.0, 1.0, 0), 60.0)
    sent(meter, [*range(10), 3.5, 4.5, 5.5, *range(10, 20)][:13])
    assert meter.sends(0.0, 10.0, 1.0) == 1.3


def test_fairness_is_between_the_processes():
    """One has all, or each a half."""
    assert jain([4, 0, 0, 0]) == 0.25
    meter = Meter(Outage(0.0, 0.0, 1.0, 0), 60.0, processes=2)
    sent(meter, range(10), process=0)
    sent(meter, range(10), process=1)
    assert meter.fairness() == 1.0


def test_a_client_that_sends_without_end_is_stopped(monkeypatch):
    """And its time ends there."""
    monkeypatch.setattr("benchmarks.goodput.measure.RUNAWAY_MIN", 20)
    meter = Meter(Upstream(Bucket(0.1, 1.0), 0), 100.0)
    with pytest.raises(RunawayError):
        sent(meter, [n / 10 for n in range(1000)])
    assert meter.end_s == pytest.approx(3.0)
