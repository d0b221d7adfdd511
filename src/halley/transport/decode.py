"""A bounded look into a body that may be compressed.

The caller always gets the bytes of the wire; this only makes enough of them readable for a decision
and for the record. A bomb costs no more than the limit: decompression stops there.
"""

from __future__ import annotations

import zlib

READABLE = ("identity", "gzip", "x-gzip", "deflate")
"""Content codings that `look` can read."""
GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
PIECE_BYTES = 64 * 1024


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


class Unzip:
    """Decodes a body as it passes, and keeps nothing but the end of each chunk."""

    __slots__ = ("_unzip",)

    def __init__(self) -> None:
        self._unzip = zlib.decompressobj(GZIP_OR_ZLIB)

    def end_of(self, chunk: bytes, bytes_max: int) -> bytes:
        """Return the last decoded bytes of the next chunk; damaged data give nothing.

        >>> Unzip().end_of(zlib.compress(b"x" * 100_000 + b"yz"), 3)
        b'xyz'
        """
        end = b""
        try:
            while chunk:
                end = (end + self._unzip.decompress(chunk, PIECE_BYTES))[-bytes_max:]
                chunk = self._unzip.unconsumed_tail
        except zlib.error:
            return b""
        return end


def _raw_deflate(raw: bytes, bytes_max: int) -> tuple[bytes, bool]:
    """Read `deflate` without the zlib wrapper, as some servers send it (RFC 9110 §8.4.1.2)."""
    unzip = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        decoded = unzip.decompress(raw, bytes_max)
    except zlib.error:
        return b"", False
    return decoded, unzip.eof
