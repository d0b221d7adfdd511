"""The clock is monotonic and waits as long as it says."""

from __future__ import annotations

import threading
import time

import pytest

from halley.drivers.clock import Clock


def test_it_is_the_monotonic_clock(monkeypatch: pytest.MonkeyPatch):
    """Setting the time of day moves nothing."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    apart = time.monotonic() - Clock().now()
    time.sleep(0.01)
    assert time.monotonic() - Clock().now() == pytest.approx(apart, abs=0.005)


def test_it_sleeps():
    """At least as long as asked."""
    started = time.monotonic()
    Clock().sleep(0.02)
    assert time.monotonic() - started >= 0.02


def test_a_wait_ends_with_its_event_or_its_time():
    """Also one that is longer than the platform can wait."""
    event = threading.Event()
    started = time.monotonic()
    Clock().wait(event, 0.02)
    assert time.monotonic() - started >= 0.02
    threading.Timer(0.02, event.set).start()
    Clock().wait(event, 1e12)
    assert event.is_set()
    assert time.monotonic() - started < 5
