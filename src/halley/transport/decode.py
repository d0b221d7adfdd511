"""A bounded look into a body that may be compressed.

The caller always gets the bytes of the wire; this only makes enough of them readable for a decision
and for the record. A bomb costs no more than the limit: decompression stops there.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from halley.transport.family import Family

PLAIN = ("", "identity")
ZIPPED = ("gzip", "x-gzip", "deflate")
READABLE = ("identity", *ZIPPED)
"""Content codings that the standard library can read."""
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
PIECE_BYTES = 64 * 1024
PACKED_BYTES = 16
"""Of brotli, fed to the HTTP library at once: 16 bytes unfold to at most 16 MiB, 1 KiB to 650."""


def look(raw: bytes, encoding: str, bytes_max: int) -> tuple[bytes, bool]:
    """Return the decoded start of a body, and whether that is all of it.

    An encoding that the standard library cannot read, and damaged data, give as much as could be
    read, down to nothing: a decision then rests on the head.

    >>> look(b'{"error": 1}', "", 5)
    (b'{"err', False)
    >>> look(zlib.compress(b"x" * 1_000_000), "deflate", 3)
    (b'xxx', False)
    """
    if not encoding or encoding == "identity":
        return raw[:bytes_max], len(raw) <= bytes_max
    if encoding not in READABLE:
        return b"", False
    unzip = zlib.decompressobj(GZIP_OR_ZLIB)
    try:
        decoded = unzip.decompress(raw, bytes_max)
    except zlib.error:
        return _raw_deflate(raw, bytes_max) if encoding == "deflate" else (b"", False)
    return decoded, unzip.eof


class Unpacker(Protocol):
    """Decodes a body as it passes, and keeps nothing of it.

    Attributes:
        damaged: What came cannot be read, and nothing more is.
    """

    damaged: bool

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the next chunk decoded, in pieces of a bounded size."""


def unpacker(family: Family, encoding: str) -> Unpacker | None:
    """Return what decodes a coding; None: there is nothing to decode, or nothing that can."""
    if encoding in PLAIN:
        return None
    return Unzip(encoding) if encoding in ZIPPED else library_unpacker(family, encoding)


def library_unpacker(family: Family, encoding: str) -> Unpacker | None:
    """Return the HTTP library's own decoder of brotli or zstd, where their packages are installed.

    Minor layering violation: no HTTP library lends its decoders, and the packages are too many.
    """
    plain, packed = (family.response(200, headers=h) for h in ({}, {"content-encoding": encoding}))
    decoder = packed._get_content_decoder()  # noqa: SLF001
    known = type(decoder) is not type(plain._get_content_decoder())  # noqa: SLF001
    return Unpack(decoder, family.request_error) if known else None


class Unpack:
    """Decodes with a decoder of an HTTP library, which gives bytes, or an iterator of them."""

    __slots__ = ("_decoder", "_error", "damaged")

    def __init__(self, decoder: Any, error: type[Exception]) -> None:  # noqa: ANN401 - of a library
        self._decoder = decoder
        self._error = error
        self.damaged = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the next chunk decoded."""
        for at in range(0, len(chunk), PACKED_BYTES):
            if self.damaged:
                return
            try:
                decoded = self._decoder.decode(chunk[at : at + PACKED_BYTES])
                yield from (decoded,) if isinstance(decoded, bytes) else decoded
            except self._error:
                self.damaged = True


class Unzip:
    """Decodes a body as it passes, and keeps nothing of it.

    Attributes:
        damaged: What came cannot be read, and nothing more is.
    """

    __slots__ = ("_bare", "_unzip", "damaged")

    def __init__(self, encoding: str) -> None:
        self._unzip = zlib.decompressobj(GZIP_OR_ZLIB)
        self._bare = encoding == "deflate"
        self.damaged = False

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the next chunk decoded, 64 KiB at most at a time.

        >>> [len(piece) for piece in Unzip("gzip").pieces(zlib.compress(b"x" * 100_000))]
        [65536, 34464]
        """
        full = False
        while (chunk or full) and not self.damaged:
            try:
                piece = self._unzip.decompress(chunk, PIECE_BYTES)
            except zlib.error:
                self.damaged = not self._bare
                self._bare = False
                self._unzip = zlib.decompressobj(-zlib.MAX_WBITS)  # as in `_raw_deflate`
                continue
            self._bare = False
            chunk, full = self._unzip.unconsumed_tail, len(piece) == PIECE_BYTES
            if piece:
                yield piece


def _raw_deflate(raw: bytes, bytes_max: int) -> tuple[bytes, bool]:
    """Read `deflate` without the zlib wrapper, as some servers send it (RFC 9110 §8.4.1.2)."""
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        decoded = unzip.decompress(raw, bytes_max)
    except zlib.error:
        return b"", False
    return decoded, unzip.eof
