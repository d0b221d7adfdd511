r"""Keys that are known by their shape: one row a shape, with the literal that it begins with.

The literal is asked for before anything else: most texts hold none of them, and asking costs less
than a microsecond a kilobyte. It must stand at the start of a word, else `task-queue-...` were a
key (`sk-`); an escape before it, as in `\nsk-` or `%22sk-`, is no letter of the word. What follows
has no upper limit, so that a key is never left in half.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from halley.records.redact.marks import replaced

_START: Final = (
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4})"
    r"|(?<=\[\dm)|(?<=\[\d\dm))"
)
"""The start of a word; an escape, and the end of a terminal's colour, are no part of it."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of key.

    Attributes:
        literal: What it begins with.
        rest: A pattern for what follows; it must not fail after an unbounded repeat.
        source: Where the shape is known from.
        before: A pattern for what of the key stands before the literal.
        back: How many characters that are.
    """

    literal: str
    rest: str
    source: str
    before: str = ""
    back: int = 0
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        """Compile, the literal first: that is how the search of `re` becomes fast."""
        literal = re.escape(self.literal)
        pattern = re.compile(f"{literal}(?<={_START}{self.before}{literal}){self.rest}")
        object.__setattr__(self, "pattern", pattern)


_GITLEAKS: Final = "gitleaks, config/gitleaks.toml, 2026-11"
_TRUFFLEHOG: Final = "trufflehog, pkg/detectors, 2026-11"
_MIXED: Final = r"(?=[a-z_-]{0,40}+[A-Z0-9])[\w-]"
"""Some character that no words of small letters have."""

SHAPES: Final = (
    # LLM providers and gateways
    Shape("sk-", _MIXED + "{20,}", "OpenAI, Anthropic, OpenRouter, CometAPI, DeepSeek and others"),
    Shape("sk_", r"(?:live_|test_|prod_)?\w{24,}", "Stripe, ElevenLabs; " + _GITLEAKS),
    Shape("ek_", r"\w{24,}", "OpenAI Realtime, client secrets, 2026-11"),
    Shape("openai-insecure-api-key.", r"[\w.-]{8,}", "OpenAI Realtime, WebSocket subprotocol"),
    Shape("AIza", r"[\w-]{30,}", _GITLEAKS),
    Shape("AQ.", r"Ab[\w-]{30,}", "Google AI Studio, keys since 2026"),
    Shape("ya29.", r"[\w-]{20,}", "Google OAuth 2.0, access tokens"),
    Shape("1//0", r"[\w-]{30,}", "Google OAuth 2.0, refresh tokens"),
    Shape("gsk_", r"\w{30,}", "Groq; " + _TRUFFLEHOG),
    Shape("xai-", r"\w{40,}", "xAI; " + _TRUFFLEHOG),
    Shape("hf_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("api_org_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("r8_", r"[\w-]{30,}", "Replicate; " + _TRUFFLEHOG),
    Shape("pplx-", r"[A-Za-z0-9]{32,}", _GITLEAKS),
    Shape("nvapi-", r"[\w-]{40,}", "NVIDIA; " + _TRUFFLEHOG),
    Shape("tgp_v1_", r"[\w-]{30,}", "Together; " + _TRUFFLEHOG),
    Shape("fw_", r"[A-Za-z0-9]{20,}", "Fireworks; " + _TRUFFLEHOG),
    Shape("csk-", r"[a-z0-9]{40,}", "Cerebras, cloud.cerebras.ai, 2026-11"),
    Shape("jina_", r"\w{40,}", "Jina; " + _TRUFFLEHOG),
    Shape("tvly-", r"[\w-]{24,}", "Tavily; " + _TRUFFLEHOG),
    Shape("pcsk_", r"\w{40,}", "Pinecone; " + _TRUFFLEHOG),
    Shape("pk-lf-", r"[0-9a-f-]{30,}", "Langfuse; " + _TRUFFLEHOG),
    Shape("lsv2_", r"\w{30,}", "LangSmith; " + _TRUFFLEHOG),
    Shape("pa-", r"[\w-]{43,}", "Voyage; " + _TRUFFLEHOG),
    Shape("vck_", r"\w{40,}", "Vercel AI Gateway, 2026-11"),
    Shape(".", r"[A-Za-z0-9]{16}(?![\w])", "Zhipu, id.secret", r"[0-9a-f]{32}", 32),
    Shape("bce-v3/", r"[\w/-]{30,}", "Baidu Qianfan, 2026-11"),
    # clouds
    Shape("ABSK", r"[A-Za-z0-9+/]{80,}={0,2}", "Amazon Bedrock; " + _GITLEAKS),
    Shape("bedrock-api-key-", r"[A-Za-z0-9+/]{40,}={0,2}", _GITLEAKS),
    Shape("AKIA", r"[A-Z2-7]{16}", _GITLEAKS),
    Shape("ASIA", r"[A-Z2-7]{16}", _GITLEAKS),
    Shape("LTAI", r"[A-Za-z0-9]{12,}", _GITLEAKS),
    Shape("AKID", r"[A-Za-z0-9]{13,}", "Tencent Cloud; " + _TRUFFLEHOG),
    Shape("dop_v1_", r"[0-9a-f]{40,}", _GITLEAKS),
    Shape("dapi", r"[0-9a-f]{32}", _GITLEAKS),
    # what stands in logs beside them
    Shape("ghp_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("gho_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("ghs_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("ghu_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("github_pat_", r"\w{30,}", _GITLEAKS),
    Shape("glpat-", r"[\w-]{20,}", _GITLEAKS),
    Shape("xox", r"[a-z]-[\w-]{20,}", "Slack; " + _GITLEAKS),
    Shape("xapp-", r"[\w-]{20,}", "Slack; " + _GITLEAKS),
    Shape("hooks.slack.com/", r"(?:services|workflows)/[\w/]{10,}", _GITLEAKS),
    Shape("rk_live_", r"\w{20,}", _GITLEAKS),
    Shape("whsec_", r"[A-Za-z0-9+/]{24,}={0,2}", "Stripe, Svix; " + _TRUFFLEHOG),
    Shape("npm_", r"[A-Za-z0-9]{30,}", _GITLEAKS),
    Shape("pypi-AgE", r"[\w-]{40,}", _GITLEAKS),
    Shape("hvs.", r"[\w-]{20,}", _GITLEAKS),
    Shape("SG.", r"[\w-]{16,}\.[\w-]{16,}", "SendGrid; " + _GITLEAKS),
    Shape("shpat_", r"[0-9a-f]{32}", _GITLEAKS),
    Shape("lin_api_", r"[A-Za-z0-9]{32,}", _GITLEAKS),
    Shape("glsa_", r"\w{32,}", _GITLEAKS),
    Shape("eyJ", r"[\w-]{8,4000}+\.eyJ[\w-]{8,}(?:\.[\w-]*)?", "JWT, RFC 7519", r"(?<![\w-])"),
)


_BY_END: Final = {s: s.literal[-3:] for s in SHAPES if re.search(r"..[-_.]\Z", s.literal)}
"""How the literals end that end with a separator: in most texts no word does."""


def _ending(mark: str) -> re.Pattern[str]:
    """Return a pattern for those that end with one separator; `re` finds one fastest."""
    ends = sorted(re.escape(end) for end in {*_BY_END.values()} if end[-1] == mark)
    return re.compile(f"{re.escape(mark)}(?<=({'|'.join(ends)}))")


_ENDS: Final = tuple(_ending(mark) for mark in "-_.")
_OTHERS: Final = tuple(shape for shape in SHAPES if shape not in _BY_END)


def shaped(text: str) -> str:
    """Return a text without what has the shape of a key.

    >>> shaped("task-queue-0123456789abcdef and AKIA" + "A" * 16)
    'task-queue-0123456789abcdef and <redacted>'
    """
    ends = {end for pattern in _ENDS for end in pattern.findall(text)}
    likely = [shape for shape, end in _BY_END.items() if end in ends] if ends else ()
    for shape in (*likely, *_OTHERS):
        if shape.literal in text:
            text = replaced(text, _spans(text, shape))
    return _without_pem(text) if "-----BEGIN " in text else text


def _spans(text: str, shape: Shape) -> Iterator[tuple[int, int]]:
    for found in shape.pattern.finditer(text):
        yield found.start() - shape.back, found.end()


_PEM: Final = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PEM_ROWS: Final = re.compile(r"(?:(?:\\{1,15}[rn]|\s){0,8}[A-Za-z0-9+/=]{16,})*")
_PEM_END: Final = "-----END "
_DASHES: Final = "-----"


def _without_pem(text: str) -> str:
    """Mask private keys in their armour, also one whose end was cut off."""
    return replaced(text, _keys_in_armour(text))


def _keys_in_armour(text: str) -> Iterator[tuple[int, int]]:
    done = end = 0
    while (found := _PEM.search(text, done)) is not None:
        end = text.find(_PEM_END, found.end()) if end >= 0 else end
        if end < 0:
            rows = _PEM_ROWS.match(text, found.end())
            done = found.end() if rows is None else rows.end()
        else:
            closing = text.find(_DASHES, end + len(_PEM_END))
            done = len(text) if closing < 0 else closing + len(_DASHES)
        yield found.start(), done
