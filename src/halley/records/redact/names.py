r"""Values that are known as secret by the name or the scheme before them.

A name counts in any spelling (`X-Api-Key`, `apiKey`, `OPENAI_API_KEY`), quoted and escaped to any
depth, before `=`, `:`, `,` (a pair, a HAR), `>` (a tag) or a space (an option). What follows is
masked to the end of its quotes, its list, or its word. `max_tokens: 4096`, `token_type` and a
sentence (`Invalid token: unexpected end`) are left alone. Where names stand closer than masked
values could, which no log does, the rest of the text is masked as one: its cost stays bounded.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from halley.records.redact.marks import REDACTED, replaced


class _Weight(Enum):
    """How much a name says about what follows it."""

    SURE = auto()
    HEADER = auto()
    PERHAPS = auto()


_QUOTE: Final = r"\\{0,15}[\"'`]"
_TAIL: Final = (
    r"(?:[-_. ]?(?:\d{1,3}|value|prod|production|dev|test|staging|old|new|main|primary|secondary"
    r"|backup|live|current|b64|base64))?"
)
_JOINT: Final = (
    r"(?P<joint>(?:\\{0,15}[\"'`\]]){0,2}"
    r"(?:\s(?:provided|given|supplied|used|sent|is|was)){0,2}"
    r"(?:\s{0,8}(?:=>|->|:=|[:=]|%3[ad])\s{0,8}(?:%20|\+)?"
    r"|(?<=[\"'`])\s{0,4},\s{0,4}(?:\\{0,15}\"value\\{0,15}\"\s{0,4}:\s{0,4})?"
    r"|(?:</[a-z]{1,8}>\s{0,4}<[a-z]{1,8})?>"
    r"|(?<=[a-z])\s{1,4}(?=\S)))"
)
"""What stands between a name and its value."""
_COMPOUND: Final = "|".join(
    rf"(?<={before}token)"
    for before in ("--", *(rf"(?<!\\)[a-z0-9][-_.]{{{n}}}" for n in range(3)))
)
"""A token of something, which is a credential; of an escape, as in `\\n`, it is none."""
_PERHAPS_CHARS: Final = 8
_MADE: Final = (
    rf"(?=\(?\s{{0,8}}b?(?P<opened>{_QUOTE})(?s:(?!(?P=opened)).|(?<=\\).){{{_PERHAPS_CHARS}}}"
    rf"|\[|(?:(?:{REDACTED})*[^\s\"'`\\,;&<>(){{}}\[\]]){{{_PERHAPS_CHARS}}})"
)
"""A value that is long enough to be one, or a list."""


@dataclass(frozen=True, slots=True)
class Name:
    """A part of a name, in small letters, that says what follows."""

    literal: str
    rest: str = ""
    value: str = ""
    weight: _Weight = _Weight.SURE
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile, the literal first: that is how the search of `re` becomes fast."""
        pattern = re.compile(f"{re.escape(self.literal)}{self.rest}(?>{_TAIL}{_JOINT}){self.value}")
        object.__setattr__(self, "pattern", pattern)


