"""What a call tells whoever traces it: that it began, every send, and as a sink every decision.

A trace is made for one call and is that call's sink: where a record is written, an attempt has
ended. Nothing of this exists unless the policy asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from halley.core.model import Request
from halley.drivers.session import Sink


class Trace(Sink, Protocol):
    """One call that is traced, and the sink of its records."""

    def sending(self) -> AbstractContextManager[Mapping[str, str]]:
        """Enclose one send; the value is the header fields that pass the trace on."""


class Tracing(Protocol):
    """What traces the calls of a client."""

    def begin(self, describe: Callable[[], Request], within: Sink) -> Trace:
        """Begin a call, whose records go to the sink within besides."""
