"""What a watched stream costs: CPU microseconds per chunk, beside the bare client's.

An in-process transport hands over a stream of one event a chunk, in each of the four formats (chat
also with the padding of OpenAI's own) and as audio, and the client reads it raw. Bare httpx2 and
halley above it take turns in one process, pinned to one core if the system allows it; what halley
adds is the difference within the same round. The cost of the call itself is part of it and is
spread over its chunks, of which there are enough for what is kept of them to be packed.

    python benchmarks/stream_overhead.py [--rounds 20] [--streams 3] [--chunks 2000] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from typing import Any

import httpx2

import halley
from measuring import Block, async_block, measured, pinned, sync_block

ROOT = "https://api.cometapi.com"
HEADERS = {"authorization": "Bearer " + "k" * 48, "content-type": "application/json"}
TARGET_US = 5.0
WORD = " comet"
PAD_CHARS = 16

Json = dict[str, Any]


def event(value: Json, name: str = "") -> bytes:
    """One server-sent event."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(value, separators=(',', ':'))}\n\n".encode()


def pad(number: int) -> Json:
    """What hides the length of a word: other letters in each event."""
    return {"obfuscation": f"{number:016x}"[number % PAD_CHARS :]}


def chat(chunks: int, *, padded: bool = False) -> list[bytes]:
    head = {"id": "chatcmpl-C8tQ2vXkLw5mYb1NfRzJpH7sDgEoA", "object": "chat.completion.chunk"}
    head |= {"created": "1764072001", "model": "gpt-5-mini", "system_fingerprint": "fp_44709d6fcb"}

    def chunk(delta: Json, finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return event({**head, "choices": [choice], **more})

    words = [chunk({"content": WORD}, **(pad(n) if padded else {})) for n in range(chunks)]
    return [chunk({"role": "assistant"}), *words, chunk({}, "stop"), b"data: [DONE]\n\n"]


def chat_padded(chunks: int) -> list[bytes]:
    return chat(chunks, padded=True)


def responses(chunks: int) -> list[bytes]:
    item = {"item_id": "msg_68af4030baa48193b0b43b4c2a176a1a05438e46b5f69a3b", "output_index": 0}
    head = event({"type": "response.created", "response": {"id": "resp_1"}}, "response.created")
    kind = "response.output_text.delta"
    delta = {"type": kind, **item, "content_index": 0, "delta": WORD, "logprobs": []}
    deltas = [event({**delta, "sequence_number": n, **pad(n)}, kind) for n in range(chunks)]
    end = {"type": "response.completed", "response": {"id": "resp_1", "usage": None}}
    return [head, *deltas, event(end, "response.completed")]


def messages(chunks: int) -> list[bytes]:
    kind = "content_block_delta"
    delta = {"type": kind, "index": 0, "delta": {"type": "text_delta", "text": WORD}}
    stop = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    return [
        event(
            {"type": "message_start", "message": {"usage": {"input_tokens": 9}}}, "message_start"
        ),
        *[event(delta, kind)] * chunks,
        event({**stop, "usage": {"output_tokens": chunks}}, "message_delta"),
        event({"type": "message_stop"}, "message_stop"),
    ]


def gemini(chunks: int) -> list[bytes]:
    def chunk(number: int, finish: Json) -> bytes:
        said = {"content": {"parts": [{"text": WORD}], "role": "model"}, **finish, "index": 0}
        usage = {"promptTokenCount": 8, "candidatesTokenCount": number}
        return event({"candidates": [said], "usageMetadata": usage, "modelVersion": "gemini-2.5"})

    return [*(chunk(n, {}) for n in range(chunks)), chunk(chunks, {"finishReason": "STOP"})]


def audio(chunks: int) -> list[bytes]:
    return [bytes(200)] * chunks


STREAMS = {
    "chat": ("/v1/chat/completions", chat),
    "padded": ("/v1/chat/completions", chat_padded),
    "responses": ("/v1/responses", responses),
    "messages": ("/v1/messages", messages),
    "gemini": ("/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", gemini),
    "audio": ("/v1/audio/speech", audio),
}


def transport(chunks: list[bytes], kind: str, *, is_async: bool) -> Any:
    """A transport that answers every request with these chunks."""
    headers = {"content-type": kind}

    class Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
        def __iter__(self) -> Any:
            yield from chunks

        async def __aiter__(self) -> Any:
            for chunk in chunks:
                yield chunk

    class Sync(httpx2.BaseTransport):
        def handle_request(self, _request: object) -> Any:
            return httpx2.Response(200, headers=headers, stream=Body())

    class Async(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, _request: object) -> Any:
            return httpx2.Response(200, headers=headers, stream=Body())

    return Async() if is_async else Sync()


def reading(client: Any, path: str, loop: asyncio.AbstractEventLoop | None) -> Block:
    """Blocks of streams, each read raw to its end."""
    asked = {"url": ROOT + path, "content": b'{"stream":true}', "headers": HEADERS}

    def read() -> None:
        with client.stream("POST", **asked) as response:
            for _ in response.iter_raw():
                pass

    async def aread() -> None:
        async with client.stream("POST", **asked) as response:
            async for _ in response.aiter_raw():
                pass

    return sync_block(read) if loop is None else async_block(loop, aread)


def variants(chunks: int, loop: asyncio.AbstractEventLoop | None) -> dict[str, tuple[Block, str]]:
    """The bare client and halley's, for each stream; in threads without a loop."""
    bare, ours = (
        (httpx2.Client, halley.Client) if loop is None else (httpx2.AsyncClient, halley.AsyncClient)
    )
    found: dict[str, tuple[Block, str]] = {}
    for name, (path, make) in STREAMS.items():
        kind = "audio/mpeg" if name == "audio" else "text/event-stream"
        for client in (bare, ours):
            played = transport(make(chunks), kind, is_async=loop is not None)
            label = f"{name} {'halley' if client is ours else 'bare'}"
            base = f"{name} bare" if client is ours else ""
            found[label] = (reading(client(transport=played), path, loop), base)
    return found


def rows(figures: dict[str, list[float]], chunks: int, colour: str) -> list[dict[str, Any]]:
    """Per stream: microseconds per chunk of both, and what halley adds within a round."""
    found = []
    for name in STREAMS:
        bare = [figure / chunks for figure in figures[f"{name} bare"]]
        ours = [figure / chunks for figure in figures[f"{name} halley"]]
        added = [mine - theirs for mine, theirs in zip(ours, bare, strict=True)]
        ratio = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
        found.append(
            {
                "colour": colour,
                "stream": name,
                "bare_us": bare,
                "halley_us": ours,
                "added_us": added,
                "ratio": statistics.median(ratio),
            }
        )
    return found


def table(found: list[dict[str, Any]]) -> str:
    """The rows for a person: medians, with the quartiles of what is added."""
    heads = f"{'':6} {'stream':10} {'bare µs':>8} {'halley µs':>10} {'adds µs':>8}"
    lines = [f"{heads} {'quartiles':>13} {'ratio':>6}"]
    for row in found:
        low, middle, high = statistics.quantiles(row["added_us"], n=4)
        bare, ours = statistics.median(row["bare_us"]), statistics.median(row["halley_us"])
        lines.append(
            f"{row['colour']:6} {row['stream']:10} {bare:8.2f} {ours:10.2f} {middle:8.2f} "
            f"{f'{low:.2f} .. {high:.2f}':>13} {row['ratio']:6.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--streams", type=int, default=3, help="streams per variant and round")
    parser.add_argument("--chunks", type=int, default=2000, help="chunks per stream")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    pinned()
    loop = asyncio.new_event_loop()
    found = []
    for colour, runner in (("sync", None), ("async", loop)):
        measure = measured(
            variants(options.chunks, runner), rounds=options.rounds, calls=options.streams
        )
        found += rows(measure, options.chunks, colour)
    print(json.dumps(found) if options.json else table(found))
    if not options.json:
        print(f"target: halley adds at most {TARGET_US:g} µs per chunk")


if __name__ == "__main__":
    main()
