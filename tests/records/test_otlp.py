"""Spans over a socket: the exporter of the SDK, and a receiver that reads its protobuf."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from halley.simulator import Simulator, serve
from halley.simulator.script import fail, script

PROGRAM = """
import asyncio, sys
import halley, openai
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

receiver, upstream, colour = sys.argv[1:]
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{receiver}/v1/traces")))
trace.set_tracer_provider(provider)
policy = halley.Policy(telemetry="otel", backoff="full_jitter", backoff_base_s=0.01)
kind = openai.OpenAI if colour == "threads" else openai.AsyncOpenAI
client = halley.protect(kind(base_url=upstream, api_key="sk-" + "k" * 48), policy)
ask = dict(model="gpt-5-mini", messages=[{"role": "user", "content": "a secret prompt"}])

def threads():
    client.chat.completions.create(**ask)
    for _ in client.chat.completions.create(**ask, stream=True):
        pass

async def loop():
    await client.chat.completions.create(**ask)
    async for _ in await client.chat.completions.create(**ask, stream=True):
        pass
    await client.close()

with trace.get_tracer("program").start_as_current_span("program"):
    threads() if colour == "threads" else asyncio.run(loop())
provider.shutdown()
"""


class Receiver(ThreadingHTTPServer):
    """Takes OTLP over HTTP, and keeps what it read."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[bytes] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self) -> list[Any]:
        """Every span it was sent."""
        parsed = [ExportTraceServiceRequest.FromString(body) for body in self.bodies]
        return [
            span
            for request in parsed
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


class Handler(BaseHTTPRequestHandler):
    """One export."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        packed = self.headers.get("content-encoding") == "gzip"
        self.server.bodies.append(gzip.decompress(body) if packed else body)
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A collector on loopback."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attributes(span: Any) -> dict[str, Any]:
    """The attributes of a span, as they were sent."""
    values = {a.key: a.value for a in span.attributes}
    return {n: getattr(v, v.WhichOneof("value")) for n, v in values.items()}


@pytest.mark.parametrize("colour", ["threads", "asyncio"])
def test_a_program_of_the_openai_sdk_is_seen_by_a_collector(receiver: Receiver, colour: str):
    """Two calls, the first of which needed a second attempt, under the program's own span."""
    simulator = Simulator(profile="calm", seed=1, script=script(fail(503)))
    with serve(simulator) as upstream:
        argv = [sys.executable, "-c", PROGRAM, receiver.url, upstream.base_url, colour]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=100)
    assert (done.stderr, done.returncode) == ("", 0)
    spans = receiver.spans()
    (program,) = [span for span in spans if span.name == "program"]
    calls = [span for span in spans if span.parent_span_id == program.span_id]
    assert [call.name for call in calls] == ["chat gpt-5-mini"] * 2
    assert {span.kind for span in spans if span is not program} == {3}
    first, streamed = (
        [span for span in spans if span.parent_span_id == call.span_id] for call in calls
    )
    told = [attributes(span) for span in first]
    assert [t.get("http.request.resend_count") for t in told] == [None, 1]
    assert [t.get("error.type") for t in told] == ["503", None]
    assert len(streamed) == 1
    assert attributes(calls[1])["gen_ai.request.stream"] is True
    assert attributes(calls[0])["gen_ai.usage.input_tokens"] > 0
    for span in spans:
        assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano
        assert span.trace_id == program.trace_id
    assert not any(b"a secret prompt" in body for body in receiver.bodies)
    assert not any(b"kkkkkkkkkk" in body for body in receiver.bodies)
