"""The error of an answer that broke off, whichever HTTP library carried it.

`halley.StreamInterrupted` is the class to catch. What is raised is a subclass that is also the HTTP
library's `RemoteProtocolError` (and the SDK's `APIConnectionError`, where `protect` knows the SDK),
so that handlers which were there before halley still work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from halley.core.model import History, StreamState
from halley.core.streams import ToolCall


@dataclass(frozen=True, slots=True)
class Interruption:
    """What is known of an answer that broke off; see `StreamInterrupted`."""

    state: StreamState
    history: History
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Mapping[str, int] | None = None

    @property
    def safe_to_restart(self) -> bool:
        """The decision about the last attempt allows another one."""
        decision = self.history.attempts[-1].decision
        return decision is not None and decision.retryable

    def __str__(self) -> str:
        last = self.history.attempts[-1]
        kind = f": {last.failure.kind}" if last.failure else ""
        said = f" (request id: {last.request_id})" if last.request_id else ""
        again = "starting again is safe" if self.safe_to_restart else "do not just send it again"
        return (
            f"halley: the stream {_WHAT[self.state]} after {len(self.text)} characters"
            f"{kind}, attempt {last.number}{said}; {again}"
        )


_WHAT: Mapping[StreamState, str] = {
    StreamState.INTERRUPTED: "broke off",
    StreamState.STALLED: "stalled",
    StreamState.FAILED: "failed",
}


class StreamInterrupted(Exception):  # noqa: N818 - what happened, as in the field's ReadTimeout
    """An answer of which a part may have been delivered ended before it was whole.

    Attributes:
        state: `interrupted`, `stalled` or `failed` (an error came inside the stream).
        text: The text of the first choice, as far as it came.
        tool_calls: All tool calls, as far as they came; each says whether it is `complete`.
        usage: LLM tokens by the provider's names; None: not known, and not 0.
        request_id: Of the attempt that broke off, None if it had none.
        request_ids: Of all attempts that had one, in order.
        attempt: Number of the attempt that broke off, from 1.
        safe_to_restart: The same request may be sent again: it buys nothing that is paid by the
            piece, and its failure is one that passes. The text so far is then to be thrown away.
        halley: The history of the call, as `halley.history` returns it.
    """

    def __init__(self, interruption: Interruption) -> None:
        super().__init__(str(interruption))
        self._describe(interruption)

    def _describe(self, interruption: Interruption) -> None:
        last = interruption.history.attempts[-1]
        self.state = interruption.state
        self.text = interruption.text
        self.tool_calls = interruption.tool_calls
        self.usage = interruption.usage
        self.request_id = last.request_id
        self.request_ids = tuple(
            a.request_id for a in interruption.history.attempts if a.request_id
        )
        self.attempt = last.number
        self.safe_to_restart = interruption.safe_to_restart
        self.halley = interruption.history
        self._interruption = interruption
