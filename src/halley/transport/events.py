"""One event stream on its way to the caller: what it said, what was held back, when it must go on.

What it says is the observer's affair; here is what has to do with time, chunks and compression. The
bytes stay as they came, except for three things. A key that an error echoes is masked, in the chunk
that makes it an error. Two are kept from the caller: a `[DONE]` after an answer that is not whole,
which SDKs take for the end and would never learn of the interruption; and an event that is no JSON
object, at which SDKs raise a bare error of Python's.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable

from halley.core.effects import StreamEnd
from halley.core.model import Fault, FaultKind, Outcome, Reply, StreamState
from halley.core.stream_terms import StreamTerms
from halley.core.streams import Observer
from halley.transport.decode import Unpacker

TIMEOUTS = (FaultKind.READ_TIMEOUT, FaultKind.POOL_TIMEOUT)
DONE = re.compile(rb"^data:[ \t]*\[DONE\]", re.MULTILINE)


class EventStream:
    """An event stream, from its head to its end.

    Attributes:
        held: Chunks that were read and not delivered yet.
        content_at: When the first content came; None: none has.
        lied: It said `[DONE]`, and the answer is not whole.
    """

    __slots__ = (
        "_deadline",
        "_finished",
        "_head",
        "_held_bytes",
        "_idle_s",
        "_looked_at",
        "_mask",
        "_now",
        "_stall",
        "_until",
        "_unzip",
        "content_at",
        "held",
        "lied",
        "observer",
        "terms",
    )

    def __init__(
        self,
        head: Reply,
        observer: Observer,
        terms: StreamTerms,
        now: Callable[[], float],
        stall: Callable[[str], Exception],
        *,
        mask: Callable[[bytes], bytes],
        sent_at: float,
        deadline: float,
        unzip: Unpacker | None,
    ) -> None:
        self._head = head
        self.observer = observer
        self.terms = terms
        self.held: deque[bytes] = deque()
        self.content_at: float | None = None
        self.lied = False
        self._held_bytes = 0
        self._idle_s = terms.content_idle_s
        self._looked_at = sent_at
        self._now = now
        self._stall = stall
        self._mask = mask
        self._unzip = unzip
        self._deadline = deadline
        self._finished = False
        self._until = self._at_most(sent_at, terms.first_content_s)

    def look(self, chunk: bytes) -> bytes:
        """Return what of the next chunk may reach the caller: all of it, or what precedes a lie.

        Raises:
            httpx.ReadTimeout: it came too late.
        """
        observer = self.observer
        before = observer.content
        if self._unzip is None:
            observer.feed(chunk)
        else:
            self._feed_unzipped(self._unzip, chunk)
        self._looked_at = now = self._now()
        if now > self._deadline:
            raise self._stall("the deadline passed while the body was arriving")
        if observer.finished:
            self._finish(now)
        elif observer.content != before:
            self._goes_on(now)
        elif now > self._until:
            raise self._stall("no content for too long, though something came")
        if observer.done or observer.error is not None:
            return self._fit_to_see(chunk)
        return chunk

    def _feed_unzipped(self, unzip: Unpacker, chunk: bytes) -> None:
        for piece in unzip.pieces(chunk):
            self.observer.feed(piece)
        if unzip.damaged:
            self.observer.judged = False

    def _goes_on(self, now: float) -> None:
        """Note that content came, and when the next is due."""
        if self.content_at is None:
            self.content_at = now
        idle_s = self._idle_s
        self._until = self._deadline if idle_s is None else self._at_most(now, idle_s)

    def _fit_to_see(self, chunk: bytes) -> bytes:
        """Return what may reach the caller of a chunk with which the stream ends, or fails."""
        observer = self.observer
        if observer.done and observer.judged and not observer.finished:
            self.lied = True
            return self._before_the_lie(chunk)
        if observer.damaged:
            return self._before_the_damage(chunk)
        return chunk if observer.error is None else self._without_keys(chunk)

    def hold(self, chunk: bytes, bytes_max: int) -> bool:
        """Hold a chunk back; say whether that is enough: the answer has begun, or will not come.

        Raises:
            httpx.ReadTimeout: as `look`.
        """
        if part := self.look(chunk):
            self.held.append(part)
            self._held_bytes += len(part)
        over = self.lied or self.observer.error is not None
        if over or self.observer.finished or self._held_bytes > bytes_max:
            return True
        if self._unzip is not None and self._unzip.damaged:
            return True
        since_s = 0.0 if self.content_at is None else self._now() - self.content_at
        return self.terms.releases(self.observer.content, since_s)

    def asked(self) -> bool:
        """The caller asks for more; say whether there may be any.

        The time that he took does not count as silence.
        """
        if self._until < self._deadline:
            took_s = self._now() - self._looked_at
            self._until = min(self._until + took_s, self._deadline)
        return not self.lied and self.observer.error is None

    @property
    def counted(self) -> bytes:
        """What the record of a call may read of the stream: the tokens it counted."""
        usage = self.observer.usage
        return b"" if usage is None else json.dumps(dict(usage)).encode()

    def read_s(self, own_s: float | None) -> float:
        """Return how long the next read may take, `own_s` being the client's own limit."""
        left_s = self._until - self._now()
        limits = [left_s, *(one for one in (own_s, self.terms.idle_s) if one is not None)]
        return max(min(limits), 0.001)

    def beginning(self, shown: bytes, *, ended: bool) -> Reply:
        """Describe the stream as an outcome, of which nothing was delivered yet.

        Args:
            shown: The decoded start of what is held.
            ended: Nothing follows.
        """
        observer = self.observer
        if ended:
            observer.end()
        if observer.error is not None:
            return self._said(observer.error, StreamState.FAILED)
        if self.lied or (ended and observer.judged and not observer.finished):
            return self._said(shown, StreamState.INTERRUPTED)
        if ended or (observer.finished and not observer.content):
            return self._said(shown, None)
        return self._head._replace(content_at=self.content_at)

    def ending(self, fault: FaultKind | None) -> StreamEnd:
        """Say how the stream ended, by itself or by a fault."""
        observer = self.observer
        if fault is None:
            observer.end()
        if observer.error is not None:
            return _broken(self._said(observer.error, StreamState.FAILED))
        if observer.finished:
            return StreamEnd(stream=StreamState.COMPLETE)
        if fault is not None:
            return _broken(Fault(fault, state_of(fault)))
        if observer.judged:
            return _broken(Fault(FaultKind.PROTOCOL, StreamState.INTERRUPTED))
        return StreamEnd()

    def closing(self) -> StreamEnd:
        """Say how the stream ended by the caller's hand."""
        if self.observer.error is not None or self.observer.finished:
            return self.ending(None)
        return StreamEnd(stream=StreamState.CLOSED)

    def _said(self, body: bytes, state: StreamState | None) -> Reply:
        return self._head._replace(body=body, complete=True, stream=state)

    def _finish(self, now: float) -> None:
        """Give the rest of the body a little time: usage, `[DONE]`, the end of the connection."""
        if not self._finished:
            self._finished = True
            self.content_at = self.content_at or (now if self.observer.content else None)
            self._until = self._at_most(now, self.terms.finish_grace_s)
        elif now > self._until:
            raise self._stall("the stream stayed open after its finish")

    def _at_most(self, now: float, seconds: float | None) -> float:
        return self._deadline if seconds is None else min(now + seconds, self._deadline)

    def _before_the_lie(self, chunk: bytes) -> bytes:
        """Cut a chunk off before its `[DONE]`; one that cannot be read as it is is kept whole."""
        found = DONE.search(chunk) if self._unzip is None else None
        return b"" if found is None else chunk[: found.start()]

    def _before_the_damage(self, chunk: bytes) -> bytes:
        """Cut a chunk off before its damaged event; one that begins with it is kept whole."""
        at = -1 if self._unzip is not None else chunk.find(self.observer.error or b"")
        before = -1 if at < 0 else chunk.rfind(b"\n\n", 0, at)
        return b"" if before < 0 else chunk[: before + 2]

    def _without_keys(self, chunk: bytes) -> bytes:
        """Mask what an error event echoes; a compressed one that echoes a key is kept whole."""
        if self._unzip is None:
            return self._mask(chunk)
        error = self.observer.error or b""
        return chunk if self._mask(error) == error else b""


def _broken(outcome: Outcome) -> StreamEnd:
    return StreamEnd(outcome, outcome.stream)


def state_of(fault: FaultKind) -> StreamState:
    """Return how a stream ended by a fault."""
    return StreamState.STALLED if fault in TIMEOUTS else StreamState.INTERRUPTED
