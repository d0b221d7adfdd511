"""Made-up secrets, put together when a test runs: no line of the repository holds a whole one.

A secret is written as pieces: text as it stands, and `(alphabet, length)` to be filled by a seeded
generator, so that every run and every machine sees the same ones.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
WORD = string.ascii_letters + string.digits
URLSAFE = WORD + "-_"
STANDARD = WORD + "+/"
LETTERS = string.ascii_letters
DIGITS = string.digits

Piece: TypeAlias = str | tuple[str, int]


@dataclass(frozen=True)
class Planted:
    """One row of a corpus: a text, and the part of it that must not survive."""

    name: str
    text: str
    secret: str


def made(name: str, *pieces: Piece) -> str:
    """A secret of these pieces; the name is its seed."""
    chance = random.Random(name)
    parts = [p if isinstance(p, str) else "".join(chance.choices(p[0], k=p[1])) for p in pieces]
    return "".join(parts)


def uuid(name: str) -> str:
    """A random identifier, as keys of some providers are."""
    text = made(name, (HEX, 32))
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def jwt(name: str) -> str:
    """A signed claim of nobody."""
    parts = ({"alg": "HS256", "typ": "JWT"}, {"sub": name, "iat": 1764000000, "grp": "1"})
    coded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*coded, made(name, (URLSAFE, 43))])


def pem(name: str, kind: str = "PRIVATE KEY") -> str:
    """A private key in its armour."""
    rows = [made(f"{name}{number}", (STANDARD, 64)) for number in range(8)]
    return "\n".join([f"-----BEGIN {kind}-----", *rows, f"-----END {kind}-----"])


def basic(name: str) -> str:
    """User and password as the scheme `Basic` packs them."""
    return base64.b64encode(f"user:{made(name, (WORD, 17))}".encode()).decode()


CONTEXTS: dict[str, Callable[[str], str]] = {
    "openai error": lambda s: json.dumps(
        {"error": {"message": f"Incorrect API key provided: {s}. You can find it", "code": "x"}}
    ),
    "prose": lambda s: f"the upstream said that {s} is not valid here (request id: 2026ab12CD)",
    "escaped twice": lambda s: json.dumps({"body": json.dumps({"detail": f"key:\n{s}"})}),
    "bearer": lambda s: f"> Authorization: Bearer {s}",
    "curl": lambda s: f"curl https://a.test/v1/x -H 'x-api-key: {s}' -d '{{}}'",
    "python headers": lambda s: f"headers={{'host': 'a.test', 'x-goog-api-key': '{s}', 'b': 1}}",
    "byte pairs": lambda s: f"[(b'Host', b'a.test'), (b'api-key', b'{s}'), (b'accept', b'*/*')]",
    "query": lambda s: f"GET https://a.test/v1/models?alt=sse&key={quote(s, safe='')} 401",
    "access log": lambda s: f'127.0.0.1:9 - "POST /v1/x?key={quote(s, safe="")} HTTP/1.1" 401',
    "environment": lambda s: f"SOME_SERVICE_API_KEY={s}\n",
    "json member": lambda s: json.dumps({"model": "m", "apiKey": s, "n": 1}),
    "har": lambda s: json.dumps({"headers": [{"name": "X-Api-Key", "value": s}]}),
    "yaml": lambda s: f"base_url: https://a.test\napi_key: {s}\n",
    "go url": lambda s: f'Post \\"https://a.test/v1/x?alt=sse\\u0026key={s}\\": dial tcp: timeout',
}
"""Where secrets turn up; those after `escaped twice` give them a name or a place."""

BARE = ("openai error", "prose", "escaped twice")
NAMED = tuple(name for name in CONTEXTS if name not in BARE)


def planted(kind: str, secret: str, context: str) -> Planted:
    """A secret in one of the contexts, as it is written there."""
    text = CONTEXTS[context](secret)
    shown = secret if secret in text else quote(secret, safe="")
    return Planted(f"{kind} in {context}", text, shown)
