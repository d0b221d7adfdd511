"""The form of the key and of the base URL: what can be wrong before anything is sent.

Tables of mistakes; the first one that fits is told. The key is described by its prefix and length,
never shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from halley.checks.doctor.result import Result, ok, wrong

KEY: Final = "key"
URL: Final = "base URL"
COMETAPI: Final = "https://api.cometapi.com/v1"
KEY_CHARS_MIN: Final = 20
"""New-api makes keys of 51 characters; what is much shorter was cut off."""

_CONSOLE: Final = "cometapi.com/console/token"
_COPY: Final = f"copy it again from {_CONSOLE}"
_QUOTES: Final = "\"'`\u201c\u201d\u2018\u2019"

FOREIGN: Final = {
    "sk-ant-": "Anthropic",
    "sk-or-": "OpenRouter",
    "sk-proj-": "OpenAI",
    "sk-svcacct-": "OpenAI",
    "AIza": "Google",
    "gsk_": "Groq",
    "xai-": "xAI",
    "hf_": "Hugging Face",
    "r8_": "Replicate",
}
"""Prefixes of keys that CometAPI does not make (the providers' own pages, 2026-11)."""

_MISTAKES: Final[tuple[tuple[Callable[[str], bool], str, str], ...]] = (
    (
        lambda key: not key,
        "not set",
        f"set COMETAPI_KEY; keys are made at {_CONSOLE}",
    ),
    (lambda key: key[0] in _QUOTES or key[-1] in _QUOTES, "in quotes", "set it without the quotes"),
    (
        lambda key: key.strip().lower().startswith(("bearer ", "authorization:")),
        'begins with "Bearer " or a header\'s name',
        "set the key alone; the SDK adds the rest",
    ),
    (
        lambda key: bool(re.match(r"\$|<|%\w+%|[A-Z_]+=|your[_-]", key)),
        "a placeholder or an unresolved variable",
        f"set the key itself; {_COPY}",
    ),
    (lambda key: "\n" in key or "\r" in key, "holds a line break", _COPY),
    (lambda key: key != key.strip(), "begins or ends with a space", _COPY),
    (lambda key: any(c.isspace() for c in key), "holds a space", _COPY),
    (
        lambda key: not (key.isascii() and key.isprintable()),
        "holds a character that no key has, perhaps an invisible one",
        _COPY,
    ),
    (lambda key: len(key) < KEY_CHARS_MIN, "too short to be whole", _COPY),
)


def check_key(key: str, host: str) -> Result:
    """Check the form of a key for a host."""
    told = described(key)
    for is_made, mistake, fix in _MISTAKES:
        if is_made(key):
            return wrong(KEY, f"{mistake}{told and f' ({told})'}", fix)
    if is_cometapi(host):
        owner = next((who for prefix, who in FOREIGN.items() if key.startswith(prefix)), "")
        if owner:
            fix = f"use a key of CometAPI's here, or {owner}'s base URL; {_COPY}"
            return wrong(KEY, f"of {owner}'s form ({told})", fix)
        if not key.startswith("sk-"):
            return wrong(KEY, f"not of CometAPI's form, which begins with sk- ({told})", _COPY)
    return ok(KEY, told)


def described(key: str) -> str:
    """Say what may be said of a key.

    >>> described("sk-" + "a" * 48)
    '51 characters, begins with sk-'
    """
    if not key:
        return ""
    prefix = next((prefix for prefix in (*FOREIGN, "sk-") if key.startswith(prefix)), "")
    return f"{len(key)} characters{prefix and f', begins with {prefix}'}"


def is_cometapi(host: str) -> bool:
    """Say whether a host is CometAPI's."""
    return host == "cometapi.com" or host.endswith(".cometapi.com")


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("example.org")
    (True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a base URL; None when it is none."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and url.isascii() and url.isprintable() and " " not in url else None


def check_url(url: str) -> Result:
    """Check the form of a base URL."""
    parts = split_url(url)
    if parts is None:
        fix = f"set it to an address such as {COMETAPI}, without quotes and spaces"
        return wrong(URL, "not an address of a web service", fix)
    if parts.username or parts.password or parts.query or parts.fragment:
        fix = "leave out what stands before an @ and after a ? or #; the key has its own variable"
        return wrong(URL, "holds more than an address and a path", fix)
    return _check_host(parts) or _check_path(parts) or ok(URL, parts.geturl())


def _check_host(parts: SplitResult) -> Result | None:
    host = parts.hostname or ""
    if is_cometapi(host) and host != "api.cometapi.com":
        return wrong(URL, f"{host} is not the API's host", f"use {COMETAPI}")
    if parts.scheme == "http" and not is_loopback(host):
        fix = f"use https://{parts.netloc}{parts.path}"
        return wrong(URL, "http sends the key unencrypted, and most servers redirect it", fix)
    return None


def _check_path(parts: SplitResult) -> Result | None:
    root = f"{parts.scheme}://{parts.netloc}"
    segments = [segment for segment in parts.path.split("/") if segment]
    versions = [at for at, segment in enumerate(segments) if re.fullmatch(r"v\d+\w*", segment)]
    right = "/".join(segments[: versions[0] + 1]) if versions else "v1"
    if len(versions) > 1:
        return wrong(URL, "the version stands in the path twice", f"use {root}/{right}")
    if not segments or (not versions and is_cometapi(parts.hostname or "")):
        return wrong(URL, "/v1 is missing at the end", f"use {root}/v1")
    if versions and versions[0] < len(segments) - 1:
        return wrong(URL, "goes on after the version; SDKs add the rest", f"use {root}/{right}")
    return None
