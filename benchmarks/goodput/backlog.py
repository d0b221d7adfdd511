"""What there is to do: requests of one model, numbered, endless or so many; seeded.

The body is what a client can judge a request's cost by: as many bytes as its input has tokens, four
each, and a `max_tokens` above what it will take.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from .upstreams import Work

ORIGIN = "https://api.cometapi.com"
PATH = "/v1/chat/completions"
KEY = 7
TOKENS = (50, 8000)
SIGMA = 0.8
ALIKE_TOKENS = 30
INPUT = 0.7
"""Share of a request's tokens that is input."""
_BODY = '{"model":"gpt-5-mini","max_tokens":%d,"messages":[{"role":"user","content":"%s"}]}'
_ALIKE = (_BODY % (30, "hello")).encode()


@dataclass(slots=True)
class Backlog:
    """Requests to be made.

    Attributes:
        calls: How many; None: endless.
        tokens: Median of their sizes in LLM tokens, lognormal and clipped; None: all alike.
    """

    seed: int
    calls: int | None = None
    tokens: int | None = None
    count: int = 0
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed it."""
        self._chance = random.Random(self.seed)

    def next(self) -> Work | None:
        """The next one, None when there is none."""
        if self.count == self.calls:
            return None
        self.count += 1
        length = self._chance.gauss(0.0, 1.0)
        if self.tokens is None:
            return self._work(_ALIKE, ALIKE_TOKENS, length)
        low, high = TOKENS
        drawn = self._chance.lognormvariate(math.log(self.tokens), SIGMA)
        tokens = int(min(high, max(low, drawn)))
        body = (_BODY % (_cap(tokens), "word" * int(INPUT * tokens))).encode()
        return self._work(body, tokens, length)

    def _work(self, body: bytes, tokens: int, length: float) -> Work:
        kind, number = "application/json", self.count
        return Work(
            "POST", ORIGIN, PATH, body, kind, KEY, number=number, tokens=tokens, length=length
        )


def _cap(tokens: int) -> int:
    """A caller's `max_tokens`: the next power of two above what the answer takes.

    >>> _cap(600)
    256
    """
    return 1 << math.ceil(math.log2(max(1.0, (1 - INPUT) * tokens)))
