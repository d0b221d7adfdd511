"""The truth about a run: every request received, what was accepted, who was billed for what.

Only the simulator writes here; tests, the demo and judges ask. The requests of one call are grouped
by the header `x-halley-call` if the caller sends it, else by the fingerprint of the request, which
cannot tell two calls with equal bodies apart. Keys appear under an alias, never as themselves.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from halley.simulator.keys import word_of
from halley.simulator.model import EPOCH_S, SimReply
from halley.simulator.waits import told_wait_s

CALL_HEADER = "x-halley-call"


class Acceptance(StrEnum):
    """What became of a request at the gateway."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    AMBIGUOUS = "ambiguous"
    """Accepted and billed, but the answer was lost on its way or is unusable."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One request received.

    Attributes:
        now: When it arrived.
        key: Alias of its key: the word of a known key, else "key-1", "key-2", …
        call: The caller's own marker, "" without one.
        status: Status sent, None when no head was sent.
        fault: Name of the fault that was played, "" for none.
        early: It came before a Retry-After had passed: one of a 429 is told to the key on that path
            and model, one of any other answer to its call alone.
        pointless: It repeats, with the same key, a call whose answer was final.
    """

    now: float
    key: str
    method: str
    path: str
    model: str
    fingerprint: str
    call: str
    paid: bool
    request_id: str
    status: int | None
    outcome: Acceptance
    fault: str = ""
    amount_usd: float = 0.0
    llm_tokens: int = 0
    early: bool = False
    pointless: bool = False

    @property
    def group(self) -> str:
        """What the requests of one call have in common."""
        return self.call or self.fingerprint

    @property
    def billed(self) -> bool:
        """The account pays for it, whether or not the answer arrived."""
        return self.outcome is not Acceptance.REFUSED and (self.paid or self.llm_tokens > 0)


@dataclass(frozen=True, slots=True)
class _Told:
    at: float
    until: float

    def covers(self, now: float) -> bool:
        # A request on its way before the refusal was delivered could not know of it.
        return self.at <= now < self.until


_Place: TypeAlias = tuple[str, ...]
_THROTTLED = 429


class Ledger:
    """All entries of a run, in the order of arrival."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._arrivals: Counter[str] = Counter()
        self._aliases: dict[str, str] = {}
        self._told: dict[_Place, _Told] = {}
        self._final: set[tuple[str, str]] = set()

    def __repr__(self) -> str:
        """Counts and the bill."""
        billed = len(self.billed)
        return f"<Ledger {len(self._entries)} calls, {billed} billed, {self.amount_usd:.2f} USD>"

    @property
    def calls(self) -> tuple[Entry, ...]:
        """Every request received."""
        return tuple(self._entries)

    @property
    def billed(self) -> tuple[Entry, ...]:
        """What the account pays for."""
        return tuple(entry for entry in self._entries if entry.billed)

    @property
    def amount_usd(self) -> float:
        """What the account pays in all."""
        return sum(entry.amount_usd for entry in self._entries)

    @property
    def llm_tokens(self) -> int:
        """LLM tokens billed in all."""
        return sum(entry.llm_tokens for entry in self._entries)

    def paid_twice(self) -> tuple[tuple[Entry, ...], ...]:
        """Groups of paid submits of one call of which more than one was accepted."""
        paid = (entry for entry in self.billed if entry.paid)
        return tuple(group for group in _groups(paid) if len(group) > 1)

    def attempts(self) -> tuple[tuple[Entry, ...], ...]:
        """The requests of each call, calls in the order of their first request."""
        return _groups(self._entries)

    def arrival(self, group: str) -> int:
        """Count one more request of a group; the first is 1."""
        self._arrivals[group] += 1
        return self._arrivals[group]

    def alias(self, key: str) -> str:
        """The name a key goes by in this ledger, "" without a key."""
        if not key:
            return ""
        number = len(self._aliases) + 1
        return self._aliases.setdefault(key, word_of(key) or f"key-{number}")

    def record(self, entry: Entry, reply: SimReply, *, final: bool) -> None:
        """Write one request and its answer; `final` says that a repeat would fail again."""
        self._entries.append(
            replace(
                entry,
                early=self._is_early(entry),
                pointless=(entry.group, entry.key) in self._final,
            )
        )
        if final:
            self._final.add((entry.group, entry.key))
        wait_s = told_wait_s(reply, EPOCH_S + entry.now)
        if wait_s is not None:
            at = entry.now + reply.duration_s
            for place in _places(entry) if reply.status == _THROTTLED else _places(entry)[:1]:
                self._tell(place, _Told(at, at + wait_s))

    def _is_early(self, entry: Entry) -> bool:
        told = (self._told.get(place) for place in _places(entry))
        return any(wait is not None and wait.covers(entry.now) for wait in told)

    def _tell(self, place: _Place, told: _Told) -> None:
        before = self._told.get(place)
        if before is not None and before.until > told.at:
            told = _Told(min(before.at, told.at), max(before.until, told.until))
        self._told[place] = told


def _places(entry: Entry) -> tuple[_Place, _Place]:
    """The call with its key; the key with its path and model."""
    return (entry.key, entry.group), (entry.key, entry.path, entry.model)


def _groups(entries: Iterable[Entry]) -> tuple[tuple[Entry, ...], ...]:
    groups: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.group].append(entry)
    return tuple(tuple(group) for group in groups.values())
