# ruff: noqa: RUF001 the gateway speaks Chinese, with Chinese punctuation
"""The error bodies of CometAPI: a table of what is said, and five shapes to say it in.

A row names its layer; the layer and the path decide the shape. Rows marked [inf]
are inferred from the source of new-api, the rest were published or seen on the wire. `permanent`
says that the same bytes with the same key will fail again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

COMET = "comet_api_error"


class Layer(StrEnum):
    """Which part of the gateway speaks."""

    MIDDLEWARE = "middleware"
    """Shape A on every path: code, message, type."""
    RELAY = "relay"
    """Shape B; on other wire formats it takes their shape."""
    CLAUDE = "claude"
    """Shape C: no code."""
    TASK = "task"
    """Shape D: bare code, message, data; the request id only in the headers."""
    MIDJOURNEY = "midjourney"
    """Shape E: bare description, type, code; the request id only in the headers."""
    ROUTER = "router"
    """Shape B without a request id in the text (RelayNotFound)."""


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error: what is said, by whom, with which status, and where that is known from."""

    status: int
    layer: Layer
    message: str
    source: str
    code: str | int | None = ""
    type: str = COMET
    permanent: bool = False


NEW_API = "Calcium-Ion/new-api@ef8ae4d"
NEWER = "QuantumNous/new-api@01f6839"
A, B, D, E, R = Layer.MIDDLEWARE, Layer.RELAY, Layer.TASK, Layer.MIDJOURNEY, Layer.ROUTER

