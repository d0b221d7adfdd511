"""Names of OpenTelemetry's conventions, and what a request is in their words.

`http.*`, `server.*`, `url.*` and `error.type` are stable. The `gen_ai.*` names have two states:
those released last (semantic-conventions 1.44, opentelemetry-semantic-conventions 0.66b2), and
those of the repository they moved to (semantic-conventions-genai, main, read 2026-11), which
``OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental`` asks for. What differs stands in
`RELEASED` and `LATEST`, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from halley.core.endpoints import TASKS, Format, endpoint_at, family_of, wants_stream
from halley.core.model import Request

OPT_IN: Final = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST_GENAI: Final = "gen_ai_latest_experimental"

METHOD: Final = "http.request.method"
RESEND_COUNT: Final = "http.request.resend_count"
STATUS_CODE: Final = "http.response.status_code"
URL: Final = "url.full"
ADDRESS: Final = "server.address"
PORT: Final = "server.port"
ERROR_TYPE: Final = "error.type"
HTTP_DURATION: Final = "http.client.request.duration"

OPERATION: Final = "gen_ai.operation.name"
PROVIDER: Final = "gen_ai.provider.name"
MODEL: Final = "gen_ai.request.model"
STREAM: Final = "gen_ai.request.stream"
FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS: Final = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS: Final = "gen_ai.usage.output_tokens"
TOKEN_TYPE: Final = "gen_ai.token.type"  # noqa: S105 - LLM tokens

CALL_ID: Final = "halley.call_id"
ATTEMPTS: Final = "halley.attempts"
STOP_REASON: Final = "halley.stop_reason"
ACTION: Final = "halley.action"
KIND: Final = "halley.kind"
RULE: Final = "halley.rule"
STREAM_STATE: Final = "halley.stream"
WAIT: Final = "halley.wait_s"
REQUEST_ID: Final = "halley.request_id"
KEY: Final = "halley.key"


class GenAi(NamedTuple):
    """The names that differ between the states of the GenAI conventions.

    Attributes:
        duration: Histogram of operations that infer (`INFERENCE`), in seconds.
        other_duration: The same of embeddings.
        first_chunk: Histogram of the time to a stream's first content, in seconds.
        tokens: Histogram of LLM tokens by `gen_ai.token.type`; None: there are two counters.
        input_tokens: Counter of those taken in; None: there is one histogram.
        output_tokens: Counter of those given out; None: there is one histogram.
    """

    duration: str
    first_chunk: str
    other_duration: str = "gen_ai.client.operation.duration"
    tokens: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None


RELEASED: Final = GenAi(
    duration="gen_ai.client.operation.duration",
    first_chunk="gen_ai.client.operation.time_to_first_chunk",
    tokens="gen_ai.client.token.usage",
)
LATEST: Final = GenAi(
    duration="gen_ai.client.inference.duration",
    first_chunk="gen_ai.client.inference.time_to_first_chunk",
    input_tokens="gen_ai.client.inference.usage.input_tokens",
    output_tokens="gen_ai.client.inference.usage.output_tokens",
)
INFERENCE: Final = frozenset({"chat", "generate_content", "text_completion"})

OPERATIONS: Final[Mapping[Format, str]] = {
    Format.OPENAI_CHAT: "chat",
    Format.RESPONSES: "chat",
    Format.MESSAGES: "chat",
    Format.BEDROCK: "chat",
    Format.GEMINI: "generate_content",
    Format.EMBEDDINGS: "embeddings",
}
"""Well-known values; what is bought by the piece is `generate_content`, which is multimodal."""

PROVIDERS: Final[Mapping[str, str]] = {
    "api.openai.com": "openai",
    "api.anthropic.com": "anthropic",
    "generativelanguage.googleapis.com": "gcp.gemini",
    "aiplatform.googleapis.com": "gcp.vertex_ai",
    "openai.azure.com": "azure.ai.openai",
    "services.ai.azure.com": "azure.ai.inference",
    "amazonaws.com": "aws.bedrock",
    "api.cohere.com": "cohere",
    "api.deepseek.com": "deepseek",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral_ai",
    "api.moonshot.ai": "moonshot_ai",
    "api.moonshot.cn": "moonshot_ai",
    "api.perplexity.ai": "perplexity",
    "api.x.ai": "x_ai",
}
"""Well-known values by the end of a host; a regional host begins with more."""

FLAVOURS: Final[Mapping[Format, str]] = {
    Format.MESSAGES: "anthropic",
    Format.GEMINI: "gcp.gemini",
    Format.BEDROCK: "aws.bedrock",
    **{task: str(task) for task in TASKS if task is not Format.VIDEO},
}
"""At any other host, a gateway's above all, the format says whose API it speaks; else OpenAI's.

