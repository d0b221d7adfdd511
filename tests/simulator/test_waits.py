"""Reading back the wait that a reply told its caller."""

from __future__ import annotations

import pytest

from halley.simulator.model import EPOCH_S, SimReply
from halley.simulator.waits import told_wait_s


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ((("retry-after", "2"),), 2.0),
        ((("retry-after", "0.5"),), 0.5),
        ((("retry-after-ms", "1500"), ("retry-after", "9")), 1.5),
        ((("retry-after", "Thu, 01 Jan 2026 00:00:10 GMT"),), 10.0),
        ((("retry-after", "Wed, 31 Dec 2025 23:00:00 GMT"),), 0.0),
        ((("retry-after", "soon"),), None),
        ((("retry-after", "-1"),), None),
        ((("retry-after", "nan"),), None),
        ((("retry-after", "inf"),), None),
        ((), None),
    ],
)
def test_the_told_wait(headers, wait_s):
    """Seconds, milliseconds first, dates against the reply's own; nonsense tells nothing."""
    assert told_wait_s(SimReply(429, headers), EPOCH_S) == wait_s
