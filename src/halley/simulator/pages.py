"""Answers that are not the gateway's JSON: the edge, the web server, the web page.

None of them carries the gateway's request id: what the edge answers, the edge has lost it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from halley.simulator.model import SimReply, plain_reply
from halley.simulator.stamps import ray_id

HTML = "text/html; charset=UTF-8"
TEXT = "text/plain; charset=utf-8"

SPA = (
    b'<!doctype html><html lang="en"><head><meta charset="utf-8" /><title>CometAPI</title></head>'
    b"<body><noscript>You need to enable JavaScript to run this app.</noscript>"
    b'<div id="root"></div></body></html>'
)
"""What new-api answers, with 200, on a path it does not know (router/web-router.go)."""


@dataclass(frozen=True, slots=True)
class Page:
    """One ready answer; `{ray}` in the body becomes the id of the edge."""

    status: int
    content_type: str
    body: str
    source: str
    headers: tuple[tuple[str, str], ...] = ()
    edge: bool = False
    permanent: bool = False


def _cloudflare(status: int, title: str) -> Page:
    body = (
        '<!DOCTYPE html>\n<html lang="en-US"><head>'
        f"<title>api.cometapi.com | {status}: {title}</title></head>"
        f'<body><div id="cf-error-details"><h1>{title}</h1><span>Error code {status}</span>'
        "<p>Cloudflare Ray ID: <strong>{ray}</strong></p></div></body></html>"
    )
    return Page(status, HTML, body, "Cloudflare 5xx errors page", edge=True)


def _nginx(status: int, title: str) -> Page:
    body = (
        f"<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {title}</h1></center>\r\n<hr><center>nginx</center>\r\n"
        "</body>\r\n</html>\r\n"
    )
    return Page(status, "text/html", body, "stock nginx", headers=(("server", "nginx"),))


def _edge_code(status: int, code: int, source: str, retry_after: str = "") -> Page:
    told = (("retry-after", retry_after),) if retry_after else ()
    return Page(
        status,
        "text/plain; charset=UTF-8",
        f"error code: {code}",
        source,
        headers=told,
        edge=True,
        permanent=not retry_after,
    )


_PROBLEM = (
    '{{"type":"https://developers.cloudflare.com/support/troubleshooting/http-status-codes/'
    'cloudflare-5xx-errors/error-522/","title":"Error 522: Connection timed out","status":522,'
    '"error_code":522,"error_name":"connection_timeout","error_category":"origin",'
    '"ray_id":"{ray}","zone":"api.cometapi.com","cloudflare_error":true,"retryable":true,'
    '"retry_after":2,"owner_action_required":true}}'
)

PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "empty_429": Page(429, "", "", "Calcium-Ion/new-api@ef8ae4d middleware/rate-limit.go"),
        "empty_500": Page(500, "", "", "songquanpeng/one-api@8df4a26 middleware/rate-limit.go"),
        "bad_gateway": Page(502, TEXT, "upstream timeout", "public client source, CometAPI"),
        "nginx_502": _nginx(502, "Bad Gateway"),
        "nginx_503": _nginx(503, "Service Temporarily Unavailable"),
        "nginx_504": _nginx(504, "Gateway Time-out"),
        "cloudflare_502": _cloudflare(502, "Bad gateway"),
        "cloudflare_520": _cloudflare(520, "Web server is returning an unknown error"),
        "cloudflare_524": _cloudflare(524, "A timeout occurred"),
        "cloudflare_522_problem": Page(
            522, "application/problem+json", _PROBLEM, "anthropics/claude-code#67341", edge=True
        ),
        "cloudflare_1015": _edge_code(429, 1015, "Cloudflare changelog 2026-03-12", "30"),
        "cloudflare_1010": _edge_code(403, 1010, "Cloudflare 1xxx errors page"),
        "html_200": Page(200, HTML, SPA.decode(), "new-api router/web-router.go", permanent=True),
    }
)


def page_reply(page: Page, rng: Random) -> SimReply:
    """The reply of one page."""
    if not page.edge:
        return plain_reply(page.status, page.body.encode(), page.content_type, *page.headers)
    ray = ray_id(rng)
    body = page.body.format(ray=ray.partition("-")[0]) if "{ray}" in page.body else page.body
    edge = (("server", "cloudflare"), ("cf-ray", ray))
    return plain_reply(page.status, body.encode(), page.content_type, *edge, *page.headers)


def redirect(path: str) -> SimReply:
    """A 301 to the web page of another path, on this host: nothing simulated leads elsewhere.

    Source: new-api with FRONTEND_BASE_URL redirects an unknown path (router/main.go:17).
    """
    return plain_reply(301, b"", HTML, ("location", f"/app{path}"))
