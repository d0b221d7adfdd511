"""Cloudflare in front: its own refusals (1xxx), its blocks, and its pages for a silent origin.

A 1xxx is refused at the edge, so nothing was bought. The 52x say nothing about what the origin did.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_1XXX: Final = "developers.cloudflare.com, Cloudflare 1xxx errors, 2026-11"
_5XX: Final = "developers.cloudflare.com, Cloudflare 5xx errors, 2026-11"
_RETRIES: Final = "developers.cloudflare.com changelog 2026-03-12: Retry-After on 1xxx"

ROWS: Final = (
    Row(
        "cloudflare.rate_limited",
        Kind.RATE_LIMIT,
        f"{_RETRIES}: 1015 waits 30 s",
        texts=("error code: 1015", "error 1015"),
        scope=Scope.SERVICE,
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.rate_limited_code",
        Kind.RATE_LIMIT,
        _1XXX,
        labels=("cloudflare.1015",),
        scope=Scope.SERVICE,
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.transient",
        Kind.OVERLOADED,
        f"{_RETRIES}: 1004, 1033, 1200, 1205",
        texts=(
            "error code: 1004",
            "error code: 1033",
            "error 1033",
            "error code: 1200",
            "error code: 1205",
        ),
        scope=Scope.SERVICE,
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.transient_code",
        Kind.OVERLOADED,
        _RETRIES,
        labels=("cloudflare.1004", "cloudflare.1033", "cloudflare.1200", "cloudflare.1205"),
        scope=Scope.SERVICE,
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.country",
        Kind.REGION,
        f"{_1XXX}: 1009",
        texts=("error code: 1009", "error 1009"),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.refused",
        Kind.BLOCKED,
        f"{_1XXX}: 1006 to 1008 address, 1010 browser signature, 1012, 1020 rule",
        texts=tuple(
            f"error code: {code}" for code in (1003, 1005, 1006, 1007, 1008, 1010, 1012, 1020, 1106)
        ),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.refused_code",
        Kind.BLOCKED,
        _1XXX,
        labels=tuple(
            f"cloudflare.{code}"
            for code in (1003, 1005, 1006, 1007, 1008, 1009, 1010, 1012, 1020, 1106)
        ),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.misconfigured",
        Kind.SERVER_ERROR,
        f"{_1XXX}: 1000 to 1002, 1014, 1016, 1101: the site's owner must act",
        texts=tuple(
            f"error code: {code}" for code in (1000, 1001, 1002, 1014, 1016, 1018, 1101, 1102)
        ),
        action=Action.FAIL_OVER,
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.blocked",
        Kind.BLOCKED,
        "developers.cloudflare.com, WAF and challenge pages, 2026-11: not the key",
        texts=(
            "attention required!",
            "just a moment...",
            "you have been blocked",
            "enable javascript and cookies to continue",
            "checking your browser",
            "used cloudflare to restrict access",
        ),
        status=(200, 401, 403, 429, 503),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.challenged",
        Kind.BLOCKED,
        "developers.cloudflare.com, cf-mitigated: challenge, 2026-11",
        needs=("@cloudflare.mitigated",),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.page_403",
        Kind.BLOCKED,
        "developers.cloudflare.com, WAF block page, 2026-11",
        needs=("@cloudflare", "@shape.page"),
        status=(401, 403),
        origin=Origin.EDGE,
        ambiguous=False,
    ),
    Row(
        "cloudflare.timeout",
        Kind.TIMEOUT,
        f"{_5XX}: 524 after 100 to 120 s, the work may go on and be billed",
        labels=("@shape.page", "@shape.problem", "@shape.text", "@shape.empty"),
        status=(522, 524),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
    Row(
        "cloudflare.origin",
        Kind.SERVER_ERROR,
        _5XX,
        labels=("@shape.page", "@shape.problem", "@shape.text", "@shape.empty"),
        status=(520, 521, 523, 525, 526, 527),
        origin=Origin.EDGE,
        ambiguous=True,
    ),
)
