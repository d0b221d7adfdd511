r"""Of a URL scheme, host, port and path are kept, and the values of a few harmless query names.

Everything else of it goes: user and password, the other parameters (a signature has many names), a
fragment that holds parameters. Names are decoded before they are looked up: `k%65y` is `key`.
Slashes and ampersands may be escaped, as JSON encoders of PHP (`\/`) and Go (`\u0026`) write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus

from halley.records.redact.marks import REDACTED, replaced

ALLOWED: Final = frozenset(
    {
        *("after", "after_id", "alt", "api-version", "api_version", "before", "before_id", "beta"),
        *("cursor", "format", "id", "include", "include_usage", "lang", "limit", "model", "offset"),
        *("order", "page", "page_size", "pagesize", "request_id", "requestid", "sort", "status"),
        *("starting_after", "stream", "task_id", "timeout", "trace_id", "type", "v", "version"),
    }
)
"""Query names whose values may be written down."""

_CHARS: Final = rf"(?:[^\s\"'<>\\`]|\\u0026|\\/|{REDACTED})"
_SLASHES: Final = re.compile(r":(?:\\{0,15}/){2}")
_USER: Final = re.compile(r"[^\s\"'<>\\`/?#@]{0,1024}(?:@[^\s\"'<>\\`/?#@]{0,1024})?@(?=[\w\[])")
_QUERY: Final = re.compile(rf"\?(?=[\w.%~+\[\]-]{{1,64}}=)({_CHARS}*)")
_FRAGMENT: Final = re.compile(rf"#(?=[\w.%~+-]{{1,64}}=){_CHARS}*")
_AMPERSAND: Final = re.compile(r"(&amp;|&|\\u0026)")
_TAIL: Final = ".,;:!?)]}"
"""What ends a sentence or a bracket and not a URL."""


def without_queries(text: str) -> str:
    """Return a text whose URLs hold nothing that could open a door.

    >>> without_queries("POST https://me:pw@a.test/v1/x?alt=sse&key=abc: 401")
    'POST https://<redacted>@a.test/v1/x?alt=sse&<redacted>: 401'
    """
    if "@" in text and ":" in text:
        text = replaced(text, _users(text))
    if "=" not in text:
        return text
    if "#" in text:
        text = _FRAGMENT.sub(f"#{REDACTED}", text)
    return _QUERY.sub(_cleaned, text) if "?" in text else text


def _users(text: str) -> Iterator[tuple[int, int]]:
    """Yield where user and password stand."""
    for found in _SLASHES.finditer(text):
        user = _USER.match(text, found.end())
        if user is not None:
            yield user.start(), user.end() - 1


def _cleaned(found: re.Match[str]) -> str:
    query = found[1].rstrip(_TAIL)
    tail = found[1][len(query) :]
    query, mark, fragment = query.partition("#")
    pieces = _AMPERSAND.split(query)
    kept = [""]
    dropped = False
    for number in range(0, len(pieces), 2):
        if _harmless(pieces[number]):
            joint = pieces[number - 1] if number and kept[-1] else ""
            kept += [joint, pieces[number]]
        else:
            dropped = True
    text = "".join(kept)
    if dropped:
        text += f"{'&' if text else ''}{REDACTED}"
    return f"?{text}{mark}{fragment}{tail}"


def _harmless(pair: str) -> bool:
    """Say whether a parameter may stay: an empty one, or one of an allowed name.

    >>> _harmless("alt=sse"), _harmless("k%65y=1"), _harmless("")
    (True, False, True)
    """
    name = unquote_plus(pair.partition("=")[0]).lower()
    return not pair or name in ALLOWED
