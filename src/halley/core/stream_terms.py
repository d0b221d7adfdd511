"""How long a stream may be silent, and how much of it is held back before it is delivered.

Until something is delivered an event stream can be sent for again; from then on it cannot. These
are the policy's settings about both, for one call.
"""

from __future__ import annotations

from typing import NamedTuple

from halley.core.policy import Policy, Rescue


class StreamTerms(NamedTuple):
    """The terms of one call; seconds, None: no limit of its own.

    Attributes:
        connect_s: To open a connection.
        first_byte_s: From the request to the head of the reply.
        first_content_s: From the request to the first content.
        idle_s: Between two chunks of bytes, keepalives included.
        content_idle_s: Between two pieces of content.
        finish_grace_s: From the finish to the end of the body, which is then cut off cleanly.
        hold_tokens: Pieces of content to hold back; 0: none.
        hold_s: From the first content on, how long to hold back; 0: not at all.
        whole: Hold everything back until the answer is whole.
    """

    connect_s: float | None = None
    first_byte_s: float | None = None
    first_content_s: float | None = None
    idle_s: float | None = None
    content_idle_s: float | None = None
    finish_grace_s: float = 2.0
    hold_tokens: int = 0
    hold_s: float = 0.0
    whole: bool = False

    def releases(self, content: int, since_s: float) -> bool:
        """Say whether so many pieces of content may be delivered, so long after the first one.

        >>> StreamTerms().releases(1, 0.0), StreamTerms(hold_tokens=3).releases(2, 60.0)
        (True, False)
        >>> StreamTerms(hold_tokens=3, hold_s=0.5).releases(2, 0.6)
        True
        """
        if not content or self.whole:
            return False
        if self.hold_tokens and content >= self.hold_tokens:
            return True
        if self.hold_s and since_s >= self.hold_s:
            return True
        return not self.hold_tokens and not self.hold_s


def stream_terms(policy: Policy) -> StreamTerms:
    """Return the terms that a policy sets."""
    return StreamTerms(
        connect_s=policy.connect_timeout_s,
        first_byte_s=policy.first_byte_timeout_s,
        first_content_s=policy.first_content_timeout_s,
        idle_s=policy.idle_timeout_s,
        content_idle_s=policy.content_idle_timeout_s,
        finish_grace_s=policy.finish_grace_s,
        hold_tokens=policy.hold_tokens,
        hold_s=policy.hold_s,
        whole=policy.rescue is Rescue.BUFFER,
    )
