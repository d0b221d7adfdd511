"""The key ring: which credential a call goes with, by alias; the keys themselves are never in here.

A key that a server calls invalid is retired by name, so two calls that fail at once retire it once.
A 429 cools it until the server's time, a cap bars it until it resets, a model that it may not use
bars it for that model, and an account that is disabled, out of money or of quota stops all of its
keys. No later failure shortens what an earlier one said. When none is left they may be loaded anew,
once per interval: a key whose text has changed is alive again, and failures of its old text no
longer concern it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from halley.core.credentials import Credential
from halley.core.model import Action, Failure, Kind, Scope

RELOAD_EVERY_S: Final = 60.0
"""Least time between two loads of the keys."""
CAP_S: Final = 3600.0
"""How long a key cap bars a key when the server does not say until when."""
ACCOUNT_S: Final = 60.0
"""How long an account without money is left alone: a top-up is noticed within this time."""
JOIN_S: Final = 5.0
"""How long other calls may join a load that one of them has begun."""
MODELS_BARRED_MAX: Final = 256


class NoKey(NamedTuple):
    """No credential can serve a model: what the last server said, and why, for people."""

    status: int
    why: str


class _Rest(NamedTuple):
    """Until when a key is not used, why, and the status that said so."""

    until: float
    why: str = ""
    status: int = 401

    def told(self, now: float) -> str:
        return self.why + (
            "" if math.isinf(self.until) else f", tried again in {self.until - now:.0f} s"
        )


_NO_REST: Final = _Rest(-math.inf)


@dataclass(slots=True)
class _Key:
    """What is known of one credential."""

    credential: Credential
    dead: _Rest = _NO_REST
    barred: dict[str, _Rest] = field(default_factory=dict)
    cool_until: float = -math.inf
    picked: int = 0

    def rest(self, model: str, now: float) -> _Rest | None:
        """What keeps the key from being used for a model; None: nothing."""
        if now < self.dead.until:
            return self.dead
        bar = self.barred.get(model)
        return bar if bar is not None and now < bar.until else None

    def alive(self, model: str, now: float) -> bool:
        return self.rest(model, now) is None

    def retire(self, rest: _Rest) -> None:
        self.dead = max(self.dead, rest, key=lambda r: r.until)

    def bar(self, model: str, rest: _Rest) -> None:
        if len(self.barred) >= MODELS_BARRED_MAX:
            del self.barred[next(iter(self.barred))]
        self.barred[model] = rest


class KeyRing:
    """The credentials of one client; whoever steps a call holds the client's lock."""

    __slots__ = ("_keys", "_load_began", "_picks", "generation")

    def __init__(self, credentials: Iterable[Credential]) -> None:
        self._keys = {credential.alias: _Key(credential) for credential in credentials}
        self._load_began: tuple[float, int] = (-math.inf, -1)
        self._picks = 0
        self.generation = 0

    def pick(
        self, model: str, now: float, free_at: Callable[[str], float] = lambda _alias: -math.inf
    ) -> str | None:
        """Return the alias to send with, None when no key is left for the model.

        Keys that are not cooling come first, then whose lane is free the soonest, then whose turn
        it is.

        Args:
            model: Of the request, "" when it names none.
            now: Monotonic seconds.
            free_at: When the lane of an alias gives its next permit.
        """
        alive = [key for key in self._keys.values() if key.alive(model, now)]
        if not alive:
            return None
        chosen = min(
            alive,
            key=lambda k: (
                max(k.cool_until - now, 0.0),
                max(free_at(k.credential.alias) - now, 0.0),
                k.picked,
            ),
        )
        self._picks += 1
        chosen.picked = self._picks
        return chosen.credential.alias

    def alive(self, model: str, now: float) -> bool:
        """Say whether some key may be used for a model."""
        return any(key.alive(model, now) for key in self._keys.values())

    def another(self, alias: str, model: str, now: float) -> bool:
        """Say whether a key other than `alias` could be sent with at once."""
        return any(
            key.alive(model, now) and key.cool_until <= now
            for name, key in self._keys.items()
            if name != alias
        )

    def text_of(self, alias: str) -> int | None:
        """Return what stands for the text of a key now, its `print`; None: there is none."""
        key = self._keys.get(alias)
        return None if key is None else key.credential.print

    def learn(
        self, alias: str, model: str, failure: Failure, now: float, *, text: int | None = None
    ) -> bool:
        """Note what a failure says of the key it was sent with; return whether it bars that key.

        Args:
            alias: Of the key.
            model: Of the request.
            failure: What came of it.
            now: Monotonic seconds.
            text: The key's `text_of` when it was sent; None: it is the same still.
        """
        key = self._keys.get(alias)
        if key is None:
            return False
        status = failure.status or 401
        until = now + (CAP_S if failure.wait_s is None else failure.wait_s)
        match failure.action:
            case Action.ROTATE_KEY if text is not None and text != key.credential.print:
                pass  # of a text that has been exchanged since
            case Action.ROTATE_KEY if failure.kind is Kind.KEY_QUOTA:
                key.retire(_Rest(until, "its cap is used up", status))
            case Action.ROTATE_KEY if failure.kind is Kind.INVALID_KEY:
                key.retire(_Rest(math.inf, "refused as invalid", status))
            case Action.ROTATE_KEY:
                why = f"not permitted for {model or 'this request'}"
                key.bar(model, _Rest(until, why, status))
            case Action.TOP_UP | Action.STOP if failure.scope is Scope.ACCOUNT:
                return self._learn_of_account(key.credential.account, model, failure, now)
            case _:
                return False
        return True

    def _learn_of_account(self, account: str, model: str, failure: Failure, now: float) -> bool:
        """Note what a failure says of all keys of an account; return whether it bars them."""
        until = now + max(ACCOUNT_S, failure.wait_s or 0.0)  # Google's, of a day, may be seconds
        keys = [key for key in self._keys.values() if key.credential.account == account]
        match failure.kind:
            case Kind.QUOTA:  # often one model's, so the others are left alone
                rest = _Rest(until, "its account's quota is used up", failure.status or 401)
                for key in keys:
                    key.bar(model, rest)
            case Kind.BALANCE | Kind.ACCOUNT:
                money = failure.kind is Kind.BALANCE
                why = "its account is out of money" if money else "its account is disabled"
                for key in keys:
                    key.retire(_Rest(until, why, failure.status or 401))
            case _:
                return False
        return True

    def cool(self, alias: str, until: float) -> None:
        """Prefer other keys until an instant; never shortens what was said before."""
        if (key := self._keys.get(alias)) is not None:
            key.cool_until = max(key.cool_until, until)

    def begin_load(self, now: float) -> bool:
        """Say whether keys may be loaded now: once per interval, and with whoever is at it."""
        at, generation = self._load_began
        if now - at >= RELOAD_EVERY_S:
            self._load_began = (now, self.generation)
            return True
        return generation == self.generation and now - at < JOIN_S

    def loaded(self, credentials: Iterable[Credential], generation: int) -> None:
        """Take over what was loaded; a key whose text is the same stays what it was."""
        if generation <= self.generation:
            return  # another call has taken it over
        self.generation = generation
        old, self._keys = self._keys, {}
        for credential in credentials:
            known = old.get(credential.alias)
            same = known is not None and known.credential.print == credential.print
            self._keys[credential.alias] = known if known and same else _Key(credential)

    def no_key(self, model: str, now: float) -> NoKey:
        """Say why there is none: every alias with its reason, and the newest one's status."""
        keys = sorted(self._keys.values(), key=lambda k: k.picked)
        rests = {k.credential.alias: rest for k in keys if (rest := k.rest(model, now))}
        reasons = [f"{name}: {rests[name].told(now)}" for name in self._keys if name in rests]
        for_model = f" for {model}" if model and any(model in k.barred for k in keys) else ""
        status = next((rest.status for rest in reversed(rests.values())), 401)
        return NoKey(status, f"no key is left{for_model} ({'; '.join(reasons) or 'none is given'})")

    def __repr__(self) -> str:
        dead = [name for name, key in self._keys.items() if key.dead is not _NO_REST]
        return f"<KeyRing {', '.join(self._keys)}; retired: {', '.join(dead) or 'none'}>"