NAMES: Final = (
    Name("key", r"(?<=[a-z?&_. -]key)s?"),
    Name("token", f"(?:(?P<sure>{_COMPOUND})|)", f"(?(sure)|{_MADE})", _Weight.PERHAPS),
    Name("secret", "s?"),
    Name("passw", "(?:or)?d"),
    Name("passphrase"),
    Name("pwd"),
    Name("credential", "s?"),
    Name("authorization", weight=_Weight.HEADER),
    Name("cookie", weight=_Weight.HEADER),
    Name("helicone-auth", weight=_Weight.HEADER),
    Name("connection", "[-_ ]?string"),
    Name("dsn"),
    Name("webhook", "(?:[-_]?ur[li])?"),
    Name("&", "(?:amp;)?(?:code|sig|signature|key|assertion)"),
)
_QUALIFIERS: Final = (
    *("api", "access", "secret", "private", "subscription", "account", "auth", "signing", "client"),
    *("encryption", "master", "shared", "license", "admin", "function", "functions", "virtual"),
    *("service", "storage", "provider", "gateway", "?", "&"),
)
"""What makes a key a credential: a `sort_key` is none, nor is an `idempotency-key`."""
_OPTION: Final = re.compile(r"--[a-z-]{0,32}$")
_VALUE: Final = re.compile(
    rf"\(?\s{{0,8}}b?(?P<quote>{_QUOTE})|\[(?P<items>[^\]]+)"
    rf"|(?P<word>(?:{REDACTED}|[^\s\"'`\\,;&<>(){{}}\[\]]+)+)"
)
_PIECE: Final = rf"(?:{REDACTED}|[^\s\"'`\\,;&<>])+"
_HEADER: Final = re.compile(
    rf"([A-Za-z][\w-]{{1,30}}[ \t]{{1,4}})?({_PIECE}(?:[,;][ \t]?[\w.-]{{1,64}}={_PIECE})*)"
)
_PROSE: Final = re.compile(r"[a-z]{1,20}(?=[ \t]+[a-z<])")
_NOT_A_VALUE: Final = frozenset(
    {
        *("null", "none", "nil", "true", "false", "undefined", "missing", "required", "invalid"),
        *("empty", "unset", "expired", "bearer", "basic", "digest", "negotiate", "token", "key"),
    }
)
_CUT: Final = re.compile(r"(?:<redacted>)?<cut chars=\d+>")
_FOUND_CHARS_MIN: Final = 14
"""What a masked value takes with its name, `pwd=<redacted>`; so twice redacted is as once."""
_FOUND_MIN: Final = 256
_SURE_CHARS: Final = 20


