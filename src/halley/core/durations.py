"""How long, in every spelling seen on the wire, as seconds.

A duration is a number with a unit, or several in a row (``9m38.016s``); a bare number counts in the
unit the field says. Only finite numbers >= 0 come out, anything else is None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

_UNITS_S: Final[dict[str, float]] = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "msec": 1e-3,
    "milliseconds": 1e-3,
    "millisecond": 1e-3,
    "毫秒": 1e-3,
    "s": 1,
    "sec": 1,
    "secs": 1,
    "second": 1,
    "seconds": 1,
    "秒": 1,
    "秒钟": 1,
    "giây": 1,
    "m": 60,
    "min": 60,
    "mins": 60,
    "minute": 60,
    "minutes": 60,
    "分": 60,
    "分钟": 60,
    "h": 3600,
    "hr": 3600,
    "hrs": 3600,
    "hour": 3600,
    "hours": 3600,
    "小时": 3600,
    "个小时": 3600,
    "phút": 60,
    "giờ": 3600,
    "d": 86400,
    "day": 86400,
    "days": 86400,
    "天": 86400,
    "week": 604800,
    "weeks": 604800,
}
_PART: Final = re.compile(
    r"[ ,]{0,2}(?:and )?((?:\d{1,3}(?:,\d{3}){1,3}|\d{1,18})(?:\.\d{1,18})?)[ -]?"
    r"(milliseconds?|msec|ms|µs|us|ns|seconds?|secs?|s(?![a-z])|minutes?|mins?|m(?![a-z])|hours?|hrs?"
    r"|h(?![a-z])|days?|d(?![a-z])|weeks?|毫秒|秒钟|秒|分钟|分|个小时|小时|天|giây|phút|giờ)"
)
# A number that is no date, no time of day and no share, and the lower end of a range.
_NUMBER: Final = re.compile(r"(\d{1,18}(?:\.\d{1,18})?)(?![\d%a-z]|[-:/]\d| ?[ap]\.?m)")
_RANGE: Final = re.compile(r"\d{1,5}(?:\.\d{1,5})? ?(?:-|–|~|to|or) ?(?=\d)")  # noqa: RUF001
_CLOCK: Final = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)(?!\d)")
_ONE: Final = re.compile(r"(?:an?|one) (second|minute|hour|day|week)\b")
_PARTS_MAX: Final = 5


def finite(value: float | None) -> float | None:
    """The value when it is a finite number >= 0, else None."""
    return value if value is not None and math.isfinite(value) and value >= 0 else None


def number(text: str) -> float | None:
    """A decimal number >= 0, else None.

    >>> number("1.5"), number("-1"), number("nan"), number("0x10")
    (1.5, None, None, None)
    """
    try:
        return finite(float(text))
    except ValueError:
        return None


def leading_duration(text: str, *, unit_s: float | None = None) -> float | None:
    """The duration at the start of a text; a number without a unit counts in `unit_s`.

    >>> leading_duration("9m38.016s. Visit us"), leading_duration("1d")
    (578.016, 86400.0)
    >>> leading_duration("20"), leading_duration("20", unit_s=1), leading_duration("6am", unit_s=1)
    (None, 20.0, None)
    >>> leading_duration("5-10 minutes"), leading_duration("02:11:45"), leading_duration("a minute")
    (600.0, 7905.0, 60.0)
    """
    if not text[:1].isdigit():
        one = _ONE.match(text)
        return float(_UNITS_S[one[1]]) if one is not None else None
    clock = _CLOCK.match(text)
    if clock is not None:
        return float(int(clock[1]) * 3600 + int(clock[2]) * 60 + int(clock[3]))
    longer = _RANGE.match(text)
    text = text[longer.end() :] if longer is not None else text
    total, at = 0.0, 0
    for _ in range(_PARTS_MAX):
        found = _PART.match(text, at)
        if found is None:
            break
        total += float(found[1].replace(",", "")) * _UNITS_S[found[2]]
        at = found.end()
    if at:
        return finite(total)
    bare = _NUMBER.match(text)
    return float(bare[1]) * unit_s if bare and unit_s is not None else None


def duration_s(value: object, *, unit_s: float = 1) -> float | None:
    """A duration that stands alone: a number, its text, or a text with units.

    >>> duration_s("34.4s"), duration_s("900ms"), duration_s(30), duration_s("soon")
    (34.4, 0.9, 30, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        try:
            return finite(value * unit_s)
        except OverflowError:
            return None
    if not isinstance(value, str):
        return None
    text = value.strip().lower()
    if (plain := number(text)) is not None:
        return finite(plain * unit_s)
    return leading_duration(text) if text[:1].isdigit() else None


def instant_s(text: str) -> float | None:
    """An instant as epoch seconds: an HTTP date of any age, or RFC 3339; None when it is neither.

    >>> instant_s("Thu, 01 Jan 1970 00:00:20 GMT"), instant_s("1970-01-01T00:00:20Z")
    (20.0, 20.0)
    """
    try:
        if text[:4].isdigit() and text[4:5] == "-":
            stamp = datetime.fromisoformat(text)
        else:
            stamp = parsedate_to_datetime(text)
        aware = stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)
        return finite(aware.timestamp())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


_WINDOW_CHARS: Final = 48
_ANCHORS_MAX: Final = 8

# A word that announces a wait, and what may stand between it and the number. Text is lower case.
_ANCHORS: Final = (
    "again", "try", "wait", "reset", "available", "requests in", "come back", "replenish",
    "refresh", "resume", "cooldown", "cool down", "back in", "backoff", "back off", "renew",
)  # fmt: skip
_FOREIGN_ANCHORS: Final = ("请在", "请等", "请于", "等待", "稍等", "请", "thử lại sau", "chờ")
_BRIDGE: Final = re.compile(
    r"(?:ing|e?s|ed)?(?: again)?(?: your request| this request| for| period)?"
    r"(?:[ _-]?after| in| for)?"
    r"(?: at least| about| approximately| another| up to| ~)?[ :=]{0,2}(?=\d|(?:an?|one) )"
)
_CHINESE_AFTER: Final = re.compile(
    r"(?<!\d)((?:\d{1,9}(?:\.\d{1,9})? ?(?:毫秒|秒钟|秒|分钟|分|个?小时|天|s|ms|min) ?){1,4})"
    r"(?:后|之后|以后|内最多|再试)"
)


def wait_in(text: str) -> float | None:
    """The longest wait that a lower-case text asks for; never shorter than any it names.

    >>> wait_in("please try again in 644ms."), wait_in("请在 20 秒后重试"), wait_in("limit 30")
    (0.644, 20.0, None)
    """
    anchors = _ANCHORS if text.isascii() else _ANCHORS + _FOREIGN_ANCHORS
    found = [
        leading_duration(text[at : at + _WINDOW_CHARS], unit_s=1)
        for anchor in anchors
        if anchor in text
        for at in _numbers_after(anchor, text)
    ]
    if not text.isascii():
        matches = zip(range(_ANCHORS_MAX), _CHINESE_AFTER.finditer(text), strict=False)
        found += [leading_duration(match[1]) for _, match in matches]
    return max((wait_s for wait_s in found if wait_s), default=None)


def _numbers_after(anchor: str, text: str) -> Iterator[int]:
    """Where a number follows the anchor, for the last few of its occurrences."""
    at = len(text)
    for _ in range(_ANCHORS_MAX):
        at = text.rfind(anchor, 0, at)
        if at < 0:
            return
        bridge = _BRIDGE.match(text, at + len(anchor))
        if bridge is not None:
            yield bridge.end()
