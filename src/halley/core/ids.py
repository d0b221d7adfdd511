"""The id under which a support desk can find a failed call.

Headers first, in the order of the table: the gateway the caller pays is asked before what lies
behind it. In a text the last id wins, because every gateway of a chain appends its own. An id is
never validated by its length: CometAPI's nanoseconds are not zero-padded.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Headers

ID_CHARS_MAX: Final = 200
_PROSE_CHARS: Final = 8

OPENAI_ID: Final = "x-request-id"
ANTHROPIC_ID: Final = "request-id"
"""Where the SDKs look for the id of a request."""

HEADERS: Final = (
    "x-cometapi-request-id",  # cometapi-realtime-agents src/app/api/session/route.ts, 2026
    "x-oneapi-request-id",  # new-api middleware/request-id.go, on every reply
    "x-request-id",  # OpenAI, Mistral, Groq, xAI, DeepSeek
    "request-id",  # Anthropic
    "apim-request-id",  # Azure OpenAI
    "x-ms-request-id",
    "x-ms-client-request-id",
    "x-amzn-requestid",  # Bedrock
    "x-amzn-request-id",
    "x-goog-request-id",
    "x-dashscope-request-id",
    "x-tt-logid",  # Bytedance
    "x-log-id",
    "msh-request-id",  # Moonshot
    "x-groq-request-id",
    "x-generation-id",  # OpenRouter
    "x-litellm-call-id",
    "x-portkey-trace-id",
    "openai-request-id",
    "mistral-correlation-id",
    "minimax-request-id",
    "x-siliconcloud-trace-id",
    "x-ds-trace-id",  # DeepSeek
    "eagleeye-traceid",  # Alibaba
    "x-client-request-id",
    "apigw-requestid",  # AWS API Gateway
    "x-amz-request-id",
    "x-kong-request-id",
    "fly-request-id",
    "helicone-id",
    "x-b3-traceid",
    "x-correlation-id",
    "x-trace-id",
    "trace-id",
    "x-amz-cf-id",
    "x-vercel-id",
)

_RANK: Final = {name: rank for rank, name in enumerate(HEADERS)}
_KNOWN: Final = frozenset(HEADERS)
_COMMON: Final = HEADERS[:4]  # asked one by one, before all of them at once

_IN_TEXT: Final = (
    "request id:",
    "request id：",  # noqa: RUF001  as Chinese gateways write it
    "request_id:",
    "requestid:",
    "request-id:",
    "request id ",
    "requestid：",  # noqa: RUF001
    "请求id:",
    "请求id：",  # noqa: RUF001
    "错误id：",  # noqa: RUF001  Zhipu 1234
    "trace id:",
    "traceid:",
    "trace_id:",
    "log id:",
    "logid:",
    "log_id:",
    "activityid:",  # Azure
    "correlation id:",
    "tracking id:",
)
_NAMES: Final = ("request_id", "requestid", "request-id", "log_id", "logid", "trace_id", "traceid")
_QUOTES: Final = ('"', '\\"', "'")  # JSON, JSON inside a string, an object as Python prints it
_RAY_IN_TEXT: Final = ('"ray_id"', "ray id:", "cf-ray:")
_EDGES: Final = " \t\r\n\"'<>()[]{}*`,;."
_ENDS: Final = frozenset(" \t\r\n\"'<>(){}[],;（）。，\\")  # noqa: RUF001


def request_id(headers: Headers, text: str = "") -> str | None:
    """The id of the call, from the first header that has one, else the last one in the text.

    >>> request_id({}, "bad key (request id: A1) (request id: B2)")
    'B2'
    >>> request_id({"x-request-id": "req_1"}, "(request id: A1)")
    'req_1'
    """
    for name in _COMMON:
        if (value := headers.get(name)) and (found := safe_id(value)) is not None:
            return found
    for name in sorted(_KNOWN.intersection(headers), key=_RANK.__getitem__):
        if (found := safe_id(headers[name])) is not None:
            return found
    return (_last_in(text, _IN_TEXT) or _last_quoted(text)) if text else None


def lifted(found: str | None, headers: Headers, path: str) -> tuple[tuple[str, str], ...]:
    """Return the header that shows an id where the SDK of a path looks, if it is not there yet.

    >>> lifted("A1", {}, "/v1/messages"), lifted("A1", {"x-request-id": "req_1"}, "/v1/models")
    ((('request-id', 'A1'),), ())
    """
    name = ANTHROPIC_ID if path.endswith("/messages") else OPENAI_ID
    return () if found is None or name in headers else ((name, found),)


def ray_id(headers: Headers, text: str = "") -> str | None:
    """Cloudflare's id of the connection, without the data centre's suffix left out.

    >>> ray_id({"cf-ray": "9f2c1d7a8b3e4c55-HKG"})
    '9f2c1d7a8b3e4c55-HKG'
    """
    return safe_id(headers.get("cf-ray", "")) or _last_in(text, _RAY_IN_TEXT)


def safe_id(value: str) -> str | None:
    r"""The value, trimmed, when it can be shown and logged as it is; else None.

    >>> safe_id(" req_1 "), safe_id("a\nb"), safe_id("x" * 201)
    ('req_1', None, None)
    """
    trimmed = value.strip()
    if not trimmed or len(trimmed) > ID_CHARS_MAX or not trimmed.isprintable():
        return None
    return trimmed


def _last_quoted(text: str) -> str | None:
    lowered = text.lower()
    names = [name for name in _NAMES if name in lowered]
    return _last_in(text, tuple(name + quote for name in names for quote in _QUOTES), prose=False)


def _last_in(text: str, marks: tuple[str, ...], *, prose: bool = True) -> str | None:
    """The id after the last mark that is followed by one; in `prose` a plain word is none."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters change length in lower case: positions would slip
        lowered = text
    best, best_at = None, -1
    for mark in marks:
        at = lowered.rfind(mark) if mark in lowered else -1
        if at > best_at:
            found = _id_at(text, at + len(mark), prose=prose)
            if found is not None:
                best, best_at = found, at
    return best


def _id_at(text: str, start: int, *, prose: bool) -> str | None:
    window = text[start : start + ID_CHARS_MAX + 40].lstrip(_EDGES + ":=\\")
    # Cloudflare's page writes `Ray ID: <strong>…</strong>`.
    window = window.removeprefix("strong>")
    stop = next((i for i, char in enumerate(window) if char in _ENDS), len(window))
    found = window[:stop].rstrip(".")
    # "request id in the header" is prose: an id has a digit in it, or is long.
    if prose and not any(char.isdigit() for char in found) and len(found) < _PROSE_CHARS:
        return None
    return safe_id(found)
