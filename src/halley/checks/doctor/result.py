"""What one check of the doctor came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Status: TypeAlias = Literal["ok", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Result:
    """One check.

    Attributes:
        name: What was checked.
        message: What was found.
        fix: What to do; "" unless it is wrong.
    """

    name: str
    status: Status
    message: str
    fix: str = ""


def ok(name: str, message: str) -> Result:
    """Return the result of a check that found nothing wrong."""
    return Result(name, "ok", message)


def wrong(name: str, message: str, fix: str) -> Result:
    """Return the result of a check that found something wrong."""
    return Result(name, "wrong", message, fix)


def skipped(name: str, why: str) -> Result:
    """Return the result of a check that would make no sense."""
    return Result(name, "skipped", why)
