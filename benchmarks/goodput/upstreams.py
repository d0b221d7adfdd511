"""The upstreams: a limit, how long answers take, and what goes wrong besides; all of it seeded.

An upstream is a function of (request, now), asked in the order of time: `halley.drivers.virtual`'s
`Upstream`. Nothing in a refusal tells one kind of limit from another: the words are CometAPI's own
for any of them, and without `hints` no header says more.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from halley.core.model import Outcome, Reply, Request

from .limits import STEADY, Limit, Share, Unit

REFUSAL_S = (0.05, 0.15)
"""Round trip of a 429, at least and at most."""
LATENCY_S = (0.5, 120.0)
"""No answer is faster or slower."""
QUEUE_S_MAX = 60.0
"""A server that queues answers 503 when its queue is longer than that."""

_ID = " (request id: 20261001120000123456789Ab12Cd34)"
_JSON = {"content-type": "application/json"}
_DONE = (
    b'{"object":"chat.completion","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"%s"}}],"usage":{"total_tokens":%d}}'
)


def _error(status: int, message: str, code: str = "") -> Reply:
    body = f'{{"error":{{"message":"{message}{_ID}","type":"comet_api_error","code":"{code}"}}}}'
    return Reply(status, _JSON, body.encode())


ANSWER = Reply(200, _JSON, _DONE % (b"word " * 20, 30))
REFUSAL = _error(429, "Too many requests, please try again later")
"""CometAPI's words: tests/cases/sample.jsonl, comet-429-saturation."""
STRAY = _error(429, "当前分组上游负载已饱和，请稍后再试")  # noqa: RUF001
"""new-api's for a channel behind it that is overloaded: providers/relay.py, `relay.saturated`."""
FAULTS = (
    _error(500, "upstream error: do request failed", "do_request_failed"),
    Reply(502, {"content-type": "text/html"}, b"<html><title>502 Bad Gateway</title></html>"),
    _error(503, "The server is overloaded"),
)
DOWN = Reply(503, {"content-type": "text/html"}, b"<html><title>503 Service</title></html>")


@dataclass(frozen=True, slots=True)
class Work(Request):
    """A request of the backlog: its number, its cost in LLM tokens, and how long its answer is.

    The length is a standard normal deviate, in the logarithm: whoever sends it waits as long.
    """

    number: int = 0
    tokens: int = 30
    length: float = 0.0


@dataclass(frozen=True, slots=True)
class Latency:
    """Lognormal seconds of an answer, clipped: an answer's length decides, not the load."""

    median_s: float = 2.0
    sigma: float = 0.8

    @property
    def mean_s(self) -> float:
        """Of the law; what clipping takes from it is left out."""
        return self.median_s * math.exp(self.sigma**2 / 2)

    def of(self, work: Request) -> float:
        """Seconds of the answer to a request."""
        assert isinstance(work, Work)
        low, high = LATENCY_S
        return min(high, max(low, self.median_s * math.exp(self.sigma * work.length)))


