"""The wait a simulated reply tells its caller, read back as a careful client would read it."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from math import isfinite

from halley.simulator.model import SimReply


def told_wait_s(reply: SimReply, date_s: float) -> float | None:
    """Seconds that `retry-after-ms` or `retry-after` ask for; None for none, or for nonsense.

    A date is measured against `date_s`, the Unix time of the reply's `Date`.

    >>> told_wait_s(SimReply(429, (("retry-after", "2"),)), 0.0)
    2.0
    """
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = reply.header(name)
        wait_s = _number(value, unit_s) if value is not None else None
        if wait_s is not None:
            return wait_s
    date = reply.header("retry-after")
    return _until(date, date_s) if date is not None else None


def _number(value: str, unit_s: float) -> float | None:
    try:
        wait_s = float(value) * unit_s
    except ValueError:
        return None
    return wait_s if isfinite(wait_s) and wait_s >= 0 else None


def _until(value: str, date_s: float) -> float | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - date_s)