_KEY: Mapping[str, ErrorRow] = {
    "key_missing": ErrorRow(401, A, "未提供令牌", f"{NEW_API} middleware/auth.go", permanent=True),
    "key_invalid": ErrorRow(
        401, A, "Invalid token", f"{NEW_API} model/token.go; CometAPI fixture", permanent=True
    ),
    "key_expired": ErrorRow(401, A, "该令牌已过期", f"{NEW_API} model/token.go", permanent=True),
    "key_exhausted": ErrorRow(
        401,
        A,
        "该令牌额度已用尽 TokenStatusExhausted[sk-xxx***xxx]",
        f"{NEW_API} model/token.go ValidateUserToken",
        permanent=True,
    ),
    "echo_key": ErrorRow(
        401,
        A,
        "Invalid token: {key}",
        "gateways that repeat the key they refuse (facts, auth texts)",
        permanent=True,
    ),
    "user_banned": ErrorRow(
        403, A, "用户已被封禁", f"{NEW_API} middleware/auth.go", permanent=True
    ),
    "ip_barred": ErrorRow(
        403, A, "您的 IP 不在令牌允许访问的列表中", f"{NEW_API} middleware/auth.go", permanent=True
    ),
    "group_disabled": ErrorRow(
        403, A, "令牌分组 default 已被禁用", f"{NEW_API} middleware/distributor.go", permanent=True
    ),
    "model_forbidden": ErrorRow(
        403, A, "该令牌无权访问模型 {model}", f"{NEW_API} middleware/distributor.go", permanent=True
    ),
}
_MONEY: Mapping[str, ErrorRow] = {
    "balance": ErrorRow(
        403,
        B,
        "user quota is not enough",
        f"{NEWER} types/error.go; public client source",
        code="insufficient_user_quota",
        permanent=True,
    ),
    "task_balance": ErrorRow(
        403,
        D,
        "user quota is not enough",
        "public client source, POST /v1/videos [live]",
        code=None,
        permanent=True,
    ),
    "key_quota": ErrorRow(
        403,
        B,
        "token quota is not enough, token remain quota: ＄0.001000, need quota: ＄0.350000",
        f"{NEWER} types/error.go pre_consume_token_quota_failed",
        code="pre_consume_token_quota_failed",
        permanent=True,
    ),
}
_REQUEST: Mapping[str, ErrorRow] = {
    "malformed_json": ErrorRow(
        400,
        A,
        "Invalid request, request body is not valid JSON",
        "[inf] new-api distributor; CometAPI guide: 400, fix the body",
        permanent=True,
    ),
    "model_required": ErrorRow(
        400, A, "model name is required", "CometAPI errors page [live per docs]", permanent=True
    ),
    "invalid_request": ErrorRow(
        500,
        B,
        "field {field} is required",
        "public client source [live 2026-06-24]",
        code="invalid_request",
        permanent=True,
    ),
    "context_length": ErrorRow(
        400,
        B,
        "This model's maximum context length is 128000 tokens.",
        "OpenAI, passed on by RelayErrorHandler",
        code="context_length_exceeded",
        type="invalid_request_error",
        permanent=True,
    ),
    "unsupported_parameter": ErrorRow(
        400,
        B,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        "OpenAI, passed on by RelayErrorHandler",
        code="unsupported_parameter",
        type="invalid_request_error",
        permanent=True,
    ),
    "sensitive_words": ErrorRow(
        500,
        B,
        "sensitive words detected",
        f"{NEWER} types/error.go",
        code="sensitive_words_detected",
        permanent=True,
    ),
    "convert_request_failed": ErrorRow(
        500,
        B,
        "not supported model for image generation, only imagen models are supported",
        "public client source; status from types/error.go [inf]",
        code="convert_request_failed",
        permanent=True,
    ),
    "body_too_large": ErrorRow(
        413,
        B,
        "request body too large",
        f"{NEWER} read_request_body_failed",
        code="read_request_body_failed",
        permanent=True,
    ),
    "seconds_out_of_range": ErrorRow(
        400,
        R,
        "seconds must be between 4 and 15",
        "public client source, client fixture",
        type="invalid_request_error",
        permanent=True,
    ),
}
_OPERATOR: Mapping[str, ErrorRow] = {
    "model_not_found": ErrorRow(
        503,
        A,
        "no available channel for group default and model {model} (distributor)",
        "public client source [live 2026-06-24]",
        code="model_not_found",
        permanent=True,
    ),
    "model_price_error": ErrorRow(
        500,
        B,
        "model {model} price not configured",
        f"{NEWER} types/error.go; wording [inf]",
        code="model_price_error",
        permanent=True,
    ),
    "get_channel_failed": ErrorRow(
        500,
        B,
        "no further channel for model {model}",
        f"{NEWER} types/error.go; wording [inf]",
        code="get_channel_failed",
    ),
    "upstream_key": ErrorRow(
        401,
        B,
        "Incorrect API key provided: sk-proj-********abcd. You can find your API key at "
        "https://platform.openai.com/account/api-keys.",
        f"{NEW_API} service/error.go: the gateway's own provider key",
        code="invalid_api_key",
        type="invalid_request_error",
        permanent=True,
    ),
}
_LIMIT: Mapping[str, ErrorRow] = {
    "saturated": ErrorRow(
        429,
        B,
        "当前分组上游负载已饱和，请稍后再试",
        f"{NEW_API} service/error.go (older versions, every 429)",
        code="rate_limit_exceeded",
    ),
    "request_limit": ErrorRow(
        429,
        A,
        "You have reached the request limit: maximum {calls} requests in 1 minutes",
        f"{NEWER} middleware/model-rate-limit.go",
    ),
    "request_limit_zh": ErrorRow(
        429,
        A,
        "您已达到请求数限制：1分钟内最多请求{calls}次",
        f"{NEW_API} middleware/model-rate-limit.go",
    ),
    "rate_limit": ErrorRow(
        429,
        B,
        "Rate limit reached for {model} on requests per min (RPM). Please try again in {wait}.",
        "OpenAI, passed on by RelayErrorHandler without its headers",
        code="rate_limit_exceeded",
        type="requests",
    ),
    "upstream_quota": ErrorRow(
        429,
        B,
        "当前分组上游负载已饱和，请稍后再试",
        "666ghj/BettaFish#579: the text lies, the code does not",
        code="insufficient_quota",
        type="insufficient_quota",
        permanent=True,
    ),
}
_UPSTREAM: Mapping[str, ErrorRow] = {
    "server_error": ErrorRow(
        500,
        B,
        "The server had an error while processing your request. Sorry about that!",
        "OpenAI, passed on by RelayErrorHandler",
        code="server_error",
        type="server_error",
    ),
    "do_request_failed": ErrorRow(
        500, B, "upstream error: do request failed", NEWER, code="do_request_failed"
    ),
    "bad_response_body": ErrorRow(
        500,
        B,
        "unexpected end of JSON input",
        f"{NEWER} types/error.go; wording [inf]",
        code="bad_response_body",
    ),
    "empty_response": ErrorRow(
        500,
        B,
        "empty response from upstream",
        f"{NEWER} types/error.go",
        code="empty_response",
    ),
    "busy": ErrorRow(
        503,
        B,
        "The model is currently busy, please try again later",
        "public client source; status [inf]",
        code="bad_response_status_code",
        type="bad_response_status_code",
    ),
    "openai_error": ErrorRow(
        524,
        B,
        "openai_error",
        "public client source",
        code="bad_response_status_code",
        type="bad_response_status_code",
    ),
    "overloaded": ErrorRow(
        529,
        B,
        "Overloaded",
        "Anthropic errors page, passed on",
        code=None,
        type="overloaded_error",
    ),
    "not_implemented": ErrorRow(
        501,
        B,
        "API not implemented",
        f"{NEWER} types/error.go",
        code="api_not_implemented",
        permanent=True,
    ),
}
_TASK: Mapping[str, ErrorRow] = {
    "task_not_exist": ErrorRow(
        400, D, "task_not_exist", "public client source; Runway page", code="task_not_exist"
    ),
    "task_not_completed": ErrorRow(
        400,
        R,
        "Task is not completed yet, current status: {state}",
        "public client source; status [inf]",
        type="invalid_request_error",
    ),
    "insert_task_failed": ErrorRow(
        500,
        D,
        "insert_task_failed",
        f"{NEW_API} relay/relay_task.go: the task runs upstream, nobody knows its id",
        code="insert_task_failed",
    ),
    "midjourney_saturated": ErrorRow(
        429,
        E,
        " 当前分组负载已饱和，请稍后再试，或升级账户以提升服务质量。",
        f"{NEW_API} controller/relay.go RelayMidjourney",
        code=30,
        type="upstream_error",
    ),
}
_PATH: Mapping[str, ErrorRow] = {
    "invalid_url": ErrorRow(
        404,
        R,
        "Invalid URL ({method} {path})",
        f"{NEW_API} controller/relay.go RelayNotFound",
        type="invalid_request_error",
        permanent=True,
    ),
}

ERRORS: Mapping[str, ErrorRow] = MappingProxyType(
    {**_KEY, **_MONEY, **_REQUEST, **_OPERATOR, **_LIMIT, **_UPSTREAM, **_TASK, **_PATH}
)
"""Every row by its name."""
