"""The openai SDK's defaults, as a port of its constants and as the SDK itself.

Source: openai-python 3.57, `_constants.py` and `_base_client.py`: two retries, 0.5 s doubling to
8 s, less up to a quarter; Retry-After is obeyed up to two minutes, and ends the call above that.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import httpx2
import openai
from openai._base_client import get_platform

from halley.core.model import Reply

from ..upstreams import Work
from .desk import OK, Desk, Peer

RETRIES = 2
INITIAL_S, MAX_S, RETRY_AFTER_S_MAX = 0.5, 8.0, 120.0
RETRIED = frozenset({408, 409, 429})


class OpenAIDefaults(Peer):
    """The port, fifty calls at a time."""

    async def call(self, work: Work) -> bool:
        """Send, wait, send again."""
        for number in range(RETRIES + 1):
            reply = await self.desk.send(work)
            if reply.status == OK:
                return True
            told_s = float(reply.headers.get("retry-after", 0))
            again = reply.status in RETRIED or reply.status >= 500
            if number == RETRIES or not again or told_s > RETRY_AFTER_S_MAX:
                return False
            jitter = 1 - 0.25 * self.desk.chance.random()
            await asyncio.sleep(told_s or min(INITIAL_S * 2.0**number, MAX_S) * jitter)
        return False


_WORK: ContextVar[Work] = ContextVar("work")


class _Wire(httpx2.AsyncBaseTransport):
    """Carries the SDK's requests to the upstream, in virtual time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        reply: Reply = await self._desk.send(_WORK.get())
        headers = dict(reply.headers)
        return httpx2.Response(reply.status, headers=headers, content=reply.body, request=request)


class OpenAISDK(Peer):
    """The SDK itself over a transport without a socket, fifty calls at a time."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._client = openai.AsyncOpenAI(
            api_key="none",
            base_url="https://api.cometapi.com/v1",
            http_client=httpx2.AsyncClient(transport=_Wire(desk)),
        )
        # Else it asks a thread, in real time, which virtual time does not wait for.
        self._client._platform = get_platform()  # noqa: SLF001

    async def call(self, work: Work) -> bool:
        """Ask for a completion."""
        _WORK.set(work)
        try:
            await self._client.chat.completions.create(
                model="gpt-5-mini", messages=[{"role": "user", "content": "hello"}]
            )
        except openai.APIStatusError:
            return False
        return True
