"""Spans and metrics of calls, as the OpenTelemetry SDK gets them."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry import baggage, context, metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider, sampling
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import halley
from halley.records.conventions import LATEST_GENAI, OPT_IN
from tests.lines import CHAT, JSON, QUICK, Answer, Line, failing, fault, stream
from tests.records.test_canary import CANARIES, KEY_HEADERS, ask, leaked
from tests.records.test_hooks import BEGUN
from tests.transport.test_watch import LEFT

TRACED = QUICK.override({"telemetry": "otel"})
CONTENT = b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n'
USED = b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":5,"completion_tokens":7}}'

SAMPLED = 0x01
"""The flag of `traceparent`; others may stand beside it."""


class Switch(sampling.Sampler):
    """Samples everything, or does what a test says."""

    def __init__(self) -> None:
        self.answer: Any = sampling.ALWAYS_ON

    def should_sample(self, *args: Any, **named: Any) -> sampling.SamplingResult:
        return self.answer.should_sample(*args, **named)

    def get_description(self) -> str:
        return "switch"


SWITCH = Switch()


@pytest.fixture(scope="session")
def sdk() -> tuple[InMemorySpanExporter, InMemoryMetricReader]:
    """The SDK as a program sets it up: once in a process, for all tests of this one."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider(sampler=SWITCH)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    return exporter, reader


class Told:
    """What was exported since the test began."""

    def __init__(self, exporter: InMemorySpanExporter, reader: InMemoryMetricReader) -> None:
        self._exporter = exporter
        self._reader = reader

    @property
    def spans(self) -> list[ReadableSpan]:
        """In the order in which they ended."""
        return list(self._exporter.get_finished_spans())

    def call(self) -> tuple[ReadableSpan, list[ReadableSpan]]:
        """The only call, and its attempts in order; it ends last and each is its child."""
        *attempts, call = self.spans
        assert all(a.parent is not None for a in attempts)
        assert all(a.parent.span_id == call.context.span_id for a in attempts)
        return call, attempts

    def points(self, name: str) -> list[Any]:
        """The data points of a metric, of all tests so far."""
        data = self._reader.get_metrics_data()
        found = [
            metric.data.data_points
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
        ]
        return [point for points in found for point in points]


@pytest.fixture
def told(sdk: tuple[InMemorySpanExporter, InMemoryMetricReader]) -> Iterator[Told]:
    """Nothing exported yet."""
    sdk[0].clear()
    yield Told(*sdk)
    SWITCH.answer = sampling.ALWAYS_ON


def seen(span: ReadableSpan, *left_out: str) -> dict[str, Any]:
    """The attributes of a span."""
    return {n: v for n, v in (span.attributes or {}).items() if n not in left_out}


def test_a_retry_and_the_success_after_it(line: Line, told: Told):
    """One span over both attempts, one for each; the resend is counted, the error is its own."""
    caller = line.client(failing(503), Answer(chunks=(USED,)), policy=TRACED)
    caller.post(CHAT + "?secret=1")
    call, (first, second) = told.call()
    server = {"server.address": "api.cometapi.com", "server.port": 443}
    http = {"http.request.method": "POST", "url.full": CHAT, **server}
    assert call.name == "chat gpt-5-mini"
    assert len(seen(call)["halley.call_id"]) == 12
    assert seen(call, "halley.call_id") == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.usage.input_tokens": 5,
        "gen_ai.usage.output_tokens": 7,
        "halley.attempts": 2,
        **server,
    }
    assert (first.name, second.name) == ("POST", "POST")
    assert seen(first, "halley.wait_s", "halley.rule") == {
        **http,
        "http.response.status_code": 503,
        "error.type": "503",
        "halley.action": "retry",
        "halley.kind": "overloaded",
    }
    assert seen(second) == {
        **http,
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "halley.action": "ok",
    }
    assert {span.kind for span in told.spans} == {SpanKind.CLIENT}
    statuses = [span.status.status_code for span in (call, first, second)]
    assert statuses == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.UNSET]


