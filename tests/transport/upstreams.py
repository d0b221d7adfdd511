"""An upstream in this process, for clients of either family and colour."""

from __future__ import annotations

import inspect
from typing import Any


class Upstream:
    """Answers with the statuses or whole responses given, in order, and keeps what it was sent.

    `self.requests` holds a copy of method, URL, headers, body and timeouts of each request.
    """

    def __init__(self, module: Any, *answers: Any) -> None:
        self.module = module
        self.answers = list(answers)
        self.requests: list[dict[str, Any]] = []

    def transport(self) -> Any:
        """A transport that leads here."""
        return self.module.MockTransport(self._answer)

    def client(self, **options: Any) -> Any:
        """A sync client that leads here."""
        return self.module.Client(transport=self.transport(), **options)

    def async_client(self, **options: Any) -> Any:
        """An async client that leads here."""
        return self.module.AsyncClient(transport=self.transport(), **options)

    def _answer(self, request: Any) -> Any:
        self.requests.append(
            {
                "method": request.method,
                "url": str(request.url),
                "headers": dict(request.headers),
                "timeout": request.extensions.get("timeout"),
            }
        )
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if not isinstance(answer, int):
            return answer
        return self.module.Response(answer, json={"ok": True} if answer < 400 else {"error": {}})


async def settle(value: Any) -> Any:
    """What a call returned, in either colour."""
    return await value if inspect.isawaitable(value) else value
