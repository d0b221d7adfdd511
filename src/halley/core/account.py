"""What a limit admitted: in a stretch of time that is long enough to tell, and just now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SECOND_S: Final = 1.0


@dataclass(slots=True)
class Account:
    """What was admitted in a time in which the limit was what held calls back."""

    count: int = 0
    cost: float = 0.0
    seconds: float = 0.0

    def add(self, count: int, cost: float) -> None:
        """Count calls that were sent, or take back those that were refused."""
        self.count += count
        self.cost += cost


@dataclass(slots=True)
class Lately:
    """Requests of the present second, of the one before, and when the present one began."""

    present: int = 0
    before: int = 0
    began: float = 0.0

    def sent(self, now: float) -> None:
        """Count a call."""
        if now - self.began >= SECOND_S:
            self.before = self.present if now - self.began < 2 * SECOND_S else 0
            self.present, self.began = 0, now
        self.present += 1

    def refused(self) -> None:
        """Take one back."""
        self.present -= 1

    def rate_per_s(self, until: float) -> float:
        """Return what was admitted in the last one to two seconds, per second."""
        seconds = SECOND_S + min(SECOND_S, max(0.0, until - self.began))
        return (self.present + self.before) / seconds