def test_a_plain_success_is_told_of_as_well(line: Line, told: Told):
    """It is delivered at once, without the engine's steps."""
    headers = {**JSON, "content-length": str(len(USED))}
    line.client(Answer(chunks=(USED,), headers=headers), policy=TRACED).post()
    call, (attempt,) = told.call()
    assert seen(call)["gen_ai.usage.output_tokens"] == 7
    assert seen(attempt)["http.response.status_code"] == 200


def test_spans_last_as_long_as_what_they_tell(line: Line, told: Told):
    """A call encloses its attempts, one after the other, in the time that really passed."""
    before = time.time_ns()
    line.client(failing(503), policy=TRACED.override({"attempts": 3})).post()
    after = time.time_ns()
    call, attempts = told.call()
    moments = [before, call.start_time]
    for attempt in attempts:
        moments += [attempt.start_time, attempt.end_time]
    moments += [call.end_time, after]
    assert moments == sorted(moments)
    assert [seen(a).get("http.request.resend_count") for a in attempts] == [None, 1, 2]


def test_a_call_that_is_given_up(line: Line, told: Told):
    """The kind on the call, the status on the attempt, and why there is no next one."""
    line.client(failing(400), policy=TRACED).post()
    call, (attempt,) = told.call()
    assert seen(call)["error.type"] == "invalid_request"
    assert seen(call)["halley.stop_reason"] == "final"
    assert call.status.status_code is StatusCode.ERROR
    assert call.status.description is None
    assert seen(attempt)["error.type"] == "400"


def test_a_fault_is_named_and_not_told_as_an_exception(line: Line, told: Told):
    """Its text may be anything; no event carries it."""
    caller = line.client(fault("ReadTimeout"), policy=TRACED.override({"attempts": 1}))
    with pytest.raises(line.error("ReadTimeout")):
        caller.post()
    call, (attempt,) = told.call()
    assert (seen(call)["error.type"], seen(attempt)["error.type"]) == ("timeout", "read_timeout")
    assert "http.response.status_code" not in seen(attempt)
    assert [span.events for span in told.spans] == [(), ()]


def test_a_stream_ends_its_spans_with_its_last_byte(line: Line, told: Told):
    """While it is open nothing is over."""
    usage = b'data: {"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n'
    chunks = (CONTENT, usage, b"data: [DONE]\n\n")
    opened = line.client(stream(*chunks), policy=TRACED).open(json={"model": "m", "stream": True})
    assert told.spans == []
    opened.rest()
    opened.close()
    call, (attempt,) = told.call()
    assert seen(call)["gen_ai.request.stream"] is True
    assert seen(call)["gen_ai.usage.output_tokens"] == 2
    assert 0 <= seen(call)["gen_ai.response.time_to_first_chunk"] < 60
    assert seen(attempt)["halley.stream"] == "complete"
    assert attempt.end_time <= call.end_time
    first = told.points("gen_ai.client.operation.time_to_first_chunk")
    assert matching(first, gen_ai__request__model="m")


@LEFT
def test_a_stream_that_nobody_holds_ends_its_spans(line: Line, told: Told):
    """Whenever it is collected."""
    opened = line.client(stream(CONTENT, CONTENT), policy=TRACED).open()
    del opened
    gc.collect()
    call, (attempt,) = told.call()
    assert seen(attempt)["http.response.status_code"] == 200
    assert call.end_time >= attempt.end_time


def test_a_stream_that_breaks_is_an_error_of_the_call(line: Line, told: Told):
    """Status 200, and yet."""
    opened = line.client(stream(BEGUN, error="ReadError"), policy=TRACED).open()
    with pytest.raises(line.error("RequestError")):
        opened.rest()
    opened.close()
    call, (attempt,) = told.call()
    assert (seen(call)["error.type"], seen(attempt)["error.type"]) == ("stream_cut", "read")
    assert seen(call)["halley.stop_reason"] == "committed"


