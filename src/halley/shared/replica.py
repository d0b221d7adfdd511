"""One member's copy of a shared lane's law, in the store's time.

All members apply the same reports, so their copies agree; whoever reports next brings a copy that
the store keeps as its snapshot. Reports of two members overlap in time, and a law hears its signals
in the order of time: what is younger than `SETTLES_S` is kept beside the law, sorted, and applied
to a copy of it for the time being.
"""

from __future__ import annotations

import math
from bisect import insort
from operator import attrgetter
from typing import Final

from halley.core.law import Law
from halley.core.signals import Signal
from halley.shared.store import Answer, State, StoreError

SETTLES_S: Final = 0.4
"""Nobody reports anything older, if all goes well."""
_WHEN = attrgetter("now")


class Replica:
    """The law of a lane as far as this member has followed it.

    Args:
        law: What it starts from, and what a store without a record is given.

    Attributes:
        epoch: The life of the store's record; "": nothing is followed.
        seq: Reports taken in.
    """

    __slots__ = ("_law", "_open", "_settled_until", "epoch", "seq")

    def __init__(self, law: Law) -> None:
        self.epoch = ""
        self.seq = 0
        self._law = law
        self._open: list[Signal] = []
        self._settled_until = -math.inf

    def state(self) -> State:
        """Return what another member can start from."""
        return {"law": self._law.state(), "open": tuple(self._open)}

    def follow(self, answer: Answer) -> Law:
        """Take in what the member did not know yet; return the law as it is now.

        Raises:
            StoreError: the store holds something that is no law or no signal.
        """
        try:
            if answer.snapshot is not None:
                self._start(answer.snapshot)
            for fields in (fields for report in answer.reports for fields in report):
                insort(self._open, Signal.of(fields), key=_WHEN)
        except (TypeError, ValueError, LookupError) as error:
            raise StoreError(f"unreadable: {type(error).__name__}") from error
        self.epoch, self.seq = answer.epoch, answer.seq
        self._settle(answer.now - SETTLES_S)
        law = self._law.moved(0.0)
        for signal in self._open:
            law.apply(signal)
        return law

    def _start(self, state: State) -> None:
        self._law = Law.of(state["law"])
        self._open = [Signal.of(fields) for fields in state["open"]]
        self._settled_until = -math.inf

    def _settle(self, until: float) -> None:
        """Apply for good what is so old; what came too late is taken as of the last moment."""
        count = 0
        for signal in self._open:
            if signal.now > until:
                break
            self._settled_until = max(self._settled_until, signal.now)
            self._law.apply(signal._replace(now=self._settled_until))
            count += 1
        del self._open[:count]
