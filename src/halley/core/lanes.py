"""The lanes of one client: none as long as nothing is refused, and few ever.

A healthy program has no lane: its sends are counted, and that is all. A refusal opens one. When
nobody is in it and nothing was refused for a while it is forgotten, and with the last one all cost.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Protocol, TypeAlias

from halley.core.pace import Lane, Ring

LANES_MAX = 1024
SENDS_KEPT = 1024
SWEEP_S = 1.0
"""Lanes to be forgotten are looked for this often."""

LaneKey: TypeAlias = tuple[str, str, int | str]
"""Origin, model, credential: what identifies it in this process, or its alias."""


class Flag(Protocol):
    """One byte, which other processes may change."""

    def __getitem__(self, index: int, /) -> int:
        """Return it, for index 0."""


class Lanes:
    """The lanes of one client.

    Beyond `LANES_MAX`, lanes that nobody is in make room, the least recently opened first.
    """

    __slots__ = (
        "_always",
        "_flag",
        "_in_flight_max",
        "_lanes",
        "_queue_max",
        "_ramp",
        "_ring",
        "_sends",
        "_sweep_at",
    )

    def __init__(self, *, in_flight_max: int | None, queue_max: int, ramp: bool = False) -> None:
        self._always = in_flight_max is not None or ramp
        self._in_flight_max = in_flight_max
        self._queue_max = queue_max
        self._ramp = ramp
        self._ring: Ring | None = None
        self._flag: Flag = b"\0"
        self._lanes: dict[LaneKey, Lane] = {}
        self._sends: deque[float] = deque(maxlen=SENDS_KEPT)
        self._sweep_at = 0.0

    def pass_freely(self, now: float) -> bool:
        """Count a send that needs no permit: the way of a healthy program."""
        if self._always or self._flag[0] or (self._lanes and not self._swept(now)):
            return False
        self._sends.append(now)
        return True

    def _swept(self, now: float) -> bool:
        """Forget the lanes that nothing is lost without; say whether none is left."""
        if now < self._sweep_at:
            return False
        self._sweep_at = now + SWEEP_S
        for key in [key for key, lane in self._lanes.items() if lane.forgettable(now)]:
            del self._lanes[key]
        return not self._lanes

    def lane(self, key: LaneKey) -> Lane:
        """Return the lane of an origin, model and credential; open it if it is new."""
        lane = self._lanes.get(key)
        return self._opened(key) if lane is None else lane

    def free_at(self, key: LaneKey) -> float:
        """When a lane gives its next permit; at any time if there is no such lane."""
        lane = self._lanes.get(key)
        return -math.inf if lane is None else lane.free_at()

    def _opened(self, key: LaneKey) -> Lane:
        self._make_room()
        lane = Lane(
            in_flight_max=self._in_flight_max,
            queue_max=self._queue_max,
            ramp=self._ramp,
            ring=self._ring,
        )
        lane.recall(self._sends)  # of which lane each was, nobody knows: too much is soon cut
        self._lanes[key] = lane
        return lane

    def _make_room(self) -> None:
        if len(self._lanes) >= LANES_MAX:
            unused = [key for key, lane in self._lanes.items() if lane.unused]
            for key in unused[: LANES_MAX // 2]:
                del self._lanes[key]

    def share(self, ring: Ring, flag: Flag) -> None:
        """Share the lanes that will be opened with other processes.

        Args:
            ring: Called by a lane that wants an exchange with them soon.
            flag: As long as its only byte is not zero, every send gets a permit from its lane.
        """
        self._ring, self._flag = ring, flag

    @property
    def open(self) -> Mapping[LaneKey, Lane]:
        """The lanes that there are."""
        return self._lanes

    def clear(self) -> None:
        """Forget all lanes: their calls and callers are in another process."""
        self._lanes.clear()

    def __len__(self) -> int:
        return len(self._lanes)
