"""Which key a call is sent with, if its client has several: picked before a send, judged after.

Without a ring of keys all of this is nothing, and the request keeps the credential it came with.
Loading is I/O: it is an effect, asked for when no key is left and while the failure is still in
hand, so that a load that brings nothing ends the call with the server's own error.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Final

from halley.core.breaker import Target
from halley.core.effects import Effect, Loaded, LoadKeys, Resume
from halley.core.keys import KeyRing
from halley.core.local import Local
from halley.core.model import Failure

if TYPE_CHECKING:
    from halley.core.lanes import Lanes

NO_KEY: Final = "halley_no_key"


class Keyed:
    """The keys of one call; `alias` is the one of its last or next send, None without a ring."""

    __slots__ = ("_lanes", "_ring", "_text", "alias")

    def __init__(self, ring: KeyRing | None, lanes: Lanes) -> None:
        self._ring = ring
        self._lanes = lanes
        self._text: int | None = None
        self.alias: str | None = None

    def pick(
        self, target: Target, now: float
    ) -> Generator[Effect, Resume, tuple[float, Local | None]]:
        """Choose the key of the next send; a `Local` answer when there is none."""
        ring = self._ring
        if ring is None:
            return now, None
        origin, model = target
        now = yield from self._load_if_none(model, now)
        self.alias = ring.pick(model, now, lambda a: self._lanes.free_at((origin, model, a)))
        if self.alias is not None:
            self._text = ring.text_of(self.alias)
            return now, None
        status, why = ring.no_key(model, now)
        return now, Local(status, NO_KEY, f"halley: {why}; nothing was sent")

    def learn(
        self, target: Target, now: float, failure: Failure
    ) -> Generator[Effect, Resume, tuple[float, bool]]:
        """Judge the key by a failure; return whether it is barred and another one may be used."""
        ring, alias = self._ring, self.alias
        _, model = target
        if ring is None or alias is None:
            return now, False
        if not ring.learn(alias, model, failure, now, text=self._text):
            return now, False
        now = yield from self._load_if_none(model, now)
        return now, ring.alive(model, now)

    def cool(self, target: Target, now: float, wait_s: float) -> bool:
        """Let the key rest after a refusal; return whether another one is ready."""
        ring, alias = self._ring, self.alias
        if ring is None or alias is None:
            return False
        ring.cool(alias, now + wait_s)
        return ring.another(alias, target[1], now)

    def _load_if_none(self, model: str, now: float) -> Generator[Effect, Resume, float]:
        ring = self._ring
        assert ring is not None
        if ring.alive(model, now) or not ring.begin_load(now):
            return now
        now, loaded = yield LoadKeys(ring.generation)
        if isinstance(loaded, Loaded):
            ring.loaded(loaded.credentials, loaded.generation)
        return now
