"""What has run out, in free text: one sentence that names a thing and says that it is at its end.

Providers word "no money", "no quota" and "not so fast" in hundreds of ways, but each way joins a
thing (balance, plan, quota, limit) and an end (insufficient, expired, exceeded). A sentence about
a pace (per minute, concurrent, rate limit) is about a pace only, whatever else it names. The
words themselves stand in `halley.core.vocabulary`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from halley.core import vocabulary as say
from halley.core.tables import words_in

_SENTENCES_MAX: Final = 8
_SENTENCE_END: Final = re.compile(r"[.!?;\n](?=\s|$|\\n)|[。！？；\n]")  # noqa: RUF001
_URL: Final = re.compile(r"https?://[^\s\"'<>）)]*")  # noqa: RUF001
_CRAFTS: Final = frozenset(["subscription", "budget", "usage", "billing", "context", "mode"])
_AMOUNT: Final = re.compile(r"[$€£¥＄] ?\d")  # noqa: RUF001
# Words of other crafts: a subscription key, a thinking budget, a credit card, a usage page.
_OTHER_CRAFTS: Final = re.compile(
    r"subscription (?:key|id)|(?:thinking|token|reasoning)[ _.]budget|current usage"
    r"|usage (?:polic|guideline|size)\w*|plan and billing|billing details|max(?:imum)? usage"
    r"|context limit|plan mode"
)


def limits_in(text: str, words: frozenset[str], codes: Iterable[str] = ()) -> set[str]:
    """Marks of what a lower-case text says has run out; `words` are the words in it.

    A code is a sentence too (``not_enough_credits``), but one that names a pace proves nothing.

    >>> text = "you have run out of your free trial quota. upgrade your plan."
    >>> limits_in(text, frozenset(text.split()))
    {'@limit.money'}
    >>> limits_in("quota exceeded: 60 requests per minute", frozenset({"quota"}))
    {'@limit.pace'}
    """
    found = {_mark_of_code(code) for code in codes if "_" in code}
    foreign = not text.isascii() and _any(say.ZH_THINGS, text)
    if foreign or not words.isdisjoint(say.THINGS):
        plain = _URL.sub(" ", text) if "http" in text else text
        for sentence in _SENTENCE_END.split(plain, _SENTENCES_MAX)[:_SENTENCES_MAX]:
            if foreign and not sentence.isascii():
                found.add(_foreign_mark(sentence))
            found.add(_mark(sentence))
    return {f"@limit.{mark}" for mark in found if mark}


@lru_cache(maxsize=512)
def _mark_of_code(code: str) -> str | None:
    mark = _mark(code.replace("_", " "))
    return None if mark == "pace" else mark


def _any(parts: tuple[str, ...], text: str) -> bool:
    for part in parts:  # noqa: SIM110  the hot loop; `any` costs twice as much
        if part in text:
            return True
    return False


def _mark(sentence: str) -> str | None:
    """What ends in one sentence: money, key, period, quota, or no more than a pace."""
    words = words_in(sentence)
    if words.isdisjoint(say.THINGS):
        return None
    if not words.isdisjoint(say.DEBTS):
        return "money"
    share = not words.isdisjoint(say.SHARES)
    if _is_pace(words, sentence):
        return "pace" if share and _is_used(words, sentence) else None
    if not words.isdisjoint(_CRAFTS):
        sentence = _OTHER_CRAFTS.sub(" ", sentence)
        words = words_in(sentence)
    used = _is_used(words, sentence)
    return (share and used and _share(words, sentence)) or _money(words, sentence, used=used)


def _is_pace(words: frozenset[str], sentence: str) -> bool:
    if not words.isdisjoint(say.PACE):
        return True
    return _any(say.PACE_PHRASES, sentence) and words.isdisjoint(say.PERIOD)


def _is_used(words: frozenset[str], sentence: str) -> bool:
    return not words.isdisjoint(say.USED) or _any(say.USED_PHRASES, sentence)


def _money(words: frozenset[str], sentence: str, *, used: bool) -> str | None:
    """Money, a bill or a plan that is at its end."""
    none = used or not words.isdisjoint(say.NONE) or _any(say.NONE_PHRASES, sentence)
    if none and not words.isdisjoint(say.MONEY):
        return "money"
    ended = none or not words.isdisjoint(say.LAPSED) or _any(say.LAPSED_PHRASES, sentence)
    term = not words.isdisjoint(say.TERMS) or _any(say.RESOURCE_PACKS, sentence)
    billed = not words.isdisjoint(say.BILLS)
    if ended and (term or billed):
        return "money"
    return "money" if billed and _any(say.BROKEN, sentence) else None


def _share(words: frozenset[str], sentence: str) -> str | None:
    """Whose share is used up: money's, a key's, a period's, or simply the account's."""
    if not words.isdisjoint(say.MONEY):
        return "money"
    if _any(say.KEYS, sentence):
        return "key"
    if not words.isdisjoint(say.BOUGHT) or _AMOUNT.search(sentence):
        return "money"
    if not words.isdisjoint(say.PERIOD):
        return "period"
    if not words.isdisjoint(say.QUOTAS) or "exhausted" in words:
        return "quota"
    owned = not words.isdisjoint(say.LIMITS) and not words.isdisjoint(say.OWNED)
    return "period" if owned else None


def _foreign_mark(sentence: str) -> str | None:
    """The same of a Chinese sentence."""
    quota = _any(say.ZH_QUOTAS, sentence)
    used = _any(say.ZH_USED, sentence)
    money = used and _any(say.ZH_MONEY, sentence)
    lapsed = _any(say.ZH_LAPSED, sentence) and _any(say.ZH_TERMS, sentence)
    if _any(say.ZH_PACE, sentence):
        return "pace" if quota else None
    if money or _any(say.ZH_DEBT, sentence):
        return "money"
    if used and quota:
        period = "period" if _any(say.ZH_PERIOD, sentence) else "quota"
        return "key" if _any(say.ZH_KEYS, sentence) else period
    return "money" if lapsed else None
