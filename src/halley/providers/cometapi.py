"""CometAPI and the family of gateways it is built on: new-api, one-api and their forks.

Five error shapes on one host, English and Chinese. What the gateway says for itself has the origin
`gateway`; what it passes on keeps its upstream's words and is judged by the upstream's table.
Codes: QuantumNous/new-api@01f6839 types/error.go. Texts: Calcium-Ion/new-api@ef8ae4d.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_CODES: Final = "QuantumNous/new-api@01f6839 types/error.go"
_TOKEN: Final = "Calcium-Ion/new-api@ef8ae4d model/token.go, middleware/auth.go"  # noqa: S105
_RELAY: Final = "Calcium-Ion/new-api@ef8ae4d relay/relay-text.go"
_DISTRIBUTOR: Final = "Calcium-Ion/new-api@ef8ae4d middleware/distributor.go"
_TASK: Final = "Calcium-Ion/new-api@ef8ae4d relay/relay_task.go"
_DOCS: Final = "CometAPI docs, error-codes-handling, 2026-11"

ROWS: Final = (
    Row(
        "cometapi.key_quota",
        Kind.KEY_QUOTA,
        _TOKEN,
        texts=(
            "令牌额度已用尽",
            "令牌额度不足",
            "令牌剩余额度",
            "tokenstatusexhausted",
            "remainquota = 0",
            "token quota is not enough",
            "token remain quota",
            "token quota exhausted",
            "token quota has been exhausted",
            "token's quota is exhausted",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.key_quota_code",
        Kind.KEY_QUOTA,
        _CODES,
        labels=("pre_consume_token_quota_failed", "token_quota_exhausted"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.balance",
        Kind.BALANCE,
        _RELAY,
        texts=(
            "user quota is not enough",
            "user quota*not enough",
            "insufficient user quota",
            "用户额度不足",
            "用户剩余额度",
            "预扣费额度失败",
            "pre-consumed quota failed",
            "pre-consume quota failed",
            "quota_not_enough",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.balance_code",
        Kind.BALANCE,
        _CODES,
        labels=("insufficient_user_quota", "quota_not_enough", "local:insufficient_quota"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.budget_pool",
        Kind.BALANCE,
        "new-api fork: a pool of money shared by several users, 2026",
        texts=("budget pool quota has been exhausted", "select another budget pool"),
        origin=Origin.UPSTREAM,
    ),
    Row(
        "cometapi.no_key",
        Kind.INVALID_KEY,
        _TOKEN,
        texts=("未提供令牌", "no token provided", "token not provided", "未提供 api key"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.invalid_key",
        Kind.INVALID_KEY,
        _TOKEN,
        texts=(
            "无效的令牌",
            "令牌已过期",
            "令牌状态不可用",
            "令牌验证失败",
            "令牌已被禁用",
            "invalid token",
            "token has expired",
            "token is expired",
            "token expired",
            "token status is unavailable",
            "token is not available",
            "token has been disabled",
            "access token 无效",
        ),
        status=(200, 401, 403),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.banned",
        Kind.ACCOUNT,
        "Calcium-Ion/new-api@ef8ae4d middleware/auth.go",
        texts=(
            "用户已被封禁",
            "用户已被禁用",
            "user has been banned",
            "user is banned",
            "user has been disabled",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.address",
        Kind.BLOCKED,
        "Calcium-Ion/new-api@ef8ae4d middleware/auth.go",
        texts=(
            "不在令牌允许访问的列表中",
            "ip is not in the*allow",
            "ip*not allowed to use this token",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.model_access",
        Kind.MODEL_ACCESS,
        _DISTRIBUTOR,
        texts=(
            "令牌无权访问模型",
            "token has no access to model",
            "token does not have access to model",
            "无权使用模型",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.group",
        Kind.PERMISSION,
        _DISTRIBUTOR,
        texts=(
            "分组*已被禁用",
            "分组*已被弃用",
            "无权访问*分组",
            "group*has been disabled",
            "group*has been deprecated",
            "no permission to access*group",
        ),
        status=(401, 403),
        action=Action.ROTATE_KEY,
        scope=Scope.KEY,
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.no_model_named",
        Kind.INVALID_REQUEST,
        "one-api forks, 2025-10: a 503 for an empty model name",
        texts=(
            "no available channel*for model  ",
            "and model  (distributor",
            "对于模型  无可用渠道",
            "下模型  无可用渠道",
            "model name is required",
            "未指定模型名称",
            "model name not specified",
        ),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.no_channel",
        Kind.MODEL_NOT_FOUND,
        f"{_DISTRIBUTOR}; CometAPI, seen live 2026-06-24: this 503 never heals",
        texts=(
            "no available channel",
            "无可用渠道",
            "没有可用渠道",
            "no channel available for model",
            "not supported by any configured",
        ),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.no_route",
        Kind.GATEWAY_CONFIG,
        f"{_CODES} get_channel_failed: the gateway's own retry found no further channel",
        labels=("get_channel_failed",),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.no_route_text",
        Kind.GATEWAY_CONFIG,
        _CODES,
        texts=("route candidates not found", "可用渠道失败", "failed to get available channel"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.sensitive",
        Kind.CONTENT_POLICY,
        _CODES,
        labels=("sensitive_words_detected", "prompt_blocked", "violation_fee.grok.csam"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.model_mismatch",
        Kind.MODEL_ACCESS,
        f"{_CODES}: conversion fails before any upstream call",
        labels=("convert_request_failed", "invalid_request"),
        texts=("not supported model", "model*not supported", "unsupported model", "不支持*模型"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.too_large",
        Kind.TOO_LARGE,
        _CODES,
        labels=("read_request_body_failed",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.invalid_request",
        Kind.INVALID_REQUEST,
        f"{_DOCS}: 500 with invalid_request is not retried",
        labels=(
            "invalid_request",
            "count_token_failed",
            "json_marshal_failed",
            "convert_request_failed",
            "bad_request_body",
            "gen_relay_info_failed",
        ),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.channel_config",
        Kind.GATEWAY_CONFIG,
        f"{_CODES}: the operator's mistake, not the caller's",
        labels=(
            "model_price_error",
            "invalid_api_type",
            "channel:model_mapped_error",
            "channel:param_override_invalid",
            "channel:header_override_invalid",
            "channel:aws_client_error",
            "channel:no_available_key",
            "channel:invalid_key",
        ),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.price_unset",
        Kind.GATEWAY_CONFIG,
        _RELAY,
        texts=("倍率或价格未配置", "ratio or price not set", "price not configured"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.request_limit",
        Kind.RATE_LIMIT,
        "QuantumNous/new-api@01f6839 middleware/model-rate-limit.go",
        texts=("reached the request limit", "请求数限制", "reached the total request limit"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.limiter_failed",
        Kind.SERVER_ERROR,
        "songquanpeng/one-api@8df4a26 middleware/rate-limit.go: its store failed",
        labels=("rate_limit_check_failed",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "cometapi.task_stored_nowhere",
        Kind.UPSTREAM_ERROR,
        f"{_TASK}: the upstream runs a task whose id was lost",
        labels=("insert_task_failed",),
        action=Action.RECONCILE,
        scope=Scope.TASK,
        origin=Origin.GATEWAY,
        ambiguous=True,
    ),
    Row(
        "cometapi.wrong_path",
        Kind.WRONG_PATH,
        "Calcium-Ion/new-api@ef8ae4d controller/relay.go RelayNotFound",
        texts=("invalid url (",),
        origin=Origin.GATEWAY,
    ),
    Row(
        "cometapi.not_implemented",
        Kind.WRONG_PATH,
        f"{_CODES}, 501",
        labels=("api_not_implemented",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
)

LATE: Final = (
    Row(
        "cometapi.required_field",
        Kind.INVALID_REQUEST,
        f"{_DOCS}: with an empty code the message decides, whatever the status",
        texts=(
            "is required",
            "must be between",
            "must be one of",
            "invalid parameter",
            "参数错误",
            "不能为空",
        ),
        needs=("@own",),
        unless_texts=("try again later",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
)
