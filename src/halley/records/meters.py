"""OpenTelemetry's metrics of a call: how long it took, what it used, and every send of it.

Instruments and attributes are the conventions'; the buckets are too, drawn out to the longest
deadlines of reasoning models. Without an SDK they cost a function call that does nothing.
"""

from __future__ import annotations

from typing import Final

from opentelemetry import metrics

from halley.core.usage import Usage
from halley.records.conventions import (
    ERROR_TYPE,
    HTTP_DURATION,
    INFERENCE,
    METHOD,
    STATUS_CODE,
    TOKEN_TYPE,
    Described,
    GenAi,
)

DURATION_S: Final = tuple(0.01 * 2**k for k in range(17))
"""The conventions end at 81.92 s; three more reach the default deadline of ten minutes."""
HTTP_S: Final = (
    *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(30.0, 60.0, 120.0, 300.0, 600.0),
)
"""The conventions end at 10 s, before most answers of a model."""
TOKENS: Final = tuple(4**k for k in range(14))


class Meters:
    """The instruments of a client, of the meter provider that is set."""

    def __init__(self, names: GenAi, version: str) -> None:
        meter = metrics.get_meter("halley", version)

        def seconds(name: str, what: str, buckets: tuple[float, ...]) -> metrics.Histogram:
            return meter.create_histogram(
                name, "s", what, explicit_bucket_boundaries_advisory=buckets
            )

        self._inference = seconds(names.duration, "GenAI operation duration.", DURATION_S)
        self._other = self._inference
        if names.other_duration != names.duration:
            self._other = seconds(names.other_duration, "GenAI operation duration.", DURATION_S)
        self._first = seconds(names.first_chunk, "Time to receive the first chunk.", DURATION_S)
        self._http = seconds(HTTP_DURATION, "Duration of HTTP client requests.", HTTP_S)
        self._tokens: metrics.Histogram | None = None
        self._counters: dict[str, metrics.Counter] = {}
        if names.tokens is not None:
            self._tokens = meter.create_histogram(
                names.tokens,
                "{token}",
                "Number of input and output tokens used.",
                explicit_bucket_boundaries_advisory=TOKENS,
            )
        for kind, name in (("input", names.input_tokens), ("output", names.output_tokens)):
            if name is not None:
                self._counters[kind] = meter.create_counter(
                    name, "{token}", f"Number of {kind} tokens used."
                )

    def sent(
        self, request: Described, seconds: float, status: int | None, error: str | None
    ) -> None:
        """Note a send that is over."""
        attributes = {METHOD: request.method, **request.server}
        if status is not None:
            attributes[STATUS_CODE] = status
        if error is not None:
            attributes[ERROR_TYPE] = error
        self._http.record(seconds, attributes)

    def called(
        self,
        request: Described,
        seconds: float,
        usage: Usage,
        first_s: float | None,
        error: str | None,
    ) -> None:
        """Note a call that is over; one that asked no model is none of GenAI's.

        Args:
            request: What was asked.
            seconds: It took.
            usage: LLM tokens, as far as the answer says them.
            first_s: To the first content of its stream; None: it has none.
            error: Its `error.type`; None: it was answered.
        """
        if request.operation is None:
            return
        told = {ERROR_TYPE: error} if error is not None else {}
        duration = self._inference if request.operation in INFERENCE else self._other
        duration.record(seconds, {**request.asked, **told})
        if first_s is not None:
            self._first.record(first_s, request.asked)
        for kind, count in zip(("input", "output"), usage, strict=True):
            if count is None:
                continue
            if self._tokens is not None:
                self._tokens.record(count, {**request.asked, TOKEN_TYPE: kind})
            else:
                self._counters[kind].add(count, request.asked)
