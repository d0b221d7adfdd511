"""Identifiers and dates as the gateway and its edge write them.

All are functions of the given time and generator, so that a run can be repeated.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from random import Random
from string import ascii_letters, digits

from halley.simulator.model import EPOCH_S

_GATEWAY_ZONE = timezone(timedelta(hours=8))  # ids carry UTC+8: new-api GetTimeString, seen live
_ALPHANUMERIC = ascii_letters + digits


def request_id(now: float, rng: Random) -> str:
    """The gateway's request id: time, nanoseconds without leading zeros, 8 alphanumerics.

    Source: Calcium-Ion/new-api@ef8ae4d common/utils.go `GetTimeString` + `GetRandomString(8)`.

    >>> request_id(0.25, Random(1))[:-8]
    '20260101080000250000000'
    """
    moment = datetime.fromtimestamp(EPOCH_S + now, UTC).astimezone(_GATEWAY_ZONE)
    nanoseconds = int(now % 1 * 1e9)
    return f"{moment:%Y%m%d%H%M%S}{nanoseconds}{''.join(rng.choices(_ALPHANUMERIC, k=8))}"


def ray_id(rng: Random) -> str:
    """The edge's id of a request, with the data centre it went through."""
    return f"{rng.getrandbits(64):016x}-HKG"


def object_id(rng: Random) -> str:
    """24 hexadecimal digits for ids of completions, messages and tasks."""
    return f"{rng.getrandbits(96):024x}"


def http_date(now: float) -> str:
    """The `Date` header for a time.

    >>> http_date(0.0)
    'Thu, 01 Jan 2026 00:00:00 GMT'
    """
    return formatdate(EPOCH_S + now, usegmt=True)


def unix_s(now: float) -> int:
    """Whole Unix seconds, as in `created` fields."""
    return int(EPOCH_S + now)
