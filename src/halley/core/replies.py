"""What a reply is before anything is known of its meaning: a redirect to follow, a body to read."""

from __future__ import annotations

from halley.core.endpoints import Format, family_of
from halley.core.model import Headers, Reply, Request

JSON_STREAMS = ("ndjson", "jsonl", "json-seq", "stream+json")
"""In the content types of streams that are made of JSON documents."""


def may_redirect(method: str, path: str) -> bool:
    """Say whether a redirect is an answer here: to a GET that is a download or no API path.

    Anywhere else it means that the base URL is wrong, and following it turns a POST into a GET.

    >>> may_redirect("GET", "/v1/videos/task_1/content"), may_redirect("GET", "/v1/models")
    (True, False)
    """
    return method in ("GET", "HEAD") and family_of(path).format is Format.OTHER


def answered_elsewhere(request: Request, reply: Reply) -> bool:
    """Say whether a reply is a redirect that may be followed."""
    redirect = 300 <= reply.status < 400  # noqa: PLR2004 - RFC 9110 §15.4
    return redirect and may_redirect(request.method, request.path)


def to_be_read(status: int, headers: Headers) -> bool:
    """Say whether a reply is read before the decision: every error, and every JSON or text.

    Media and event streams of a success are decided on their head and watched as they pass. An
    error is read whatever its content type says: new-api labels JSON errors ``text/event-stream``.
    A protocol switch has no body to wait for, and JSON lines are a stream.

    >>> to_be_read(200, {"content-type": "application/x-ndjson"}), to_be_read(101, {})
    (False, False)
    """
    if not 200 <= status < 300:  # noqa: PLR2004 - RFC 9110 §15
        return status >= 300  # noqa: PLR2004 - as above
    kind = headers.get("content-type", "").lower()
    if kind == "application/json" or kind.startswith("application/json;"):
        return True
    if "json" in kind:
        return not any(word in kind for word in JSON_STREAMS)
    return not kind or (kind.startswith("text/") and "event-stream" not in kind)