The conventions want the provider as the client knows it, which may not be the one that answers.
"""

PORTS: Final = {"http": 80, "https": 443}


def genai_of(opt_in: str) -> GenAi:
    """Return the names that the value of `OPT_IN` asks for.

    >>> genai_of("http/dup, gen_ai_latest_experimental") is LATEST, genai_of("") is RELEASED
    (True, True)
    """
    chosen = {word.strip() for word in opt_in.split(",")}
    return LATEST if LATEST_GENAI in chosen else RELEASED


def operation_of(request: Request) -> str | None:
    """Return what a request asks a model for; None if it asks none.

    >>> operation_of(Request("POST", "", "/v1/completions", b"{}"))
    'text_completion'
    >>> operation_of(Request("GET", "", "/v1/models")) is None
    True
    """
    if request.method != "POST" or request.path.endswith("/count_tokens"):
        return None
    endpoint = endpoint_at(request.method, request.path)
    if endpoint.format is Format.OPENAI_CHAT and "/chat/" not in request.path:
        return "text_completion"
    bought = "generate_content" if endpoint.paid_submit else None
    return OPERATIONS.get(endpoint.format, bought)


@lru_cache(maxsize=512)
def provider_of(host: str, path: str) -> str:
    """Return whose API a request speaks.

    >>> provider_of("api.deepseek.com", "/chat/completions"), provider_of("g.test", "/v1/messages")
    ('deepseek', 'anthropic')
    """
    for end, name in PROVIDERS.items():
        if host == end or host.endswith((f".{end}", f"-{end}")):
            return name
    return FLAVOURS.get(family_of(path).format, "openai")


Attributes: TypeAlias = dict[str, str | int | bool]


class Described(NamedTuple):
    """A request in the words of the conventions.

    Attributes:
        operation: What it asks a model for; None: it asks none.
        asked: Whom it asks for what, without anything that grows with the paths that are asked.
        server: Where it goes.
        url: Without its query.
        stream: It asks for a stream.
    """

    method: str
    url: str
    server: Attributes
    operation: str | None
    asked: Attributes
    stream: bool = False

    @property
    def name(self) -> str:
        """The name of the call's span."""
        if self.operation is None:
            return self.method
        return f"{self.operation} {self.asked.get(MODEL, '')}".rstrip()

    @property
    def attempt(self) -> Attributes:
        """What is known when an attempt begins."""
        return {METHOD: self.method, URL: self.url, **self.server}

    @property
    def call(self) -> Attributes:
        """What is known when the call begins."""
        if self.operation is None:
            return self.attempt
        return {**self.asked, STREAM: True} if self.stream else self.asked


def described(request: Request, path: str, model: str) -> Described:
    """Describe a request.

    Args:
        request: What is asked; of its body only whether it asks for a stream.
        path: Its path, as it may be shown.
        model: What it names, as it may be shown.
    """
    origin = urlsplit(request.origin)
    host = origin.hostname or ""
    server: Attributes = {ADDRESS: host}
    if (port := origin.port or PORTS.get(origin.scheme)) is not None:
        server[PORT] = port
    url, operation = f"{request.origin}{path}", operation_of(request)
    if operation is None:
        return Described(request.method, url, server, None, {})
    asked: Attributes = {OPERATION: operation, PROVIDER: provider_of(host, request.path), **server}
    if model:
        asked[MODEL] = model
    return Described(request.method, url, server, operation, asked, wants_stream(request))
