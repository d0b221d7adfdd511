"""Writing an error row in the shape its layer uses on the path at hand.

Five shapes on one host, as in new-api: A middleware, B relay, C relay on the Claude path, D tasks,
E Midjourney. A, B and C end their message with ``(request id: …)``; D, E and the router do not.
Every reply of the gateway has the id in `x-oneapi-request-id` (new-api's RequestId middleware) and
in `x-cometapi-request-id` (CometAPI's realtime sample and a client of its videos).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType

from halley.simulator.errors import ErrorRow, Layer
from halley.simulator.model import SimReply, plain_reply
from halley.simulator.routes import Wire

JSON = "application/json; charset=utf-8"

_HTTP_SERVER_ERROR = 500
_MIDJOURNEY_FAILED = 4  # new-api dto/midjourney.go: any other failure

_RELAY_LAYERS: Mapping[Wire, Layer] = MappingProxyType(
    {
        Wire.MESSAGES: Layer.CLAUDE,
        Wire.VIDEO_SUBMIT: Layer.TASK,
        Wire.VIDEO_POLL: Layer.TASK,
        Wire.VIDEO_CONTENT: Layer.TASK,
        Wire.MIDJOURNEY_SUBMIT: Layer.MIDJOURNEY,
        Wire.MIDJOURNEY_POLL: Layer.MIDJOURNEY,
    }
)
"""Where the relay speaks in another shape than B."""


def dumps(value: object) -> bytes:
    """Compact JSON as the gateway writes it, not escaped to ASCII."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def gateway_headers(request_id: str) -> tuple[tuple[str, str], ...]:
    """The request id in the header of new-api and in that of CometAPI."""
    return (("x-oneapi-request-id", request_id), ("x-cometapi-request-id", request_id))


def error_reply(
    row: ErrorRow, *, wire: Wire | None, request_id: str, words: Mapping[str, str]
) -> SimReply:
    """The reply of an error; `words` fill the placeholders of its message."""
    layer = row.layer
    if layer is Layer.RELAY and wire is not None:
        layer = _RELAY_LAYERS.get(wire, layer)
    message = row.message.format_map(words)
    value = _WRITERS[layer](row, message, f"{message} (request id: {request_id})")
    return plain_reply(row.status, dumps(value), JSON, *gateway_headers(request_id))


def _middleware(row: ErrorRow, _message: str, traced: str) -> dict[str, object]:
    return {"error": {"code": row.code, "message": traced, "type": row.type}}


def _relay(row: ErrorRow, _message: str, traced: str) -> dict[str, object]:
    return {"error": {"message": traced, "type": row.type, "param": "", "code": row.code}}


def _claude(row: ErrorRow, _message: str, traced: str) -> dict[str, object]:
    # Seen: a 403 of the gateway itself as invalid_request_error (new-api, 2025-07).
    kind = row.type if row.status >= _HTTP_SERVER_ERROR else "invalid_request_error"
    return {"type": "error", "error": {"type": kind, "message": traced}}


def _task(row: ErrorRow, message: str, _traced: str) -> dict[str, object]:
    return {"code": row.code, "message": message, "data": None}


def _midjourney(row: ErrorRow, message: str, _traced: str) -> dict[str, object]:
    code = row.code if isinstance(row.code, int) else _MIDJOURNEY_FAILED
    return {"description": message, "type": "upstream_error", "code": code}


def _router(row: ErrorRow, message: str, _traced: str) -> dict[str, object]:
    return _relay(row, message, message)


_WRITERS: Mapping[Layer, Callable[[ErrorRow, str, str], dict[str, object]]] = MappingProxyType(
    {
        Layer.MIDDLEWARE: _middleware,
        Layer.RELAY: _relay,
        Layer.CLAUDE: _claude,
        Layer.TASK: _task,
        Layer.MIDJOURNEY: _midjourney,
        Layer.ROUTER: _router,
    }
)
