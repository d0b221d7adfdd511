"""Kinds of day a gateway can have, as data: which faults how often, which limits, how slow.

Shares are probabilities of one request in [0, 1]; those of one table add up to at most 1. A fault
drawn for a request it does not fit (a stream fault for a plain answer) leaves the answer as it is.
What is final by nature is never drawn for one request, as if a repeat could cure it: it sticks to a
call (`permanent`) or to a model (`barred`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType

from halley.simulator.faults import fault_named, is_final, outage_fault
from halley.simulator.latency import Latency
from halley.simulator.limits import Limits
from halley.simulator.tasks import TaskPace

Shares = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outage:
    """From `start_s` after the first request, for `length_s`, every request meets one fault."""

    start_s: float
    length_s: float
    fault: str = "nginx_503"

    def covers(self, elapsed_s: float) -> bool:
        """Whether the outage is on."""
        return self.start_s <= elapsed_s < self.start_s + self.length_s


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of day.

    Attributes:
        faults: Share of every generating request and poll that meets each fault.
        streams: The same for streams only, on top.
        paid: The same for paid submits only, in the place of `faults`.
        permanent: Share of calls all of whose requests meet the same fault: what is wrong with
            a request stays wrong.
        barred: Model and the final refusal that each request for it meets: a quota that is used up
            is so for every call.
        retry_after: Share of the 429s and 503s that carry Retry-After.
        redirect: A wrong path answers 301 rather than the web page with 200.
    """

    name: str
    summary: str
    faults: Shares = field(default_factory=dict)
    streams: Shares = field(default_factory=dict)
    paid: Shares = field(default_factory=dict)
    permanent: Shares = field(default_factory=dict)
    barred: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    latency: Latency = field(default_factory=Latency)
    tasks: TaskPace = field(default_factory=TaskPace)
    outages: tuple[Outage, ...] = ()
    retry_after: float = 0.5
    redirect: bool = False

    def __post_init__(self) -> None:
        """Refuse unknown faults, impossible shares, and what is final in the wrong table."""
        for table in ("faults", "streams", "paid", "permanent"):
            _check(f"profile {self.name!r}: {table}", getattr(self, table))
        for name in chain(self.faults, self.paid):
            if is_final(name):
                raise ValueError(
                    f"profile {self.name!r}: {name}: final, so a repeat must meet it too: expected "
                    "it in `permanent` or `barred`"
                )
        for model, name in self.barred.items():
            if not is_final(name):
                raise ValueError(
                    f"profile {self.name!r}: barred: {model}: expected a final refusal, got {name}"
                )
        for outage in self.outages:
            outage_fault(outage.fault)


def _check(place: str, shares: Shares) -> None:
    for name, share in shares.items():
        fault_named(name)
        if share < 0:
            raise ValueError(f"{place}: {name}: expected a share of 0 to 1, got {share:g}")
    if (total := sum(shares.values())) > 1:
        raise ValueError(f"{place}: expected shares that add up to at most 1, got {total:g}")


CALM = Profile("calm", "everything works; wrong requests are refused as the real one refuses them")

DEMO = Profile(
    "demo",
    "a bad day: some of everything, and a few calls that can never succeed",
    faults={
        "busy": 0.04,
        "server_error": 0.02,
        "do_request_failed": 0.02,
        "bad_gateway": 0.01,
        "nginx_504": 0.01,
        "cloudflare_524": 0.01,
        "saturated": 0.04,
        "reset": 0.02,
        "close": 0.01,
        "cut": 0.01,
        "truncated_json": 0.01,
    },
    streams={"cut_stream": 0.03, "error_middle": 0.02, "no_finish": 0.01},
    paid={"lost_504": 0.1, "lost_reset": 0.05, "busy": 0.1},
    permanent={
        "invalid_request": 0.02,
        "sensitive_words": 0.01,
    },
    barred={"o4-mini": "upstream_quota"},
    limits=Limits(rate_per_s=40, burst=20),
    latency=Latency(median_s=0.1, sigma=0.5, gap_s=0.005, timeout_s=1.0),
    tasks=TaskPace(visible_s=0.5, started_s=1.0, finished_s=2.0, failing=0.05),
)

ROUGH = Profile(
    "rough",
    "a third of the requests fail, in every way there is",
    faults={
        "busy": 0.06,
        "server_error": 0.05,
        "empty_500": 0.01,
        "do_request_failed": 0.03,
        "bad_response_body": 0.02,
        "bad_gateway": 0.02,
        "nginx_504": 0.02,
        "cloudflare_524": 0.02,
        "cloudflare_522_problem": 0.01,
        "saturated": 0.03,
        "empty_429": 0.01,
        "reset": 0.03,
        "close": 0.02,
        "cut": 0.01,
        "truncated_json": 0.01,
        "choices_null": 0.01,
        "error_200": 0.01,
        "slow": 0.03,
        "gzip": 0.02,
    },
    streams={
        "cut_stream": 0.05,
        "cut_clean": 0.03,
        "error_first": 0.02,
        "error_middle": 0.03,
        "ping_then_json": 0.02,
        "no_done": 0.02,
        "no_finish": 0.02,
        "split_utf8": 0.1,
        "corrupt": 0.01,
        "slow_first": 0.03,
    },
    paid={"lost_504": 0.1, "lost_524": 0.05, "lost_reset": 0.1, "insert_task_failed": 0.03},
    permanent={"sensitive_words": 0.01, "html_200": 0.01},
    latency=Latency(median_s=0.1, sigma=0.8, gap_s=0.005, timeout_s=2.0),
    tasks=TaskPace(failing=0.1),
)

RATELIMIT = Profile(
    "ratelimit",
    "healthy, but only ten requests a second, 300 a minute and 16 in flight",
    limits=Limits(rate_per_s=10, burst=10, per_minute=300, in_flight=16),
    latency=Latency(median_s=0.1, sigma=0.5),
)

OUTAGE = Profile(
    "outage",
    "five good seconds, twenty in which nothing works, then good again",
    outages=(Outage(5.0, 20.0),),
    latency=Latency(median_s=0.05, sigma=0.5),
    retry_after=0.0,
)

STREAMS = Profile(
    "streams",
    "more than half of the streams go wrong, each in one of the ways of streams",
    streams={
        "cut_stream": 0.04,
        "cut_clean": 0.04,
        "cut_byte": 0.04,
        "cut_byte_clean": 0.04,
        "stall": 0.02,
        "stall_keepalive": 0.02,
        "error_first": 0.04,
        "error_middle": 0.06,
        "error_last": 0.04,
        "finish_error": 0.02,
        "ping_then_json": 0.04,
        "json_for_stream": 0.02,
        "html_for_stream": 0.02,
        "no_done": 0.04,
        "no_finish": 0.04,
        "split_utf8": 0.04,
        "corrupt": 0.02,
        "duplicate": 0.02,
        "left_open": 0.02,
        "slow_first": 0.02,
        "slow_token": 0.02,
        "slow_token_keepalive": 0.02,
    },
)

PROFILES: Mapping[str, Profile] = MappingProxyType(
    {profile.name: profile for profile in (CALM, DEMO, ROUGH, RATELIMIT, OUTAGE, STREAMS)}
)
"""Every profile by its name."""


def profile_named(profile: Profile | str) -> Profile:
    """A profile, or the one of this name.

    Raises:
        ValueError: No profile has the name; the message lists those there are.
    """
    if isinstance(profile, Profile):
        return profile
    if profile not in PROFILES:
        raise ValueError(f"unknown profile {profile!r}: expected one of {', '.join(PROFILES)}")
    return PROFILES[profile]
