"""What a layer adds to a call that succeeds: CPU microseconds, in process, interleaved.

Every variant makes the same POST over an in-process transport that answers at once. All of them run
in one process, pinned to one core if the system allows it, a block each per round in a fresh random
order; what a variant adds is the difference to its bare client within the same round. Quote medians
and ratios: machines are noisy, and a single figure says little.

    python benchmarks/overhead.py [--rounds 40] [--calls 250] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Callable
from typing import Any

import backoff
import httpx
import httpx2
import httpx_retries
import stamina
import tenacity
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

import halley
import halley.httpx
from measuring import Block, async_block, measured, pinned, sync_block

URL = "https://api.cometapi.com/v1/chat/completions"
BODY = json.dumps({"messages": [{"role": "user", "content": "hello " * 30}], "model": "m"}).encode()
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "hello world " * 60},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
    }
).encode()
REPLY_HEADERS = [
    (b"date", b"Mon, 23 Nov 2026 14:00:00 GMT"),
    (b"content-type", b"application/json"),
    (b"content-length", str(len(ANSWER)).encode()),
    (b"connection", b"keep-alive"),
    (b"server", b"cloudflare"),
    (b"cf-ray", b"8f2c1d7a8b3e4c55-HKG"),
    (b"x-oneapi-request-id", b"2026062409153045678901AbCdEfGh"),
    (b"x-request-id", b"req_0123456789"),
]
REQUEST_HEADERS = {"authorization": "Bearer " + "k" * 48, "content-type": "application/json"}
TARGET_US = 10.0
TRACED = halley.Policy(telemetry="otel")

Call = Callable[[], Any]


def transports(module: Any) -> tuple[Any, Any]:
    """In-process transports of a family: they answer like a server would, and do nothing else."""

    class Sync(module.BaseTransport):
        def handle_request(self, _request: object) -> Any:
            return module.Response(200, headers=REPLY_HEADERS, stream=module.ByteStream(ANSWER))

    class Async(module.AsyncBaseTransport):
        async def handle_async_request(self, _request: object) -> Any:
            return module.Response(200, headers=REPLY_HEADERS, stream=module.ByteStream(ANSWER))

    return Sync, Async


def post(client: Any) -> Call:
    """The call that everything is measured around."""
    return lambda: client.post(URL, content=BODY, headers=REQUEST_HEADERS)


def ignore(_event: object) -> None:
    """A hook that does nothing: what remains is the event and its delivery, in another thread."""


def sync_variants() -> dict[str, tuple[Block, str]]:
    """Each variant's block, and the name of the bare client it is compared with."""
    ours, theirs = transports(httpx2)[0], transports(httpx)[0]
    bare, old = post(httpx2.Client(transport=ours())), post(httpx.Client(transport=theirs()))
    retried = tenacity.retry(
        stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=30)
    )
    calls: dict[str, tuple[Call, str]] = {
        "httpx2": (bare, ""),
        "httpx": (old, ""),
        "halley.Client": (post(halley.Client(transport=ours())), "httpx2"),
        "halley.httpx.Client": (post(halley.httpx.Client(transport=theirs())), "httpx"),
        "halley.protect": (post(halley.protect(httpx2.Client(transport=ours()))), "httpx2"),
        "halley.Client, a hook": (post(halley.Client(transport=ours(), hooks=[ignore])), "httpx2"),
        "halley.Client, otel": (post(halley.Client(transport=ours(), policy=TRACED)), "httpx2"),
        "tenacity": (retried(bare), "httpx2"),
        "stamina": (stamina.retry(on=httpx2.HTTPError, attempts=5)(bare), "httpx2"),
        "backoff": (
            backoff.on_exception(backoff.expo, httpx2.HTTPError, max_tries=5)(bare),
            "httpx2",
        ),
        "httpx-retries": (
            post(httpx.Client(transport=httpx_retries.RetryTransport(transport=theirs()))),
            "httpx",
        ),
    }
    return {name: (sync_block(call), base) for name, (call, base) in calls.items()}


def async_variants(loop: asyncio.AbstractEventLoop) -> dict[str, tuple[Block, str]]:
    """The same in colour."""
    ours, theirs = transports(httpx2)[1], transports(httpx)[1]
    client, old = httpx2.AsyncClient(transport=ours()), httpx.AsyncClient(transport=theirs())

    async def bare() -> object:
        return await client.post(URL, content=BODY, headers=REQUEST_HEADERS)

    retried = tenacity.retry(
        stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=30)
    )
    wrapped = httpx_retries.RetryTransport(transport=theirs())
    calls: dict[str, tuple[Call, str]] = {
        "httpx2": (bare, ""),
        "httpx": (post(old), ""),
        "halley.AsyncClient": (post(halley.AsyncClient(transport=ours())), "httpx2"),
        "halley.AsyncClient, otel": (
            post(halley.AsyncClient(transport=ours(), policy=TRACED)),
            "httpx2",
        ),
        "halley.httpx.AsyncClient": (post(halley.httpx.AsyncClient(transport=theirs())), "httpx"),
        "tenacity": (retried(bare), "httpx2"),
        "stamina": (stamina.retry(on=httpx2.HTTPError, attempts=5)(bare), "httpx2"),
        "backoff": (
            backoff.on_exception(backoff.expo, httpx2.HTTPError, max_tries=5)(bare),
            "httpx2",
        ),
        "httpx-retries": (post(httpx.AsyncClient(transport=wrapped)), "httpx"),
    }
    return {name: (async_block(loop, call), base) for name, (call, base) in calls.items()}


def summary(
    variants: dict[str, tuple[Block, str]], figures: dict[str, list[float]], colour: str
) -> list[dict[str, Any]]:
    """Per variant: the median call, and the median of what it adds within a round."""
    rows = []
    for name, (_, base) in variants.items():
        row: dict[str, Any] = {"colour": colour, "variant": name, "call_us": figures[name]}
        if base:
            pairs = zip(figures[name], figures[base], strict=True)
            row |= {"base": base, "added_us": [mine - bare for mine, bare in pairs]}
        rows.append(row)
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """The rows for a person: medians, with the quartiles of what is added."""
    lines = [f"{'':6} {'variant':26} {'µs per call':>12} {'adds µs':>9} {'quartiles':>15}"]
    for row in rows:
        line = f"{row['colour']:6} {row['variant']:26} {statistics.median(row['call_us']):12.1f}"
        if "added_us" in row:
            low, middle, high = statistics.quantiles(row["added_us"], n=4)
            line += f" {middle:9.1f} {f'{low:.1f} .. {high:.1f}':>15}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--calls", type=int, default=250, help="calls per variant and round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pinned()
    trace.set_tracer_provider(TracerProvider())  # samples every span, exports none
    loop = asyncio.new_event_loop()
    rows = []
    for colour, variants in (("sync", sync_variants()), ("async", async_variants(loop))):
        figures = measured(variants, rounds=options.rounds, calls=options.calls)
        rows += summary(variants, figures, colour)
    print(json.dumps(rows) if options.json else table(rows))
    if not options.json:
        print(
            f"target: halley.Client adds at most {TARGET_US:g} µs, less than tenacity and stamina"
        )


if __name__ == "__main__":
    main()
