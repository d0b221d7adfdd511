"""Lines of a file or a pipe, of which none is too long to be held.

Whoever reads says how long a line may be. One that is longer comes as far as shows that it is, and
the rest of it is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO


def bounded_lines(source: BinaryIO, bytes_max: int) -> Iterator[bytes]:
    r"""Yield lines with their ends; of one of more than `bytes_max` bytes, one byte more.

    >>> from io import BytesIO
    >>> list(bounded_lines(BytesIO(b"a\nlonger\nb"), 3))
    [b'a\n', b'long', b'b']
    """
    while line := source.readline(bytes_max + 1):
        yield line
        while len(line) > bytes_max and not line.endswith(b"\n"):
            line = source.readline(bytes_max + 1)
            if not line:
                return
