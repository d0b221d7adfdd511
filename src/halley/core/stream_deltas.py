"""Recognise the bulk of a stream without parsing it: deltas that carry content and nothing else.

Most events are as the one before but for their text, so a delta that was found plain by its bytes
lends its beginning and its end to those that follow. Where an event names its type, the beginning
says it all. What is not recognised here is parsed, so to miss one costs time and nothing else.
"""

from __future__ import annotations

from typing import Final

from halley.core.stream_formats import Reading

LINE_FEED, QUOTE = b'\n"'
"""As numbers: of a single byte, this is by far the fastest way to ask whether it is there."""
PAD: Final = b'"obfuscation":"'
"""With which OpenAI hides the length of a delta: letters and digits, others in each."""


class Deltas:
    """The plain deltas of one stream, whose events have one format.

    Attributes:
        tools: One of them was a part of a tool call.
    """

    __slots__ = ("_after", "_before", "_reading", "tools")

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._before: bytes | None = None
        self._after = b""
        self.tools = False

    def repeats(self, block: bytes) -> bool:
        """Say whether an event is as the last plain one but for its text. Nearly all pass here."""
        before = self._before
        if before is None or not block.startswith(before):
            return False
        rest = block[len(before) :]
        if LINE_FEED in rest:  # several events, or lines of one
            return False
        if not self._after:
            return rest.endswith(b"}")
        text, after, pad = rest.partition(self._after)
        if after and text and QUOTE not in text and (not pad or pad[:-2].isalnum()):
            return True
        return self._varies(rest)

    def learns(self, block: bytes) -> bool:
        """Say whether an event is a plain delta by its bytes; those that follow may be as it is."""
        reading = self._reading
        looks = reading.plain.match if reading.unplain is None else reading.plain.search
        found = looks(block)
        if found is None:
            return False
        before, rest = block[: found.end()], block[found.end() :]
        if LINE_FEED in rest:
            return False
        if reading.unplain is None:
            self._before = before
            return rest.endswith(b"}")
        if not before.startswith(b"data:") or LINE_FEED in before or reading.unplain.search(before):
            return False
        if not self._varies(rest):
            return False
        self._before = before
        self.tools |= found.lastindex is not None
        return True

    def _varies(self, rest: bytes) -> bool:
        """Say whether a delta that begins well goes on well, and note how, from its text on."""
        unplain, end = self._reading.unplain, rest.find(b'"')
        assert unplain is not None
        if end < 1 or not rest.endswith(b"}") or unplain.search(rest) is not None:
            return False
        pad = rest.find(PAD, end)
        self._after = rest[end:] if pad < 0 else rest[end : pad + len(PAD)]
        return True
