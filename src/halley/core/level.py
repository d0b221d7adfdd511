"""A learned number, be it a rate or a number in flight, and the one law by which it moves.

While it is what holds calls back it grows, the faster the longer nothing was refused. A cut takes
it to a little below what was admitted, and below where it was. Far below the highest that is known
to have been admitted it grows in haste: what worked before may work again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

GROWTH = 0.015
"""Growth (of the logarithm) in the first unit of time after a cut; it doubles every unit."""
GROWTH_MAX = 1.5
"""No faster than this in a unit of time."""
MARGIN = 0.97
"""A cut goes this little below what was admitted."""
KNOWN = 4
"""What so many calls were admitted in is as good an estimate as the level itself."""
CUT_LEAST = 0.5
"""No cut goes below this share of the level."""
HASTE = 8.0
"""So many times faster passes the time of a level that was cut to less than `FAR` of its mark."""
FAR = 0.7
MARK_HALVES_S = 1800.0


@dataclass(slots=True)
class Level:
    """A learned number.

    Attributes:
        value: None: not learned, so it holds nothing back.
        mark: The highest that was admitted for a while; it fades, by half in half an hour.
        quiet: Units of time since the last cut in which the level was what held calls back.
        hasty: It is on its way back to the mark.
    """

    value: float | None = None
    mark: float = 0.0
    quiet: float = 0.0
    hasty: bool = False

    def grow(self, units: float, most: float = math.inf) -> None:
        """Grow for some units of time, in which this was what held calls back.

        Args:
            units: How long.
            most: The logarithm of the level grows by no more than this.
        """
        assert self.value is not None
        if self.hasty and self.value >= MARGIN * self.mark:  # where a cut would take it
            self.hasty, self.quiet = False, 0.0
        haste = HASTE if self.hasty else 1.0
        self.quiet += haste * units
        growth = min(GROWTH_MAX, haste * GROWTH * math.exp2(min(self.quiet, 60.0)))
        self.value *= math.exp(min(growth * units, most))

    def cut(self, admitted: float, count: int) -> None:
        """Go a little below what was admitted, and below where it was.

        Args:
            admitted: In a unit of time, since the cut before.
            count: Calls that were: a few may be one too many or too few, and the level counts too.

        >>> few, many = Level(10.0), Level(10.0)
        >>> few.cut(6.0, count=5)
        >>> many.cut(6.0, count=500)
        >>> round(few.value / MARGIN, 2), round(many.value / MARGIN, 2)
        (7.11, 6.0)
        """
        assert self.value is not None
        likely = self._likely(admitted, count) if admitted > 0 and count > 0 else self.value
        least = CUT_LEAST * self.value
        self.value = min(MARGIN * self.value, max(MARGIN * likely, least))
        self.calm()

    def _likely(self, admitted: float, count: int) -> float:
        """Weigh what was admitted against the level: a count is known to a call, however long."""
        assert self.value is not None
        weight = (count / KNOWN) ** 2
        return (weight + 1.0) / (weight / admitted + 1.0 / self.value)

    def edge(self, fewer: float, *, sure: bool) -> None:
        """Go to the most calls in flight that are admitted; if it is `sure`, no more ever were."""
        self.value = min(fewer, self.value or math.inf)
        self.mark = fewer if sure else max(self.mark, fewer)
        self.calm()

    def know(self, admitted: float, *, sure: bool) -> None:
        """Take over what a whole cycle of the limit admitted; if not `sure`, only downwards."""
        if self.value is not None and admitted > 0:
            known = MARGIN * admitted
            self.value = known if sure else min(self.value, known)
            self.mark = max(self.mark, admitted) if sure else self.mark
            self.calm()

    def calm(self) -> None:
        """Begin the quiet anew; in haste if the level is far below its mark."""
        assert self.value is not None
        self.hasty, self.quiet = self.value < FAR * self.mark, 0.0

    def remember(self, admitted: float, after_s: float) -> None:
        """Let the mark fade for so long, and not be below what was admitted meanwhile."""
        self.mark = max(self.mark * math.exp2(-after_s / MARK_HALVES_S), admitted)
