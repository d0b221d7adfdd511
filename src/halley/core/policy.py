"""The policy: every number a decision depends on, as one immutable value.

The defaults are the behaviour CometAPI documents ("Error codes and retry strategy", read 2026-11):
five attempts and `min(30, 2**attempt) + random()` between them. Ranges stand beside the fields, so
that loading a file and constructing a Policy report the same errors. A value is checked once: what
is changed later is checked, the rest was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from halley.core.credentials import Key, keys_of, sources_of
from halley.core.errors import Mistake, Mistakes, PolicyError
from halley.core.rules import rules_of, tables_of
from halley.core.sections import FrozenMap, Sections, section_of, sections_of
from halley.core.settings import Setting, choice, flag, number, of, setting_of, text, whole
from halley.core.shown import inside, unknown
from halley.core.tables import Row

MIB = 1024 * 1024


class Backoff(StrEnum):
    """How the wait between attempts grows; see `schedule.backoff`."""

    DOCUMENTED = "documented"
    FULL_JITTER = "full_jitter"
    AWS = "aws"


class Validate(StrEnum):
    """What preflight does about a body that will be refused; see `halley.checks.preflight`."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


class Telemetry(StrEnum):
    """Who is told of calls besides records and hooks; see `halley.records.otel`."""

    OFF = "off"
    OTEL = "otel"


class Rescue(StrEnum):
    """What is done for a stream that breaks after its first content; see `docs/streams.md`."""

    OFF = "off"
    BUFFER = "buffer"


class Pace(StrEnum):
    """From when on the pacer governs; see `halley.core.pace`."""

    AFTER_REFUSAL = "after_refusal"
    RAMP = "ramp"


STORES: Final = ("redis", "rediss", "valkey", "valkeys", "unix")
"""Schemes of a pacer's URL."""
A_STORE: Final = f"a URL with {', '.join(STORES[:-1])} or {STORES[-1]}"


def _store(path: str, value: object) -> object:
    """Take a pacer's URL; it may hold a password, so an error shows its scheme alone."""
    if value is None:
        return None
    scheme, mark, _ = str(value).partition("://")
    if not (isinstance(value, str) and mark and scheme in STORES):
        found = f"{scheme}://..." if mark else "none"
        raise PolicyError(Mistake(path, f"expected {A_STORE}, got {found}"))
    try:
        urlsplit(value).port  # noqa: B018 - asks whether it is one
    except ValueError:  # whose text may hold a part of the password
        expected = "expected host:port with a port from 0 to 65535"
        raise PolicyError(Mistake(path, f"{expected}, got {scheme}://...")) from None
    return value


def _sections(path: str, value: object) -> Sections:
    """Take the sections of a policy, whose settings are its own."""
    return sections_of(path, value, in_section)


