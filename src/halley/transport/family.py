"""What the bindings need of an HTTP library: its classes, and what its exceptions mean.

httpx2 and httpx are the same in shape and unrelated in class. The types named here are httpx2's;
the other family fits them by shape.
"""

from __future__ import annotations

import importlib
import socket
import ssl
from collections.abc import Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from halley.core.interrupted import Interruption
from halley.core.model import FaultKind
from halley.transport.interrupted import interrupted_class

if TYPE_CHECKING:
    import httpx2

NAMES = ("httpx2", "httpx")

FAULTS = {
    "ConnectTimeout": FaultKind.CONNECT_TIMEOUT,
    "ReadTimeout": FaultKind.READ_TIMEOUT,
    "WriteTimeout": FaultKind.WRITE_TIMEOUT,
    "PoolTimeout": FaultKind.POOL_TIMEOUT,
    "ConnectError": FaultKind.CONNECT,
    "ReadError": FaultKind.READ,
    "CloseError": FaultKind.READ,
    "WriteError": FaultKind.WRITE,
    "ProxyError": FaultKind.PROXY,
    "UnsupportedProtocol": FaultKind.UNSUPPORTED,
    "LocalProtocolError": FaultKind.MALFORMED,
    "RemoteProtocolError": FaultKind.PROTOCOL,
}
"""Exceptions of httpx and httpx2 by name, most specific first in their class order."""


class Family:
    """One HTTP library: its classes by name, loaded when the family is first used.

    `sdk` is the package whose own connection error an interrupted stream is to be as well.
    """

    def __init__(self, module: ModuleType, sdk: str | None = None) -> None:
        self.name = module.__name__
        self.module = module
        self.request_error: type[httpx2.RequestError] = module.RequestError
        self.read_timeout: type[httpx2.ReadTimeout] = module.ReadTimeout
        self.not_read: type[Exception] = module.RequestNotRead
        self.byte_stream: type[httpx2.ByteStream] = module.ByteStream
        self.headers: type[httpx2.Headers] = module.Headers
        self.response: type[httpx2.Response] = module.Response
        self.sdk = sdk

    def interrupted(self, interruption: Interruption, request: httpx2.Request) -> Exception:
        """Return the error of an answer that broke off."""
        return interrupted_class(self.name, self.sdk)(interruption, request)

    def __repr__(self) -> str:
        return f"<Family {self.name}>"


@cache
def family(name: str, sdk: str | None = None) -> Family:
    """Load a family by the name of its package, for clients of an SDK if one is given.

    Raises:
        ImportError: it is not installed.
    """
    return Family(importlib.import_module(name), sdk)


def family_of(value: object) -> Family | None:
    """Return the family that a client, transport or request belongs to, through subclasses too."""
    for base in type(value).__mro__:
        name = base.__module__.partition(".")[0]
        if name in NAMES:
            return family(name)
    return None


def fault_kind(error: BaseException) -> FaultKind:
    """Say what an exception of either family means."""
    kind = next((FAULTS[c.__name__] for c in type(error).__mro__ if c.__name__ in FAULTS), None)
    if kind is not FaultKind.CONNECT:
        return kind or FaultKind.UNKNOWN
    for cause in causes(error):
        if isinstance(cause, socket.gaierror):
            return FaultKind.DNS
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FaultKind.TLS
    return FaultKind.CONNECT


def causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what led to it, each once."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
