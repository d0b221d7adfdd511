"""What the canary tests plant, and the forms in which they look for it.

Keys, a prompt and a file; each is searched for bare, in windows, reversed, percent-encoded, in
hexadecimal and in base64 at each offset. A prompt is private in pieces of twenty characters.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from urllib.parse import quote

KEYS = {
    "client": "sk-" + "q7W" * 16,
    "first of the ring": "sk-" + "J3x9" * 12,
    "second of the ring": "gw." + "Tz5" * 12,
    "never used": "hk." + "Rb8m" * 10,
}
"""Two of them have no shape that a rule knows."""
PROMPT = "Canary question: which comet comes back, and when is it seen?"
FILE = b"\x89PNG\r\n\x1a\n" + bytes(range(7, 247)) * 2


def forms(text: str, window: int) -> set[str]:
    """Return a text as it could turn up: in windows, turned round, encoded."""
    raw = text.encode()
    packed = {base64.b64encode(b"x" * n + raw)[4:-4].decode() for n in range(3)}
    pieces = {text[at : at + window] for at in range(len(text) - window + 1)}
    return pieces | packed | {quote(text), raw.hex(), text[::-1]}


KEY_FORMS = frozenset().union(*(forms(key, 12) for key in KEYS.values()))
CONTENT_FORMS = forms(PROMPT, 20) | forms(base64.b64encode(FILE).decode(), 40)


def leaks(written: Mapping[str, str], *searched: Iterable[str]) -> dict[str, set[str]]:
    """Return what of the searched forms each text holds; nothing for texts that are clean."""
    wanted = [form for forms in searched for form in forms]
    found = {name: {form for form in wanted if form in text} for name, text in written.items()}
    return {name: forms for name, forms in found.items() if forms}
