"""The last witness: a status with nothing else known. Never the first, because gateways lie in it.

The documented table (CometAPI, error codes and retry strategy, 2026-11), 408, 409, 425, 502 and
520 to 529 beside it; a status nobody defined counts as the x00 of its class (RFC 9110 §15).
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_COMET: Final = "CometAPI docs, error codes and retry strategy, 2026-11"
_RFC: Final = "RFC 9110 §15"
_SDK: Final = "openai-python@e43b422 _should_retry; RFC 9110 §15"

ROWS: Final = (
    Row(
        "status.3xx",
        Kind.WRONG_PATH,
        "CometAPI docs, error-codes-handling: a path mistake may be a redirect, 2026-11",
        status=tuple(range(300, 400)),
        origin=Origin.GATEWAY,
    ),
    Row("status.400", Kind.INVALID_REQUEST, _COMET, status=(400,)),
    Row("status.401", Kind.INVALID_KEY, _COMET, status=(401,)),
    Row("status.402", Kind.BALANCE, "RFC 9110 §15.5.3; DeepSeek, OpenRouter", status=(402,)),
    Row(
        "status.403",
        Kind.PERMISSION,
        f"{_COMET}: remove unsupported fields, verify access to the model",
        status=(403,),
        action=Action.FIX_REQUEST,
        scope=Scope.REQUEST,
    ),
    Row("status.404", Kind.WRONG_PATH, _RFC, status=(404, 405, 410, 501)),
    Row(
        "status.407",
        Kind.BLOCKED,
        f"{_RFC}.5.8: the caller's own proxy wants a password",
        status=(407, 511),
        origin=Origin.EDGE,
    ),
    Row("status.408", Kind.TIMEOUT, _SDK, status=(408,), ambiguous=True),
    Row("status.409", Kind.CONFLICT, _SDK, status=(409, 425)),
    Row("status.413", Kind.TOO_LARGE, _RFC, status=(413, 414, 431)),
    Row(
        "status.424",
        Kind.UPSTREAM_ERROR,
        "docs.aws.amazon.com/bedrock: 424 is the model's failure, 2026-11",
        status=(424,),
        action=Action.FAIL_OVER,
    ),
    Row("status.429", Kind.RATE_LIMIT, _COMET, status=(429,), ambiguous=False),
    Row("status.451", Kind.REGION, _RFC, status=(451,)),
    Row(
        "status.499",
        Kind.UNKNOWN,
        "nginx/nginx src/http/ngx_http_request.h: the client hung up, nobody waits",
        status=(499, 460),
    ),
    Row("status.500", Kind.SERVER_ERROR, _COMET, status=(500,), ambiguous=True),
    Row("status.503", Kind.OVERLOADED, _COMET, status=(503, 529), ambiguous=True),
    Row("status.504", Kind.TIMEOUT, _COMET, status=(504, 522, 524, 598, 599), ambiguous=True),
    Row(
        "status.502",
        Kind.UPSTREAM_ERROR,
        "openai-python@e43b422 _should_retry",
        status=(502,),
        ambiguous=True,
    ),
    Row(
        "status.52x",
        Kind.SERVER_ERROR,
        "developers.cloudflare.com, Cloudflare 5xx errors, 2026-11",
        status=(520, 521, 523, 525, 526, 527, 528),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
    Row(
        "status.refused",
        Kind.INVALID_REQUEST,
        f"{_RFC}.6: HTTP version, negotiation, loop: the same bytes fail again",
        status=(505, 506, 508, 510),
        ambiguous=False,
    ),
    Row(
        "status.full",
        Kind.SERVER_ERROR,
        "Cloudflare 530 without its 1xxx; RFC 4918 507; Apache 509",
        status=(507, 509, 530),
        action=Action.FAIL_OVER,
        ambiguous=True,
    ),
    Row("status.4xx", Kind.INVALID_REQUEST, _RFC, status=tuple(range(400, 500))),
    Row("status.5xx", Kind.SERVER_ERROR, _RFC, status=tuple(range(500, 600)), ambiguous=True),
    Row(
        "status.odd",
        Kind.UNKNOWN,
        f"{_RFC}: an informational or informationless status as the last word",
        status=(*range(100, 300), *range(600, 1000)),
    ),
)