def named(text: str, lowered: str) -> str:
    r"""Mask what stands behind the name of a secret.

    Args:
        text: Any text.
        lowered: The same in small letters, as long as the text.

    >>> named(r'{\"apiKey\": \"abc\"}', r'{\"apikey\": \"abc\"}')
    '{\\"apiKey\\": \\"<redacted>\\"}'
    """
    left = max(_FOUND_MIN, len(text) // _FOUND_CHARS_MIN)
    for name in NAMES:
        if name.literal in lowered:
            spans = _spans(text, lowered, name, left)
            left -= len(spans)
            text, lowered = _both(text, lowered, spans)
    return text


def _both(text: str, lowered: str, spans: list[tuple[int, int]]) -> tuple[str, str]:
    """Mask spans in a text; return it with the same in small letters."""
    if not spans:
        return text, lowered
    text = replaced(text, spans)
    return text, lower(text)


def lower(text: str) -> str:
    """Return a text in small letters, as long as it was.

    >>> lower("API-Key \u0130")
    'api-key \u0130'
    """
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return text.encode(errors="surrogatepass").lower().decode(errors="surrogatepass")


def _spans(text: str, lowered: str, name: Name, left: int) -> list[tuple[int, int]]:
    """Return where the values of a name begin and end; of more than are `left`, the rest is one."""
    spans: list[tuple[int, int]] = []
    done = 0
    for found in name.pattern.finditer(lowered):
        if found.start() < done or (weight := _weight(lowered, found, name)) is None:
            continue
        if (span := _value(text, found.end(), weight, found["joint"])) is None:
            continue
        if len(spans) >= left:
            return [*spans, (span[0], len(text))]
        spans.append(span)
        done = span[1]
    return spans


def _weight(lowered: str, found: re.Match[str], name: Name) -> _Weight | None:
    """Say what a name promises where it stands; None: it is the name of no secret."""
    weight, start = name.weight, found.start()
    if found["joint"].isspace():
        option = weight is not _Weight.HEADER and _OPTION.search(lowered, max(0, start - 34), start)
        return _Weight.SURE if option else None
    if name.literal == "key":
        before = lowered[max(0, start - 36) : start].rstrip("-_. ")
        return _Weight.SURE if before.endswith(_QUALIFIERS) else None
    if weight is _Weight.PERHAPS and found["sure"] is not None:
        return _Weight.SURE
    return weight


def _value(text: str, start: int, weight: _Weight, joint: str) -> tuple[int, int] | None:
    """Return where the value begins and ends; None where there is none to hide."""
    if weight is _Weight.HEADER and (header := _HEADER.match(text, start)) is not None:
        return _unless_prose(text, header.span(2), joint)
    found = _VALUE.match(text, start)
    if found is None:
        return None
    if found.lastgroup == "quote":
        return _quoted(text, found.end(), found["quote"], weight)
    if found.lastgroup == "items":
        return None if _CUT.fullmatch(found["items"]) else found.span("items")
    if weight is _Weight.PERHAPS and not _looks_made(found[0]):
        return None
    return _unless_prose(text, found.span(), joint)


def _quoted(text: str, start: int, quote: str, weight: _Weight) -> tuple[int, int] | None:
    """Return what stands in quotes, up to those that close them, or to the end of the text."""
    end = _closing(text, start, quote)
    value = text[start:end]
    if not value or (weight is _Weight.PERHAPS and not _looks_made(value)):
        return None
    if value.lower() in _NOT_A_VALUE or _CUT.fullmatch(value):
        return None
    if weight is _Weight.HEADER and (scheme := _HEADER.match(text, start, end)) and scheme[1]:
        return scheme.start(2), end
    return start, end


def _closing(text: str, start: int, quote: str) -> int:
    end = text.find(quote, start)
    while end > start and len(quote) == 1 and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    return len(text) if end < 0 else end


def _unless_prose(text: str, span: tuple[int, int], joint: str) -> tuple[int, int] | None:
    """Return the span unless it is a word of a sentence, as in `api key: missing`."""
    word = text[span[0] : span[1]].rstrip(".:!?")
    if not word.isalpha():
        return span if word else None
    sentence = joint.rstrip().endswith(":") and joint[-1].isspace() and _PROSE.match(text, span[0])
    return None if sentence or word.lower() in _NOT_A_VALUE else span


def _looks_made(value: str) -> bool:
    """Say whether a value is no plain word or number.

    >>> _looks_made("unexpected"), _looks_made("4096"), _looks_made("a8Kd03kdLs")
    (False, False, True)
    """
    if len(value) < _PERHAPS_CHARS:
        return False
    value = value.replace(REDACTED, "")
    if len(value) < _PERHAPS_CHARS or value.isdigit():
        return False
    return len(value) >= _SURE_CHARS or any(char.isdigit() for char in value)


_CREDENTIAL: Final = re.compile(rf"(?:{REDACTED}|[\w.~+/=:%-]+)+")


def schemes(text: str, lowered: str) -> str:
    """Mask what stands behind the schemes `Bearer` and `Basic`.

    >>> schemes("Bearer token-0123456789 is not Basic", "bearer token-0123456789 is not basic")
    'Bearer <redacted> is not Basic'
    """
    for scheme, pattern, fits in _SCHEMES:
        if scheme in lowered:
            spans = _credentials(text, pattern.finditer(lowered), fits)
            text, lowered = _both(text, lowered, list(spans))
    return text


def _credentials(
    text: str, schemes: Iterator[re.Match[str]], fits: Callable[[str], bool]
) -> Iterator[tuple[int, int]]:
    for found in schemes:
        value = _CREDENTIAL.match(text, found.end())
        if value is not None and fits(value[0]):
            yield value.span()


def _is_login(text: str) -> bool:
    """Say whether a text is user and password in base64.

    >>> _is_login("dXNlcjpwYXNz"), _is_login("authentication")
    (True, False)
    """
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


_GAP: Final = r"(?:\s|%20|\+){1,8}"
_SCHEMES: Final = (
    ("bearer", re.compile(f"bearer{_GAP}"), _looks_made),
    ("basic", re.compile(f"basic{_GAP}"), _is_login),
)
