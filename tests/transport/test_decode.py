"""A bounded look into bodies, whatever they claim to be."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.transport.decode import PIECE_BYTES, READABLE, Unzip, look, unpacker
from halley.transport.family import family

PACKERS = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


@given(st.binary(max_size=2000), st.sampled_from(sorted(PACKERS)), st.integers(1, 2500))
def test_what_was_packed_is_read_up_to_the_limit(body: bytes, encoding: str, limit: int):
    """The start is right for every coding; `complete` is never said of a part."""
    start, complete = look(PACKERS[encoding](body), encoding, limit)
    assert start == body[:limit]
    assert complete <= (len(body) <= limit)
    assert complete or len(body) >= limit


@given(st.binary(max_size=500), st.sampled_from([*READABLE, "", "br", "zstd", "nonsense"]))
def test_any_bytes_under_any_name_never_raise(raw: bytes, encoding: str):
    """Junk gives as much as could be read, down to nothing."""
    start, _ = look(raw, encoding, 100)
    assert len(start) <= 100


def test_deflate_without_its_wrapper_is_read():
    """As some servers send it (RFC 9110 §8.4.1.2)."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = packer.compress(b"plain words") + packer.flush()
    assert look(raw, "deflate", 100) == (b"plain words", True)


def test_a_body_that_was_cut_is_not_complete():
    """What arrived is shown."""
    raw = gzip.compress(bytes(range(256)) * 100, 0)
    start, complete = look(raw[: len(raw) // 2], "gzip", 100_000)
    assert start
    assert not complete


def test_a_bomb_costs_no_more_than_the_limit():
    """100 MB in 100 KB: the memory taken is that of the limit."""
    bomb = gzip.compress(bytes(100 << 20), 1)
    tracemalloc.start()
    start, complete = look(bomb, "gzip", 256 << 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (len(start), complete) == (256 << 10, False)
    assert peak < 2 << 20


@given(st.binary(max_size=5000), st.integers(1, 40))
def test_a_packed_stream_is_seen_chunk_by_chunk(body: bytes, size: int):
    """However it is cut, the pieces add up to the body."""
    raw, unzip, seen = gzip.compress(body), Unzip("gzip"), b""
    for at in range(0, len(raw), size):
        seen += b"".join(unzip.pieces(raw[at : at + size]))
    assert seen == body


@pytest.mark.parametrize("name", ["httpx2", "httpx"])
@given(body=st.binary(max_size=5000), size=st.integers(1, 40))
def test_a_stream_in_brotli_is_seen_chunk_by_chunk(name: str, body: bytes, size: int):
    """With the decoders of both HTTP libraries, which give bytes or an iterator of them."""
    raw, seen = pytest.importorskip("brotli").compress(body), b""
    unpack = unpacker(family(name), "br")
    assert unpack is not None
    for at in range(0, len(raw), size):
        seen += b"".join(unpack.pieces(raw[at : at + size]))
    assert (seen, unpack.damaged) == (body, False)


@pytest.mark.parametrize("name", ["httpx2", "httpx"])
@pytest.mark.parametrize("encoding", ["", "identity", "snappy", "nonsense"])
def test_there_is_no_decoder_for_nothing_and_for_the_unknown(name: str, encoding: str):
    """Nobody is told that a body is plain that is not."""
    assert unpacker(family(name), encoding) is None


@pytest.mark.parametrize("name", ["httpx2", "httpx"])
def test_a_bomb_in_brotli_unfolds_a_little_at_a_time(name: str):
    """A gibibyte in a kilobyte: no piece of it is above sixteen mebibytes."""
    bomb = pytest.importorskip("brotli").compress(bytes(256 << 20), quality=5)
    unpack = unpacker(family(name), "br")
    assert unpack is not None
    sizes = [len(piece) for piece in unpack.pieces(bomb[:64])]
    assert sum(sizes) >= 1 << 20
    assert max(sizes) <= 16 << 20


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_nothing_stays_behind_in_the_decoder(size: int):
    """A chunk that unfolds to exactly one piece is all there, and to several as well."""
    assert b"".join(Unzip("gzip").pieces(gzip.compress(b"a" * size))) == b"a" * size


@pytest.mark.parametrize("wrap", [zlib.MAX_WBITS, -zlib.MAX_WBITS], ids=["zlib", "bare"])
def test_deflate_is_read_with_and_without_its_wrapper(wrap: int):
    """Some servers leave it out."""
    pack = zlib.compressobj(wbits=wrap)
    raw = pack.compress(b"data: 1") + pack.flush()
    assert b"".join(Unzip("deflate").pieces(raw)) == b"data: 1"


def test_a_bomb_that_passes_is_unpacked_in_pieces():
    """None of them stays."""
    bomb = gzip.compress(bytes(100 << 20), 1)
    tracemalloc.start()
    assert sum(map(len, Unzip("gzip").pieces(bomb))) == 100 << 20
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 << 20


@pytest.mark.parametrize("junk", [b"junk", b"\x1f\x8b\x08" + b"\xff" * 40])
def test_a_damaged_stream_shows_nothing(junk: bytes):
    """It says so, and does not raise."""
    unzip = Unzip("gzip")
    assert list(unzip.pieces(junk + junk)) == []
    assert unzip.damaged
