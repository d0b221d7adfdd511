"""The paths the gateway serves and what each of them speaks.

A table: the first row that matches method and path wins. `paid` marks a submit that buys something
when it is accepted; `open` needs no key (CometAPI, API reference).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Wire(StrEnum):
    """What is spoken on a path."""

    CHAT = "chat"
    RESPONSES = "responses"
    MESSAGES = "messages"
    GEMINI = "gemini"
    EMBEDDINGS = "embeddings"
    MODELS = "models"
    MODEL = "model"
    CATALOGUE = "catalogue"
    VIDEO_SUBMIT = "video_submit"
    VIDEO_POLL = "video_poll"
    VIDEO_CONTENT = "video_content"
    MIDJOURNEY_SUBMIT = "midjourney_submit"
    MIDJOURNEY_POLL = "midjourney_poll"


GENERATING = frozenset(
    {
        Wire.CHAT,
        Wire.RESPONSES,
        Wire.MESSAGES,
        Wire.GEMINI,
        Wire.EMBEDDINGS,
        Wire.VIDEO_SUBMIT,
        Wire.MIDJOURNEY_SUBMIT,
    }
)
"""What is charged for, and so wants a model, a balance and a place under the limits."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row: a path pattern with named groups."""

    method: str
    pattern: re.Pattern[str]
    wire: Wire
    paid: bool = False
    open: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A route and the names found in the path."""

    route: Route
    model: str = ""
    task: str = ""
    verb: str = ""


# google-genai 3 asks under /v1; new-api router/relay-router.go serves Gemini there as well.
ROUTES = (
    Route("POST", re.compile(r"/v1/chat/completions"), Wire.CHAT),
    Route("POST", re.compile(r"/v1/responses"), Wire.RESPONSES),
    Route("POST", re.compile(r"/v1/messages"), Wire.MESSAGES),
    Route(
        "POST",
        re.compile(
            r"/v1(?:beta)?/models/(?P<model>[^/:]+):(?P<verb>generateContent|streamGenerateContent)"
        ),
        Wire.GEMINI,
    ),
    Route("POST", re.compile(r"/v1/embeddings"), Wire.EMBEDDINGS),
    Route("GET", re.compile(r"/v1/models"), Wire.MODELS),
    Route("GET", re.compile(r"/v1/models/(?P<model>[^/]+)"), Wire.MODEL),
    Route("GET", re.compile(r"/api/models"), Wire.CATALOGUE, open=True),
    Route("POST", re.compile(r"/v1/videos"), Wire.VIDEO_SUBMIT, paid=True),
    Route("GET", re.compile(r"/v1/videos/(?P<task>[^/]+)"), Wire.VIDEO_POLL),
    Route("GET", re.compile(r"/v1/videos/(?P<task>[^/]+)/content"), Wire.VIDEO_CONTENT),
    Route("POST", re.compile(r"/mj/submit/imagine"), Wire.MIDJOURNEY_SUBMIT, paid=True),
    Route("GET", re.compile(r"/mj/task/(?P<task>[^/]+)/fetch"), Wire.MIDJOURNEY_POLL),
)


def match(method: str, path: str) -> Match | None:
    """The route of a request, or None for a path the gateway does not have."""
    for route in ROUTES:
        if route.method == method and (found := route.pattern.fullmatch(path)):
            return Match(route, **found.groupdict())
    return None


def relayed(path: str) -> bool:
    """Whether an unknown path still gets JSON (404) and not the web page.

    Source: new-api router/web-router.go NoRoute: `/v1*`, `/api*` and `/assets*`.
    """
    return path.startswith(("/v1", "/api", "/assets"))
