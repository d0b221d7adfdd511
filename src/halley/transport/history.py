"""Find the history of a call, wherever it travelled.

It rides on a response in `extensions["halley"]` and on an exception as the attribute `halley`; SDKs
wrap both, so causes, contexts and the responses that errors hold are searched.
"""

from __future__ import annotations

from halley.core.model import History
from halley.transport.family import causes


def history(subject: object) -> History | None:
    """Return every attempt of a call, from its exception or its response.

    Takes an SDK's error or raw response, an httpx or httpx2 response, or the exception of a
    cancelled call. None when the call did not go through halley.
    """
    subjects = causes(subject) if isinstance(subject, BaseException) else (subject,)
    return next((found for one in subjects if (found := _on(one)) is not None), None)


def _held(subject: object, name: str) -> object:
    """Return what an object holds; None also where httpx's own errors miss their request."""
    try:
        return getattr(subject, name, None)
    except RuntimeError:
        return None


def _on(subject: object) -> History | None:
    """Look at one object: itself, then the response and the request it holds."""
    held = (_held(subject, name) for name in ("response", "http_response", "request"))
    for holder in (subject, *held):
        found = getattr(holder, "halley", None)
        if isinstance(found, History):
            return found
        extensions = getattr(holder, "extensions", None)
        if isinstance(extensions, dict) and isinstance(extensions.get("halley"), History):
            return extensions["halley"]  # type: ignore[no-any-return]
    return None
