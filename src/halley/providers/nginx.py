"""Proxies and load balancers: pages and one-line texts that no API wrote."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind, Origin
from halley.core.tables import Row

_NGINX: Final = "nginx 1.27 ngx_http_special_response.c"
_ENVOY: Final = "Envoy docs, response flags, 2026-11"

ROWS: Final = (
    Row(
        "nginx.too_large",
        Kind.TOO_LARGE,
        _NGINX,
        needs=("@shape.page",),
        status=(413, 414),
        origin=Origin.EDGE,
    ),
    Row(
        "nginx.not_here",
        Kind.WRONG_PATH,
        "CometAPI docs, error-codes-handling: a path mistake may show up as HTML, 2026-11",
        needs=("@shape.page",),
        status=(404, 405, 410),
        origin=Origin.EDGE,
    ),
    Row(
        "nginx.forbidden",
        Kind.BLOCKED,
        f"{_NGINX}: a page, so a rule of the proxy and not the key",
        needs=("@shape.page",),
        status=(403, 406, 451),
        origin=Origin.EDGE,
    ),
    Row(
        "nginx.gateway_timeout",
        Kind.TIMEOUT,
        _NGINX,
        needs=("@shape.page",),
        status=(408, 504),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
    Row(
        "envoy.no_upstream",
        Kind.OVERLOADED,
        _ENVOY,
        texts=("no healthy upstream",),
        status=(500, 502, 503, 504),
        origin=Origin.EDGE,
    ),
    Row(
        "envoy.upstream_reset",
        Kind.CONNECTION,
        _ENVOY,
        texts=("upstream connect error or disconnect", "upstream request timeout"),
        status=(500, 502, 503, 504),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
    Row(
        "proxy.upstream_timeout",
        Kind.TIMEOUT,
        "CometAPI client, 2026: text/plain 502",
        texts=("upstream timeout",),
        status=(502, 503, 504),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
)
