"""OpenTelemetry: a span for each call over all its attempts, and in it a span for each send.

A trace is the sink of its call: an attempt's span begins with its send and ends where its record is
written, which for a stream is after its last byte. `traceparent` goes on to the server, `baggage`
never does. No content is told, and whatever telemetry does wrong stays here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from opentelemetry import trace
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, Tracer, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from halley.core.model import Action, Attempt, History, Request
from halley.core.usage import Usage, usage_of
from halley.drivers.session import Sink
from halley.records import conventions as names
from halley.records.conventions import Described, described
from halley.records.events import asked_of
from halley.records.meters import Meters
from halley.records.redact import Redactor
from halley.records.version import version

HTTP_FAILED: Final = 400
ID_BYTES_MAX: Final = 256

Attributes = Mapping[str, str | int | float | bool]


class Spans:
    """Traces the calls of a client, with the tracer and meter providers that are set.

    Args:
        redactor: Of a request: what knows its keys.
    """

    def __init__(self, redactor: Callable[[Request], Redactor]) -> None:
        self._redactor = redactor
        release = version()
        self._tracer = trace.get_tracer("halley", release)
        self._meters = Meters(names.genai_of(os.environ.get(names.OPT_IN, "")), release)

    def begin(self, describe: Callable[[], Request], within: Sink) -> CallTrace:
        """Begin a call as a child of the span that is current here."""
        request = describe()
        redactor = self._redactor(request)
        asked = asked_of(request, redactor)
        told = described(request, asked["path"], asked["model"])
        return CallTrace(self._tracer, self._meters, told, within, redactor)


class CallTrace:
    """One call that is traced."""

    __slots__ = (
        "_attempt",
        "_began",
        "_meters",
        "_redactor",
        "_request",
        "_sends",
        "_span",
        "_tracer",
        "_within",
    )

    def __init__(
        self,
        tracer: Tracer,
        meters: Meters,
        request: Described,
        within: Sink,
        redactor: Redactor,
    ) -> None:
        self._tracer = tracer
        self._meters = meters
        self._request = request
        self._within = within
        self._redactor = redactor
        self._began = time.monotonic()
        self._sends = 0
        self._attempt: Span | None = None
        self._span = self._started(request.name, request.call, None)

    def _started(self, name: str, attributes: Attributes, parent: Span | None) -> Span:
        """Start a span; one that says nothing if a sampler or processor of the user's fails."""
        around = None if parent is None else trace.set_span_in_context(parent)
        try:
            return self._tracer.start_span(
                name, context=around, kind=SpanKind.CLIENT, attributes=attributes
            )
        except Exception:  # noqa: BLE001 - a call goes on without its trace
            return INVALID_SPAN

    @contextmanager
    def sending(self) -> Iterator[Mapping[str, str]]:
        """Enclose one send: its span is the current one, for what other instrumentation sees."""
        attributes = dict(self._request.attempt)
        if self._sends:
            attributes[names.RESEND_COUNT] = self._sends
        self._sends += 1
        self._attempt = span = self._started(self._request.method, attributes, self._span)
        fields: dict[str, str] = {}
        TraceContextTextMapPropagator().inject(fields, trace.set_span_in_context(span))
        with use_span(span, record_exception=False, set_status_on_exception=False):
            yield fields

    def __call__(self, describe: Callable[[], Request], history: History, body: bytes) -> None:
        """End the last attempt of a history, and with the last of all the call."""
        attempt = history.attempts[-1]
        try:
            self._end_attempt(attempt)
            if attempt.action is Action.OK or attempt.stop_reason is not None:
                self._end_call(history, usage_of(body))
        finally:
            self._within(describe, history, body)

    def _end_attempt(self, attempt: Attempt) -> None:
        span, self._attempt = self._attempt, None
        if span is None:
            return
        error = error_of(attempt)
        end(span, told_of(attempt, self._redactor), error)
        self._meters.sent(self._request, attempt.elapsed_s, attempt.status, error)

    def _end_call(self, history: History, usage: Usage) -> None:
        last = history.attempts[-1]
        error = None
        if last.stop_reason is not None:
            error = last.failure.kind if last.failure is not None else last.stop_reason
        told: dict[str, str | float | None] = {
            names.CALL_ID: history.call_id,
            names.ATTEMPTS: last.number,
            names.STOP_REASON: last.stop_reason,
            names.FIRST_CHUNK: last.first_s,
            names.INPUT_TOKENS: usage.input_tokens,
            names.OUTPUT_TOKENS: usage.output_tokens,
        }
        end(self._span, told, error)
        elapsed_s = time.monotonic() - self._began
        self._meters.called(self._request, elapsed_s, usage, last.first_s, error)


def error_of(attempt: Attempt) -> str | None:
    """Return an attempt's `error.type`: the status that says it, the fault, or what it was.

    >>> from halley.core.model import FaultKind
    >>> error_of(Attempt(1, Action.RETRY, 0.1, 503)), error_of(Attempt(1, Action.OK, 0.1, 200))
    ('503', None)
    >>> error_of(Attempt(1, Action.STOP, 0.1, 200, FaultKind.READ))
    'read'
    """
    if attempt.action is Action.OK:
        return None
    if attempt.fault is not None:
        return attempt.fault.value
    if attempt.status is not None and attempt.status >= HTTP_FAILED:
        return str(attempt.status)
    if attempt.failure is not None:
        return attempt.failure.kind.value
    return attempt.stop_reason.value if attempt.stop_reason is not None else None


def told_of(attempt: Attempt, redactor: Redactor) -> dict[str, str | int | float | None]:
    """Return what a span says of an attempt that is over."""
    failure, found = attempt.failure, attempt.request_id
    return {
        names.STATUS_CODE: attempt.status,
        names.ACTION: attempt.action,
        names.KIND: failure.kind if failure is not None else None,
        names.RULE: failure.rule if failure is not None else None,
        names.STREAM_STATE: attempt.stream,
        names.WAIT: attempt.wait_s or None,
        names.REQUEST_ID: None if found is None else redactor.text(found, ID_BYTES_MAX),
        names.KEY: attempt.key,
    }


def end(span: Span, told: Mapping[str, str | int | float | None], error: str | None) -> None:
    """End a span with what is known of it, and an error if it is one."""
    with suppress(Exception):  # of a processor of the user's
        if span.is_recording():
            for name, value in told.items():
                if value is not None:
                    span.set_attribute(name, str(value) if isinstance(value, str) else value)
            if error is not None:
                span.set_attribute(names.ERROR_TYPE, str(error))
                span.set_status(StatusCode.ERROR)
        span.end()
