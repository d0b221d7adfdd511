"""tenacity itself, with the recipe that most programs carry.

Source: OpenAI cookbook, "How to handle rate limits", read 2026-11:
`@retry(wait=wait_random_exponential(min=1, max=60), stop=stop_after_attempt(6))`. Fifty workers.
"""

from __future__ import annotations

import tenacity

from ..upstreams import Work
from .desk import OK, Peer


class _FailedError(Exception):
    """The reply was no answer."""


class Tenacity(Peer):
    """tenacity's asyncio retrying; it draws from Python's own generator, seeded for the run."""

    async def call(self, work: Work) -> bool:
        """Let tenacity make the call."""

        @tenacity.retry(
            wait=tenacity.wait_random_exponential(min=1, max=60),
            stop=tenacity.stop_after_attempt(6),
        )
        async def complete() -> None:
            if (await self.desk.send(work)).status != OK:
                raise _FailedError

        try:
            await complete()
        except tenacity.RetryError:
            return False
        return True
