"""Faults: no answer, or not all of it.

Before the first byte of the request nothing can have been bought; after it, anybody's guess.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_HTTPX: Final = "httpx and httpx2 exception classes, read 2026-11"

ROWS: Final = (
    Row(
        "transport.unsupported",
        Kind.WRONG_PATH,
        f"{_HTTPX}: UnsupportedProtocol; a scheme does not heal by waiting",
        labels=("@fault.unsupported",),
        origin=Origin.CLIENT,
    ),
    Row(
        "transport.malformed",
        Kind.INVALID_REQUEST,
        f"{_HTTPX}: LocalProtocolError; most often a key that was read with its line break",
        labels=("@fault.malformed",),
        origin=Origin.CLIENT,
    ),
    Row(
        "transport.tls",
        Kind.CONNECTION,
        "failsafe-go failsafehttp, 2026: a certificate does not heal by waiting",
        labels=("@fault.tls",),
        action=Action.STOP,
        origin=Origin.CLIENT,
    ),
    Row(
        "transport.stream_cut",
        Kind.STREAM_CUT,
        "grpc/proposal A6: past the commit point a retry is the caller's choice",
        labels=("@fault.read", "@fault.read_timeout", "@fault.protocol", "@fault.unknown"),
        needs=("@partial",),
        origin=Origin.CLIENT,
    ),
    Row(
        "transport.timeout",
        Kind.TIMEOUT,
        "CometAPI docs, error codes and retry strategy, 2026-11: timeouts are retried",
        labels=(
            "@fault.connect_timeout",
            "@fault.read_timeout",
            "@fault.write_timeout",
            "@fault.pool_timeout",
        ),
        scope=Scope.SERVICE,
        origin=Origin.CLIENT,
    ),
    Row(
        "transport.connection",
        Kind.CONNECTION,
        "openai-python@e43b422 APIConnectionError",
        needs=("@fault",),
        origin=Origin.CLIENT,
    ),
)
