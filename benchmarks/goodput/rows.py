"""The rows of the table: an upstream, a load, how long, and what halley shall reach there.

`ROWS` are those whose targets are named in the docs; `HELD_OUT` are there so that nobody tunes on
all there is: no constant of halley's was ever chosen by looking at them.
"""

from __future__ import annotations

from dataclasses import dataclass

from .limits import DROP, Both, Bucket, FixedWindow, InFlight, Share, SlidingWindow, Unit
from .upstreams import Latency, Make, Outage, Queueing, Upstream

QUEUED = 50
"""Calls that wait for their first send at any time, as long as the backlog has some."""
DROP_ENDS_S = 420.0
OUTAGE_S = (60.0, 120.0)
ARRIVALS_PER_S = 100.0
TOKEN_BUCKET_S = 10.0
"""The LLM-token bucket holds what flows in so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What halley shall reach; None: not asked for. Shares are of 1, a number of calls is whole."""

    goodput: float | None = None
    refused: float | None = None
    recovery_s: float | None = None
    fairness: float | None = None
    time: float | None = None
    sends: float | None = None
    lost: int | None = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One upstream and the load on it.

    Attributes:
        processes: Clients that know nothing of each other, or share a pacer where `shared`.
        calls: How many there are; None: an endless backlog.
        arrivals_per_s: Calls come by themselves, evenly; None: from the backlog.
        recovers_from_s: The end of what the client shall recover from.
        tokens: Median of the lognormal sizes of requests in LLM tokens; None: all alike.
    """

    name: str
    summary: str
    make: Make
    target: Target = Target(lost=None)
    end_s: float = 900.0
    processes: int = 1
    shared: bool = False
    calls: int | None = None
    arrivals_per_s: float | None = None
    recovers_from_s: float | None = None
    tokens: int | None = None


def _bucket(rate_per_s: float, burst: float, share: Share = DROP) -> Bucket:
    return Bucket(rate_per_s, burst, share)


def _a(seed: int, **changes: object) -> Upstream:
    return Upstream(_bucket(10.0, 10.0), seed, **changes)  # type: ignore[arg-type]


ROWS = (
    Row(
        name="A",
        summary="token bucket, 10/s, burst 10",
        make=_a,
        target=Target(goodput=0.98, refused=0.02, recovery_s=5.0),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="B",
        summary="A, with Retry-After and x-ratelimit headers",
        make=lambda seed: _a(seed, hints=True),
        target=Target(goodput=0.98, refused=0.02, recovery_s=5.0),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="C",
        summary="40 in flight",
        make=lambda seed: Upstream(InFlight(40, DROP), seed),
        target=Target(goodput=0.94, refused=0.02),
    ),
    Row(
        name="D",
        summary="600 per fixed minute",
        make=lambda seed: Upstream(FixedWindow(600, DROP), seed),
        target=Target(goodput=0.99, refused=0.08),
    ),
    Row(
        name="D2",
        summary="600 per sliding minute",
        make=lambda seed: Upstream(SlidingWindow(600, DROP), seed),
    ),
    Row(
        name="E",
        summary="A, median latency 15 s",
        make=lambda seed: _a(seed, latency=Latency(15.0)),
        target=Target(goodput=0.97, refused=0.02),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="F",
        summary="20 per fixed minute",
        make=lambda seed: Upstream(FixedWindow(20, DROP), seed),
        target=Target(goodput=0.92, refused=0.25),
    ),
    Row(
        name="G",
        summary="A, and refused sends are charged",
        make=lambda seed: Upstream(Bucket(10.0, 10.0, DROP, charged=True), seed),
        target=Target(goodput=0.96, refused=0.02),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="H",
        summary="A, and 2 % random 5xx",
        make=lambda seed: _a(seed, failing=0.02),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="I",
        summary="token bucket, 200/s, burst 200",
        make=lambda seed: Upstream(_bucket(200.0, 200.0), seed),
        target=Target(goodput=0.97, refused=0.01),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="L",
        summary="100,000 LLM tokens per minute",
        make=lambda seed: Upstream(
            Bucket(1e5 / 60, 1e5 / 60 * TOKEN_BUCKET_S, DROP, unit=Unit.TOKENS), seed
        ),
        target=Target(goodput=0.94, refused=0.10),
        tokens=600,
    ),
    Row(
        name="M",
        summary="a queueing server, 10/s, no 429",
        make=lambda seed: Queueing(10.0, seed, share=DROP),
    ),
    Row(
        name="N",
        summary="A, and 3 % stray 429s of a channel",
        make=lambda seed: _a(seed, stray=0.03),
        target=Target(goodput=0.90),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="4 shared",
        summary="four processes sharing A",
        make=_a,
        target=Target(goodput=0.98, refused=0.02, fairness=0.99),
        processes=4,
        shared=True,
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="4 apart",
        summary="four processes on A, each on its own",
        make=_a,
        target=Target(goodput=0.98, refused=0.07, fairness=0.95),
        processes=4,
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="6000",
        summary="6,000 requests on A",
        make=_a,
        target=Target(time=1.03),
        end_s=7200.0,
        calls=6000,
    ),
    Row(
        name="outage",
        summary="60 s of nothing but 503, at 100 calls/s",
        make=lambda seed: Outage(*OUTAGE_S, ARRIVALS_PER_S, seed),
        target=Target(sends=1.10, recovery_s=30.0, lost=None),
        end_s=240.0,
        arrivals_per_s=ARRIVALS_PER_S,
        recovers_from_s=OUTAGE_S[1],
    ),
)

HELD_OUT = (
    Row(
        name="3/min",
        summary="3 per sliding minute, an hour",
        make=lambda seed: Upstream(SlidingWindow(3), seed),
        end_s=3600.0,
    ),
    Row(
        name="37/s",
        summary="token bucket, 37/s, burst 5",
        make=lambda seed: Upstream(_bucket(37.0, 5.0), seed),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="1000/s",
        summary="token bucket, 1000/s, burst 1000, 120 s",
        make=lambda seed: Upstream(_bucket(1000.0, 1000.0, Share()), seed),
        end_s=120.0,
    ),
    Row(
        name="to 10 %",
        summary="A, but the drop is to 10 %",
        make=lambda seed: Upstream(
            _bucket(10.0, 10.0, Share(((0.0, 1.0), (300.0, 0.1), (420.0, 1.0)))), seed
        ),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="doubles",
        summary="token bucket, 5/s, then 20/s from 300 s",
        make=lambda seed: Upstream(_bucket(20.0, 10.0, Share(((0.0, 0.25), (300.0, 1.0)))), seed),
        recovers_from_s=300.0,
    ),
    Row(
        name="uplink",
        summary="A with burst 2, requests travel up to 0.1 s",
        make=lambda seed: Upstream(_bucket(10.0, 2.0), seed, uplink_s=0.1),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="A and cap",
        summary="A, and 60 in flight",
        make=lambda seed: Upstream(Both(_bucket(10.0, 10.0), InFlight(60)), seed),
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="A and min",
        summary="600 per minute at a phase, and 20/s at once",
        make=lambda seed: Upstream(Both(FixedWindow(600, phase_s=25.0), Bucket(20.0, 20.0)), seed),
    ),
    Row(
        name="cap 7",
        summary="7 in flight, median latency 0.6 s",
        make=lambda seed: Upstream(InFlight(7), seed, latency=Latency(0.6, 0.5)),
    ),
    Row(
        name="2 apart",
        summary="two processes on 60/s, each on its own",
        make=lambda seed: Upstream(_bucket(60.0, 60.0), seed),
        processes=2,
        recovers_from_s=DROP_ENDS_S,
    ),
    Row(
        name="rough",
        summary="A, 5 % random 5xx, 1 % stray 429s",
        make=lambda seed: _a(seed, failing=0.05, stray=0.01),
        recovers_from_s=DROP_ENDS_S,
    ),
)