@LEFT
def test_a_stream_that_is_closed_early_is_over(line: Line, told: Told):
    """The caller had enough: no error."""
    opened = line.client(stream(), policy=TRACED).open()
    opened.next()
    opened.close()
    call, (attempt,) = told.call()
    assert "error.type" not in seen(call) | seen(attempt)


def test_an_interrupted_call_ends_its_spans(told: Told):
    """In the send and in the wait after it: nothing stays open."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with Line("httpx2", "threads") as line, pytest.raises(KeyboardInterrupt):
        line.client(Answer(before=interrupt), policy=TRACED).post()
    call, (attempt,) = told.call()
    assert (seen(call)["error.type"], seen(attempt)["error.type"]) == ("cancelled", "cancelled")


def test_a_call_that_is_cancelled_while_it_waits(told: Told, monkeypatch: pytest.MonkeyPatch):
    """Its attempt was over, and is told of once."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("halley.drivers.clock.Clock.sleep", interrupt)
    with Line("httpx2", "threads") as line, pytest.raises(KeyboardInterrupt):
        line.client(failing(503), policy=TRACED).post()
    call, attempts = told.call()
    assert len(attempts) == 1
    assert seen(call)["halley.stop_reason"] == "cancelled"


def test_the_trace_goes_to_the_server_and_baggage_does_not(line: Line, told: Told):
    """Each attempt passes on itself; the caller's own request is not touched."""
    carried = context.attach(baggage.set_baggage("user", "a person"))
    try:
        caller = line.client(failing(503), Answer(), policy=TRACED)
        response = caller.post()
    finally:
        context.detach(carried)
    call, attempts = told.call()
    for sent, attempt in zip(caller.sent, attempts, strict=True):
        _, trace_id, span_id, flags = sent.headers["traceparent"].split("-")
        assert trace_id == f"{call.context.trace_id:032x}"
        assert span_id == f"{attempt.context.span_id:016x}"
        assert int(flags, 16) & SAMPLED
        assert "baggage" not in sent.headers
    assert "traceparent" not in response.request.headers


def test_a_trace_that_came_with_the_request_is_gone_on_with(line: Line, told: Told):
    """One `traceparent` reaches the server, and it is the attempt's."""
    caller = line.client(policy=TRACED)
    caller.post(headers={"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01"})
    _, (attempt,) = told.call()
    assert f"{attempt.context.span_id:016x}" in caller.sent[0].headers["traceparent"]


def test_the_parent_is_the_callers_span(line: Line, told: Told):
    """Also in an event loop, where the call runs in a task."""

    def asks() -> Any:
        tracer = trace.get_tracer("test")
        if not line.is_async:
            with tracer.start_as_current_span("mine"):
                return caller.client.post(CHAT, json={})

        async def asking() -> None:
            with tracer.start_as_current_span("mine"):
                await caller.client.post(CHAT, json={})

        return asking()

    caller = line.client(policy=TRACED)
    caller.do(asks)
    attempt, call, mine = told.spans
    assert call.parent.span_id == mine.context.span_id
    assert attempt.context.trace_id == mine.context.trace_id


def test_the_attempt_is_the_current_span_while_it_is_sent(line: Line, told: Told):
    """So that what other instrumentation sees beneath is its child; and afterwards it is not."""
    current: list[int] = []
    look = lambda: current.append(trace.get_current_span().get_span_context().span_id)  # noqa: E731
    line.client(Answer(before=look), policy=TRACED).post()
    _, (attempt,) = told.call()
    assert current == [attempt.context.span_id]
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_an_answer_of_halleys_own_has_no_attempt(line: Line, told: Told):
    """A body that preflight refuses is never sent."""
    policy = TRACED.override({"validate": "refuse"})
    assert line.client(policy=policy).post(json={"model": "gpt-5"}).status_code == 400
    call, attempts = told.call()
    assert (seen(call)["error.type"], attempts) == ("invalid_request", [])


