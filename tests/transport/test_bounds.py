"""Rule 4: how much of a body is looked at, how much is held, and that all of it arrives."""

from __future__ import annotations

import gzip
import hashlib
import tracemalloc
from collections.abc import Iterator
from functools import cache

import pytest

import halley
from halley.core.classify import classify
from halley.core.model import Reply
from halley.simulator import Simulator, Step, serve
from halley.simulator.faults import huge_error
from halley.transport.decode import PACKED_BYTES
from tests.lines import JSON, QUICK, Answer, Line

MIB = 1 << 20
ONCE = QUICK.override({"attempts": 1})


class Generated:
    """A body that is made as it is read, each time the same."""

    def __init__(self, mebibytes: int) -> None:
        self.size = mebibytes * MIB

    def __iter__(self) -> Iterator[bytes]:
        for number in range(self.size // 65536):
            yield number.to_bytes(8, "big") * 8192

    @property
    def digest(self) -> str:
        """Of the whole."""
        return digest(self)


def digest(chunks: Iterator[bytes] | Generated) -> str:
    """A hash of all chunks."""
    found = hashlib.blake2b()
    for chunk in chunks:
        found.update(chunk)
    return found.hexdigest()


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[Reply]:
    """What classification was shown."""
    seen: list[Reply] = []

    def spy(request, outcome, *args, **options):
        seen.append(outcome)
        return classify(request, outcome, *args, **options)

    monkeypatch.setattr("halley.core.call.classify", spy)
    return seen


def received(caller, **options) -> tuple[str, int]:
    """The hash of a body that is taken off the wire, and the memory it took at most."""
    tracemalloc.start()
    try:
        opened = caller.open(**options)
        found = digest(iter(opened.next, None))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    opened.close()
    return found, peak


def test_of_a_huge_error_little_is_held_and_all_arrives(line: Line, judged: list[Reply]):
    """32 MiB of error: 256 KiB are shown, some 8 MiB held, and not a byte is lost."""
    body = Generated(32)
    found, peak = received(line.client(Answer(500, body), policy=ONCE))
    assert found == body.digest
    assert [(len(reply.body), reply.complete, reply.held) for reply in judged] == [
        (256 * 1024, False, False)
    ]
    assert peak < 20 * MIB  # the limit, twice while its chunks are joined


def test_200_mb_of_error_from_a_generator():
    """The figure that was promised, once."""
    body = Generated(200)
    with Line("httpx2", "threads") as line:
        found, peak = received(line.client(Answer(500, body), policy=ONCE))
    assert found == body.digest
    assert peak < 20 * MIB


def test_200_mb_of_error_from_a_socket():
    """And once over a real connection, which can be used again after it."""
    with (
        serve(Simulator(script=[Step(huge_error(200))])) as server,
        halley.Client(policy=ONCE) as client,
    ):
        ask = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hello"}]}
        heads = {"authorization": "Bearer sk-" + "a" * 32}
        url = f"{server.base_url}/chat/completions"
        with client.stream("POST", url, json=ask, headers=heads) as response:
            size = sum(len(chunk) for chunk in response.iter_raw())
            assert size == int(response.headers["content-length"]) > 200 * MIB
        assert client.post(url, json=ask, headers=heads).status_code == 200


@pytest.mark.parametrize("status", [200, 500])
def test_a_gzip_bomb_is_not_unpacked(line: Line, judged: list[Reply], status: int):
    """A thousand to one: what is shown is 256 KiB, and what is taken little more."""
    bomb = gzip.compress(bytes(64 * MIB))
    answer = Answer(status, (bomb,), {**JSON, "content-encoding": "gzip"})
    found, peak = received(
        line.client(answer, policy=ONCE), headers={"authorization": "Bearer " + "k" * 20}
    )
    assert found == digest([bomb])
    assert all(len(reply.body) <= 256 * 1024 for reply in judged)
    assert judged or status == 200
    assert peak < 20 * MIB


def test_a_brotli_bomb_is_not_unpacked(line: Line):
    """A million to one: httpx unpacks all that it is given at once, so it is given crumbs."""
    bomb = brotli_bomb()
    answer = Answer(500, (bomb,), {**JSON, "content-encoding": "br"})
    opened = line.client(answer, policy=ONCE).open()
    assert b"".join(opened.rest()) == bomb
    opened.close()
    assert _unpacked_at_once(bomb) <= 16 * MIB


@cache
def brotli_bomb() -> bytes:
    """64 MiB of zeros in some hundred bytes."""
    return pytest.importorskip("brotli").compress(bytes(64 * MIB), quality=5)


def _unpacked_at_once(bomb: bytes) -> int:
    """The most that one piece of the size given to the library can become."""
    unpacker = pytest.importorskip("brotli").Decompressor()
    pieces = (bomb[at : at + PACKED_BYTES] for at in range(0, len(bomb), PACKED_BYTES))
    return max(len(unpacker.process(piece)) for piece in pieces)


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_what_the_library_decodes_is_read(line: Line, judged: list[Reply], coding: str):
    """Brotli and zstd, where their packages are installed."""
    pack = pytest.importorskip({"br": "brotli", "zstd": "zstandard"}[coding]).compress
    if coding not in line.module._decoders.SUPPORTED_DECODERS:
        pytest.skip(f"{line.family} cannot read {coding} here")
    body = b'{"error":{"message":"nothing here","type":"x"}}'
    line.client(
        Answer(500, (pack(body),), {**JSON, "content-encoding": coding}), policy=ONCE
    ).post()
    assert (judged[0].body, judged[0].complete) == (body, True)


def test_what_the_library_cannot_decode_is_not_taken_for_text(line: Line, judged: list[Reply]):
    """An unknown coding gives nothing to read, and the status decides."""
    answer = Answer(503, (b"\x00\x01\x02 packed",), {**JSON, "content-encoding": "snappy"})
    assert line.client(answer, policy=ONCE).post().status_code == 503
    assert (judged[0].body, judged[0].complete) == (b"", False)


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; charset=utf-8", "application/problem+json", ""]
)
def test_a_small_answer_is_held_whole(line: Line, kind: str):
    """Whatever JSON is called: the call ends before the caller has read a byte."""
    caller = line.client(Answer(headers={"content-type": kind} if kind else {}))
    opened = caller.open()
    assert caller.upstream.open == 0
    opened.close()