@dataclass(slots=True)
class Upstream:
    """A gateway with a limit.

    Attributes:
        failing: Share of requests answered 500, 502 or 503, before the limit counts them
            (new-api counts successes).
        stray: Share answered with a 429 of an overloaded channel, before the limit as well.
        hints: Whether answers carry `x-ratelimit-*` and refusals `retry-after`.
        uplink_s: A request arrives up to this long after it was sent; on its way none overtakes.
    """

    limit: Limit
    seed: int
    latency: Latency = field(default_factory=Latency)
    failing: float = 0.0
    stray: float = 0.0
    hints: bool = False
    uplink_s: float = 0.0
    _chance: random.Random = field(init=False)
    _arrived: float = 0.0

    def __post_init__(self) -> None:
        """Seed it."""
        self._chance = random.Random(self.seed)

    def __call__(self, request: Request, now: float) -> tuple[Outcome, float]:
        """Answer a request; return what comes and how long it took."""
        assert isinstance(request, Work)
        chance = self._chance
        arrival = now
        if self.uplink_s:
            self._arrived = max(self._arrived, now + chance.uniform(0.0, self.uplink_s))
            arrival = self._arrived
        drawn = chance.random()
        if drawn < self.failing + self.stray:
            reply = STRAY if drawn >= self.failing else chance.choice(FAULTS)
            return reply, arrival - now + chance.uniform(*REFUSAL_S)
        wait_s = self.limit.admit(arrival, request.tokens)
        if wait_s is not None:
            reply = self._told(REFUSAL, wait_s) if self.hints else REFUSAL
            return reply, arrival - now + chance.uniform(*REFUSAL_S)
        seconds = self.latency.of(request)
        self.limit.occupy(arrival + seconds)
        return self._answer(request), arrival - now + seconds

    def _answer(self, request: Work) -> Reply:
        reply = ANSWER
        if self.limit.unit is Unit.TOKENS:
            reply = reply._replace(body=_DONE % (b"word", request.tokens))
        return self._told(reply, None) if self.hints else reply

    def _told(self, reply: Reply, wait_s: float | None) -> Reply:
        """Add what OpenAI's headers say of a limit of so many requests a second."""
        level = getattr(self.limit, "level", 0.0)
        headers = {
            **reply.headers,
            "x-ratelimit-limit-requests": f"{self.limit.capacity(0.0, 60.0):.0f}",
            "x-ratelimit-remaining-requests": f"{max(0.0, level):.0f}",
            "x-ratelimit-reset-requests": f"{0.0 if wait_s is None else wait_s:.3f}s",
        }
        if wait_s is not None:
            headers["retry-after"] = str(math.ceil(wait_s))
        return reply._replace(headers=headers)


@dataclass(slots=True)
class Queueing:
    """A server that refuses nothing: it begins so many answers a second, the rest waits in line.

    Whoever finds a queue of a minute is answered 503.
    """

    rate_per_s: float
    seed: int
    latency: Latency = field(default_factory=Latency)
    share: Share = STEADY
    unit: Unit = Unit.ANSWERS
    _chance: random.Random = field(init=False)
    _begun: float = 0.0

    def __post_init__(self) -> None:
        """Seed it."""
        self._chance = random.Random(self.seed)

    @property
    def limit(self) -> Queueing:
        """Itself."""
        return self

    def __call__(self, request: Request, now: float) -> tuple[Outcome, float]:
        """Answer a request when its turn has come."""
        begin = max(now, self._begun)
        if begin - now > QUEUE_S_MAX:
            return FAULTS[2], self._chance.uniform(*REFUSAL_S)
        self._begun = begin + 1.0 / (self.rate_per_s * self.share.at(begin))
        return ANSWER, begin - now + self.latency.of(request)

    def capacity(self, start: float, end: float) -> float:
        """As a limit's."""
        return self.rate_per_s * self.share.over(start, end)


@dataclass(slots=True)
class Outage:
    """Nothing works from `start_s` to `end_s`; before and after, everything is answered."""

    start_s: float
    end_s: float
    rate_per_s: float
    seed: int
    latency: Latency = field(default_factory=Latency)
    unit: Unit = Unit.REQUESTS
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed it."""
        self._chance = random.Random(self.seed)

    @property
    def limit(self) -> Outage:
        """Itself: its capacity is what is asked of it while it is up."""
        return self

    def __call__(self, request: Request, now: float) -> tuple[Outcome, float]:
        """Answer, or be down."""
        if self.start_s <= now < self.end_s:
            return DOWN, self._chance.uniform(*REFUSAL_S)
        return ANSWER, self.latency.of(request)

    def capacity(self, start: float, end: float) -> float:
        """As a limit's."""
        down_s = max(0.0, min(end, self.end_s) - max(start, self.start_s))
        return self.rate_per_s * (end - start - down_s)


Make = Callable[[int], "Upstream | Queueing | Outage"]
"""An upstream from a seed."""