def test_a_request_that_asks_no_model_is_a_plain_one(line: Line, told: Told):
    """Named by its method; nothing of GenAI's on it."""
    line.client(policy=TRACED).get("https://api.cometapi.com:8443/v1/files/f1?x=1")
    call, (attempt,) = told.call()
    assert (call.name, seen(call)["server.port"]) == ("GET", 8443)
    assert seen(attempt)["url.full"] == "https://api.cometapi.com:8443/v1/files/f1"
    assert not [name for name in seen(call) if name.startswith("gen_ai")]


def test_what_is_not_sampled_is_passed_on_and_not_told(line: Line, told: Told):
    """The server gets the trace with its flag off."""
    SWITCH.answer = sampling.ALWAYS_OFF
    caller = line.client(failing(503), Answer(), policy=TRACED)
    assert caller.post().status_code == 200
    assert told.spans == []
    flags = caller.sent[0].headers["traceparent"].rpartition("-")[2]
    assert not int(flags, 16) & SAMPLED


def test_a_sampler_that_fails_breaks_no_call(line: Line, told: Told):
    """Nor does a processor at the end of a span."""

    class Broken(sampling.Sampler):
        def should_sample(self, *_: Any, **__: Any) -> sampling.SamplingResult:
            raise RuntimeError("sampler")

        def get_description(self) -> str:
            return "broken"

    SWITCH.answer = Broken()
    caller = line.client(failing(503), Answer(), policy=TRACED)
    assert caller.post().status_code == 200
    assert "traceparent" not in caller.sent[0].headers


def test_off_is_the_default_and_sends_nothing_along(line: Line, told: Told):
    """An SDK that is set up is no permission to tell third parties of traces."""
    caller = line.client()
    caller.post()
    assert told.spans == []
    assert "traceparent" not in caller.sent[0].headers


def test_protect_traces_too(told: Told):
    """The other way in: every attempt is one `send` of the old client."""
    with Line("httpx2", "threads") as line:
        upstream = line.client(failing(503), Answer()).upstream
        plain = line.module.Client(transport=upstream.transport)
        halley.protect(plain, TRACED).post(CHAT, json={"model": "m"})
    _, attempts = told.call()
    sent = [each.headers["traceparent"] for each in upstream.sent]
    assert [f"{a.context.span_id:016x}" in s for a, s in zip(attempts, sent, strict=True)] == [
        *(True, True)
    ]


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
@pytest.mark.parametrize("status", [200, 401, 503])
def test_no_span_and_no_metric_holds_a_secret(told: Told, status: int):
    """No key, prompt, query, cookie or header value; of a body that echoes all that nothing."""
    with Line("httpx2", "threads") as line:

        def echo(request: Any) -> Any:
            said = f"{request.url} {dict(request.headers)} {request.content.decode()}"
            error = {"message": said, "code": said, "type": said}
            return line.module.Response(status, json={"error": error if status != 200 else None})

        transport = line.module.MockTransport(echo)
        policy = TRACED.override({"attempts": 1})
        with halley.Client(transport=transport, policy=policy) as client:
            ask(client, "/v1/chat/completions", KEY_HEADERS, stream=True)
    assert len(told.spans) == 2
    assert leaked(" ".join(span.to_json() for span in told.spans)) == set()
    assert leaked(repr(told.points("gen_ai.client.operation.duration"))) == set()


def test_a_key_in_the_path_the_model_or_the_servers_id_is_not_told(line: Line, told: Told):
    """Where none belongs, and where the server puts it."""
    key, headers = CANARIES["key"], {**JSON, "x-request-id": CANARIES["key"]}
    caller = line.client(Answer(503, (b"{}",), headers), policy=TRACED.override({"attempts": 1}))
    caller.post(f"https://a.test/{key}/v1/embeddings", json={"model": key}, headers=KEY_HEADERS)
    call, (attempt,) = told.call()
    assert {"halley.request_id", "url.full"} <= seen(attempt).keys()
    assert leaked(call.to_json() + attempt.to_json()) == set()
    embedded = matching(
        told.points("gen_ai.client.operation.duration"), gen_ai__operation__name="embeddings"
    )
    assert embedded
    assert leaked(repr(embedded)) == set()


