"""Prometheus: counters and histograms of calls and attempts, fed by a hook.

Units are base units, totals end in `_total`, and no label can grow without bound: of models and
hosts the first fifty and twenty keep their names, the rest are `other`; a key is its alias. What
halley did not do stands apart by its reason, because a retry that the budget refused and one that
came too late call for different cures.
"""

from __future__ import annotations

import threading
from typing import Final

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
except ImportError as error:
    raise ImportError(
        "halley.records.prometheus needs prometheus-client: pip install 'halley[prometheus]'"
    ) from error

from halley.core.model import Attempt, StopReason
from halley.records.events import Event
from halley.records.version import version

MODELS_MAX: Final = 50
HOSTS_MAX: Final = 20
OTHER: Final = "other"
NONE: Final = "none"

DURATION_S: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0)
"""From an embedding to a reasoning model at the default deadline of ten minutes."""
WAIT_S: Final = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""The documented backoff doubles up to 30 s; the longest server's wait taken is two minutes."""
RETRIES: Final = (0.0, 1.0, 2.0, 3.0, 4.0, 9.0, 19.0)
"""Up to the 20 attempts that a policy may allow."""

NO_RETRY_WANTED: Final = frozenset({None, StopReason.FINAL, StopReason.CANCELLED})


class Names:
    """The first few values of a label by name, all later ones as `other`."""

    __slots__ = ("_known", "_lock", "_max")

    def __init__(self, names_max: int) -> None:
        self._max = names_max
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def of(self, name: str | None) -> str:
        """Return the label of a name; `none` where there is none."""
        if not name:
            return NONE
        with self._lock:
            if len(self._known) < self._max:
                self._known.add(name)
            return name if name in self._known else OTHER


class Metrics:
    """A hook that counts: pass one to every client of a process, and scrape its registry.

    Args:
        registry: Where the families are registered; prometheus-client's own by default.

    Raises:
        ValueError: the registry has them already; keep the first `Metrics` and pass it on.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY) -> None:
        self._models = Names(MODELS_MAX)
        self._hosts = Names(HOSTS_MAX)
        self._make_counters(registry)
        self._make_histograms(registry)
        build = Gauge(
            "halley_build_info", "Version of halley, always 1.", ["version"], registry=registry
        )
        build.labels(version()).set(1)

    def _make_counters(self, registry: CollectorRegistry) -> None:
        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"halley_{name}", what, labels, registry=registry)

        self._calls = counter(
            "calls", "Calls that are over, by how: ok or the stop reason.", "model", "outcome"
        )
        self._attempts = counter(
            "attempts",
            "Requests sent, by status or fault and by what was decided.",
            *("host", "model", "key", "status", "action"),
        )
        self._failures = counter(
            "failures", "Attempts that failed, by what it was and whose.", "kind", "origin"
        )
        self._refused = counter(
            "retries_refused", "Retries that a failure called for and were not made.", "reason"
        )
        self._ambiguous = counter(
            "ambiguous_attempts", "Attempts of which nobody knows if they were accepted.", "model"
        )
        self._tokens = counter("tokens", "LLM tokens that answers say they used.", "model", "type")
        self._streams = counter("streams_ended", "Event streams that are over, by how.", "how")
        self._dropped = counter("events_dropped", "Events that were lost before they were counted.")

    def _make_histograms(self, registry: CollectorRegistry) -> None:
        def histogram(name: str, what: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(f"halley_{name}", what, labels, buckets=buckets, registry=registry)

        self._call_s = histogram(
            "call_duration_seconds",
            "Attempts of a call and the waits between them, to the last byte.",
            *(DURATION_S, "model"),
        )
        self._attempt_s = histogram(
            "attempt_duration_seconds",
            "From a send to the decision about it, or to the end of its stream.",
            *(DURATION_S, "model"),
        )
        self._first_s = histogram(
            "time_to_first_content_seconds",
            "From a send to the first content of its stream.",
            *(DURATION_S, "model"),
        )
        self._wait_s = histogram("retry_wait_seconds", "Waits before a retry.", WAIT_S)
        self._retries = histogram("call_retries", "Retries that a call needed.", RETRIES)

    def __call__(self, event: Event) -> None:
        """Count an event."""
        model = self._models.of(event.model)
        self._dropped.inc(event.dropped)
        if event.sent and not event.again:
            self._count_attempt(event, model)
        if event.last:
            self._count_call(event, model)

    def _count_attempt(self, event: Event, model: str) -> None:
        attempt = event.attempt
        host = self._hosts.of(event.host)
        key = attempt.key or NONE
        self._attempts.labels(host, model, key, status_of(attempt), attempt.action).inc()
        self._attempt_s.labels(model).observe(attempt.elapsed_s)
        if attempt.failure is not None:
            self._failures.labels(attempt.failure.kind, attempt.failure.origin).inc()
            if attempt.failure.ambiguous:
                self._ambiguous.labels(model).inc()
        if attempt.stream is not None:
            self._streams.labels(attempt.stream).inc()
        if attempt.first_s is not None:
            self._first_s.labels(model).observe(attempt.first_s)
        if attempt.wait_s:
            self._wait_s.observe(attempt.wait_s)
        for kind, count in zip(("input", "output"), event.usage, strict=True):
            if count is not None:
                self._tokens.labels(model, kind).inc(count)

    def _count_call(self, event: Event, model: str) -> None:
        attempts, reason = event.history.attempts, event.attempt.stop_reason
        self._calls.labels(model, reason or "ok").inc()
        self._call_s.labels(model).observe(sum(a.elapsed_s + a.wait_s for a in attempts))
        self._retries.observe(event.attempt.number - 1)
        if reason not in NO_RETRY_WANTED and (event.sent or event.attempt.number > 1):
            self._refused.labels(reason).inc()


def status_of(attempt: Attempt) -> str:
    """Return what an attempt met: a status that there is, a fault, or `other`.

    >>> from halley.core.model import Action
    >>> status_of(Attempt(1, Action.RETRY, 0.1, 503)), status_of(Attempt(1, Action.STOP, 0.1, 999))
    ('503', 'other')
    """
    if attempt.fault is not None:
        return attempt.fault
    known = attempt.status is not None and 100 <= attempt.status < 600  # noqa: PLR2004 - RFC 9110 §15
    return str(attempt.status) if known else OTHER
