"""The time of the faces on real time: the true date, from a clock that never steps back."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from halley.simulator.model import EPOCH_S


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds since `EPOCH_S`, true when made and steady from then on."""

    _offset_s: float = field(default_factory=lambda: time.time() - EPOCH_S - time.monotonic())

    def now(self) -> float:
        """The time to hand to `Simulator.handle`."""
        return self._offset_s + time.monotonic()