def matching(points: list[Any], **attributes: Any) -> list[Any]:
    """The points that carry these attributes; dots are written as double underscores."""
    wanted = {name.replace("__", "."): value for name, value in attributes.items()}
    return [p for p in points if wanted.items() <= dict(p.attributes).items()]


def test_the_metrics_of_a_call(told: Told):
    """Its duration and tokens by model, every send by status, in seconds."""
    with Line("httpx2", "threads") as line:
        caller = line.client(failing(503), Answer(chunks=(USED,)), policy=TRACED)
        caller.post(json={"model": "metered"})
    (duration,) = matching(
        told.points("gen_ai.client.operation.duration"), gen_ai__request__model="metered"
    )
    assert dict(duration.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "metered",
        "server.address": "api.cometapi.com",
        "server.port": 443,
    }
    assert (duration.count, duration.explicit_bounds[-1]) == (1, 0.01 * 2**16)
    tokens = matching(told.points("gen_ai.client.token.usage"), gen_ai__request__model="metered")
    assert {dict(p.attributes)["gen_ai.token.type"]: p.sum for p in tokens} == {
        "input": 5,
        "output": 7,
    }
    sends = matching(told.points("http.client.request.duration"), error__type="503")
    assert sends
    assert all(dict(p.attributes)["http.response.status_code"] == 503 for p in sends)


def test_the_new_names_are_asked_for_by_the_environment(
    told: Told, monkeypatch: pytest.MonkeyPatch
):
    """Then the old ones are not told."""
    monkeypatch.setenv(OPT_IN, f"http,{LATEST_GENAI}")
    with Line("httpx2", "threads") as line:
        caller = line.client(Answer(chunks=(USED,)), failing(400), policy=TRACED)
        caller.post(json={"model": "newest"})
        caller.post("https://api.cometapi.com/v1/embeddings", json={"model": "newest"})
    model = {"gen_ai__request__model": "newest"}
    assert matching(told.points("gen_ai.client.inference.duration"), **model)
    (taken,) = matching(told.points("gen_ai.client.inference.usage.input_tokens"), **model)
    (given,) = matching(told.points("gen_ai.client.inference.usage.output_tokens"), **model)
    assert (taken.value, given.value) == (5, 7)
    assert matching(told.points("gen_ai.client.token.usage"), **model) == []
    (other,) = matching(told.points("gen_ai.client.operation.duration"), **model)
    assert dict(other.attributes)["gen_ai.operation.name"] == "embeddings"
    assert dict(other.attributes)["error.type"] == "invalid_request"


def test_without_the_package_the_error_names_the_extra():
    """When the client is made, and only if the policy asks for it."""
    code = (
        "import sys; sys.modules['opentelemetry'] = None\n"
        "import halley; halley.Client().close()\n"
        "try: halley.Client(policy=halley.Policy(telemetry='otel'))\n"
        "except halley.PolicyError as error: print(error)"
    )
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=dict(os.environ))
    said = "telemetry: otel needs opentelemetry-api: pip install 'halley[otel]'\n"
    assert done.stdout == said


def test_without_an_sdk_calls_go_on_and_carry_nothing():
    """The API alone traces nothing, and adds no header."""
    code = (
        "import halley, httpx2\n"
        "sent = []\n"
        "answer = lambda request: sent.append(dict(request.headers)) or httpx2.Response(400)\n"
        "policy = halley.Policy(telemetry='otel')\n"
        "halley.Client(transport=httpx2.MockTransport(answer), policy=policy).post('https://a.test/')\n"
        "assert 'traceparent' not in sent[0]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