def _given(models: Sections) -> dict[str, dict[str, object]]:
    """Return sections as the tables that they are in a file."""
    return {
        pattern: {name: SETTINGS[name].give(value) for name, value in settings.items()}
        for pattern, settings in models.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Immutable configuration of decisions.

    Attributes:
        attempts: Sends of one call at most, the first one included.
        backoff: Shape of the waits: `documented`, `full_jitter` or `aws`.
        backoff_base_s: First ceiling of `documented` and `full_jitter`, before it doubles.
        backoff_cap_s: No ceiling exceeds it; jitter is added after it.
        deadline_s: Queueing, attempts, waits and the stream together take no longer.
        server_wait_s_max: A longer wait asked for by the server ends the call instead.
        budget_ratio: Retries after faults and 5xx allowed per call of the last ten seconds.
        budget_floor_per_s: Retries allowed per second however few calls there are.
        breaker_failures: Failures in a row of one origin and model after which one call at a time
            tries it and all others are turned away; 0: never.
        pace: `after_refusal` throttles nothing before the first 429, and every send is an attempt;
            `ramp` starts slowly and doubles, and a 429 uses up no attempt: the deadline ends it.
        priority: Of this call in the queue for a permit: higher goes first, equal ones in order.
        in_flight_max: Calls of one origin, model and key open at the same time; None: no limit.
        pacer: URL of the Redis or Valkey through which processes and machines share one limit;
            None: each client finds it for itself.
        queue_max: Calls waiting for a permit; one more is refused at once.
        body_bytes_max: A larger reply is decided on its head and passed through unread.
        inspect_bytes_max: Decoded bytes of a body that classification may look at.
        connect_timeout_s: To open a connection; of this and the next four, None: the client's own
            timeout alone, else the shorter of both.
        first_byte_timeout_s: From the request to the head of the reply.
        first_content_timeout_s: From the request to the first content of an event stream.
        idle_timeout_s: Between two chunks of an event stream, keepalives included.
        content_idle_timeout_s: Between two pieces of content, whatever keepalives come.
        finish_grace_s: An event stream that stays open after its finish is ended after so long.
        hold_tokens: Pieces of content held back while a stream can still be sent for again.
        hold_s: The same in seconds from the first content on; with both set the first one counts.
        rescue: `buffer` delivers an event stream when it is whole; `off` as it comes.
        validate: Whether bodies are checked before they are sent: `off`, `warn` or `refuse`.
        repair: Send once more without, or with another name for, a field that a refusal names.
        capture: Directory in which raw error bodies are kept privately; None: they are not.
        records: Where records go besides the logger `halley`: a path, or "stderr"; None: nowhere.
        telemetry: Whether calls are traced: `off` or `otel`, which also passes `traceparent` on.
        rules: Rows tried before the tables, as `Row` or as a mapping of its fields; a row with the
            name of an existing one takes its place, and the record says ``policy.<name>``.
        keys: Credentials that take the place of the client's own, as `Key` or as a mapping of its
            fields; see `halley.core.keys`.
        models: Settings for the calls of some models, by shell-style patterns over the model's
            name; the first that fits applies. Those that all calls share cannot be in it.

    Raises:
        PolicyError: a value is of the wrong type or out of its range; it has all mistakes.
    """

    attempts: int = whole(5, 1, 20)
    backoff: Backoff = choice(Backoff.DOCUMENTED)
    backoff_base_s: float = number(1.0, 0.001, 3600.0)
    backoff_cap_s: float = number(30.0, 0.001, 3600.0)
    deadline_s: float = number(600.0, 0.001, 86400.0 * 7)
    server_wait_s_max: float = number(120.0, 0.0, 86400.0)
    budget_ratio: float = number(0.2, 0.0, 10.0, shared=True)
    budget_floor_per_s: float = number(1.0, 0.0, 1000.0, shared=True)
    breaker_failures: int = whole(10, 0, 1_000_000, shared=True)
    pace: Pace = choice(Pace.AFTER_REFUSAL, shared=True)
    priority: int = whole(0, -100, 100)
    in_flight_max: int | None = whole(None, 1, 1_000_000, shared=True)
    pacer: str | None = of(None, Setting(A_STORE, _store, shared=True), shown=False)
    queue_max: int = whole(10_000, 1, 10_000_000, shared=True)
    body_bytes_max: int = whole(8 * MIB, 1024, 1024 * MIB)
    inspect_bytes_max: int = whole(256 * 1024, 1024, 8 * MIB)
    connect_timeout_s: float | None = number(None, 0.001, 3600.0)
    first_byte_timeout_s: float | None = number(None, 0.001, 86400.0)
    first_content_timeout_s: float | None = number(None, 0.001, 86400.0)
    idle_timeout_s: float | None = number(None, 0.001, 86400.0)
    content_idle_timeout_s: float | None = number(None, 0.001, 86400.0)
    finish_grace_s: float = number(2.0, 0.001, 3600.0)
    hold_tokens: int = whole(0, 0, 100_000)
    hold_s: float = number(0.0, 0.0, 3600.0)
    rescue: Rescue = choice(Rescue.OFF)
    validate: Validate = choice(Validate.OFF)
    repair: bool = flag(default=False)
    capture: str | None = text("the path of a directory", shared=True)
    records: str | None = text("a path or 'stderr'", shared=True)
    telemetry: Telemetry = choice(Telemetry.OFF, shared=True)
    rules: tuple[Row, ...] = of((), Setting("tables", rules_of, give=tables_of, shared=True))
    keys: tuple[Key, ...] = of((), Setting("tables", keys_of, give=sources_of, shared=True))
    models: Mapping[str, Mapping[str, object]] = of(
        FrozenMap(), Setting("tables", _sections, give=_given, shared=True)
    )

    def __post_init__(self) -> None:
        """Check every field, and take names for enum members."""
        mistakes = Mistakes()
        for name, setting in SETTINGS.items():
            with mistakes:
                object.__setattr__(self, name, setting.take(name, getattr(self, name)))
        mistakes.settle()

    def override(self, changes: Mapping[str, object]) -> Policy:
        """Return a policy with some fields changed.

        Raises:
            PolicyError: a name is no field, or a value is not allowed.
        """
        mistakes, taken = Mistakes(), dict[str, object]()
        for name, value in changes.items():
            with mistakes:
                taken[name] = setting_at("", name).take(name, value)
        mistakes.settle()
        return self.changed(taken)

    def for_model(self, model: str) -> Policy:
        """Return the policy of the calls of a model: the section that fits it goes before the rest.

        >>> policy = Policy(attempts=3, models={"gpt-5*": {"deadline_s": 30}})
        >>> policy.for_model("gpt-5-mini").deadline_s, policy.for_model("o3") is policy
        (30.0, True)
        """
        pattern = section_of(self.models, model)
        return self if pattern is None else self.changed(self.models[pattern])

    def changed(self, taken: Mapping[str, object]) -> Policy:
        """Return a policy with other values, which are checked already like those that stay."""
        other = object.__new__(type(self))
        for name in SETTINGS:
            object.__setattr__(other, name, getattr(self, name))
        for name, value in taken.items():
            object.__setattr__(other, name, value)
        return other


SETTINGS: Final[Mapping[str, Setting]] = {spec.name: setting_of(spec) for spec in fields(Policy)}
"""What each field of a policy may hold."""


def setting_at(path: str, name: str) -> Setting:
    """Return the setting of a name.

    Raises:
        PolicyError: ``atempts: no such setting, did you mean attempts?``.
    """
    if name not in SETTINGS:
        raise unknown(path, name, list(SETTINGS))
    return SETTINGS[name]


def of_one_call(path: str, name: str) -> Setting:
    """Return the setting of a name that single calls may have their own of.

    Raises:
        PolicyError: there is none, or it belongs to the client.
    """
    setting = setting_at(path, name)
    if setting.shared:
        message = "belongs to all calls of the client together, set it in the policy itself"
        raise PolicyError(Mistake(inside(path, name), message))
    return setting


def in_section(section: str, name: str, value: object) -> object:
    """Return a value of a section as the policy wants it.

    Raises:
        PolicyError: it is none that a model may have, or is not allowed.
    """
    if name not in SETTINGS and isinstance(value, Mapping):
        message = 'no such setting; a name with a dot needs quotes, as in [models."gpt-4.1"]'
        raise PolicyError(Mistake(inside(section, name), message))
    return of_one_call(section, name).take(inside(section, name), value)
