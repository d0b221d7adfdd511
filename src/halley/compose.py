"""Where core, providers, policy, records and drivers are put together."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from halley.core.breaker import Breakers
from halley.core.budget import Budget
from halley.core.engine import Engine
from halley.core.errors import PolicyError
from halley.core.keys import KeyRing
from halley.core.lanes import Lanes
from halley.core.policy import Pace, Policy, Telemetry, Validate
from halley.drivers.chance import Chance
from halley.drivers.clock import Clock
from halley.drivers.keys import Keys
from halley.drivers.session import Runtime, Sink
from halley.drivers.tracing import Tracing
from halley.policy import PolicyLike, policy_of
from halley.providers import TABLES
from halley.records.events import Hook
from halley.records.hooks import Hooks
from halley.records.sinks import Records, no_keys, sink_of
from halley.shared.embedded import Embedded


def is_off() -> bool:
    """Say whether ``HALLEY=off`` asks for a plain pass-through; read when a client is made."""
    return os.environ.get("HALLEY", "").strip().lower() == "off"


def require(policy: Policy) -> None:
    """Make sure that what a policy asks for is there.

    Raises:
        PolicyError: the package that checks bodies is not, and the message names the extra; or the
            system has no file modes, without which nothing can be captured privately.
    """
    if policy.capture is not None and os.name != "posix":
        raise PolicyError("capture: needs the file modes of POSIX, which this system has not")
    sections = (policy.override(section) for section in policy.models.values())
    if all(one.validate is Validate.OFF for one in (policy, *sections)):
        return
    from halley.checks.shape import ValidatorMissingError, require_validator  # noqa: PLC0415 - lazy

    try:
        require_validator()
    except ValidatorMissingError as error:
        raise PolicyError(f"validate: {error}") from None


def tracing_of(policy: Policy, records: Records) -> Tracing | None:
    """Return what traces calls; None: nothing does.

    Raises:
        PolicyError: the package is not installed; the message names the extra.
    """
    if policy.telemetry is Telemetry.OFF:
        return None
    try:
        from halley.records.otel import Spans  # noqa: PLC0415 - for those who ask for it alone
    except ImportError:
        missing = "telemetry: otel needs opentelemetry-api: pip install 'halley[otel]'"
        raise PolicyError(missing) from None
    return Spans(records.redactor)


def _share(url: str | None, engine: Engine, lock: threading.Lock, clock: Clock) -> None:
    """Share the lanes of a client with the processes it forks, or with all that name one store.

    Raises:
        PolicyError: the URL is none, or the package for it is not installed.
    """
    if url is None:
        Embedded(engine.lanes, lock, now=clock.now, random=engine.random)
        return
    from halley.shared.redis import RedisMissingError, shared  # noqa: PLC0415 - an extra

    try:
        shared(url, engine.lanes, lock, now=clock.now, random=engine.random)
    except RedisMissingError as error:
        raise PolicyError(f"pacer: {error}") from None
    except ValueError:  # whose text may hold a part of the password
        raise PolicyError("pacer: the redis client does not take this URL") from None


def runtime(
    policy: PolicyLike = None,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    sink: Sink | None = None,
    hooks: Iterable[Hook] = (),
) -> Runtime:
    """Put together what the calls of one client share.

    Raises:
        PolicyError: as `policy_of`, `require` and `tracing_of`.
        TypeError: `hooks` is no list of functions.
    """
    chosen = policy_of(policy)
    clock, chance, lock = clock or Clock(), chance or Chance(), threading.Lock()
    require(chosen)
    keys = Keys(chosen.keys) if chosen.keys else None
    secrets = no_keys if keys is None else keys.secrets
    records = Records(secrets)
    sink = sink or sink_of(chosen.records, chosen.capture, secrets)
    engine = Engine(
        tables=TABLES.with_rows(chosen.rules),
        budget=Budget(ratio=chosen.budget_ratio, floor_per_s=chosen.budget_floor_per_s),
        breakers=Breakers(failures_max=chosen.breaker_failures),
        lanes=Lanes(
            in_flight_max=chosen.in_flight_max,
            queue_max=chosen.queue_max,
            ramp=chosen.pace is Pace.RAMP,
        ),
        random=chance,
        ring=None if keys is None else KeyRing(keys.credentials()),
    )
    _share(chosen.pacer, engine, lock, clock)
    return Runtime(
        engine=engine,
        policy=chosen,
        clock=clock,
        sink=Hooks(hooks, sink, records.redactor) if hooks else sink,
        lock=lock,
        keys=keys,
        tracing=tracing_of(chosen, records),
    )
