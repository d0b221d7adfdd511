"""What a gateway of the new-api family says of the provider behind it, and passes on from it.

Its provider accounts, its reach and its load are not the caller's: another target may serve, and a
break between gateway and provider leaves a purchase in doubt.
"""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_CODES: Final = "QuantumNous/new-api@01f6839 types/error.go"
_TASK: Final = "Calcium-Ion/new-api@ef8ae4d relay/relay_task.go"

ROWS: Final = (
    Row(
        "relay.saturated_quota",
        Kind.QUOTA,
        "666ghj/BettaFish#579: the message of every 429 is overwritten, the code is not",
        texts=("上游负载已饱和",),
        labels=(
            "insufficient_quota",
            "insufficient_user_quota",
            "billing_not_active",
            "billing_hard_limit_reached",
        ),
        action=Action.FAIL_OVER,
        scope=Scope.UPSTREAM,
        origin=Origin.UPSTREAM,
    ),
    Row(
        "relay.saturated",
        Kind.OVERLOADED,
        "Calcium-Ion/new-api@ef8ae4d controller/relay.go",
        texts=("负载已饱和", "upstream load is saturated", "upstream load*saturated"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "relay.provider_balance",
        Kind.BALANCE,
        f"{_TASK}: fail_to_fetch_task wraps what the provider, a gateway too, said of the caller",
        labels=("insufficient_user_quota", "quota_not_enough", "insufficient_quota"),
        needs=("fail_to_fetch_task",),
        action=Action.FAIL_OVER,
        scope=Scope.UPSTREAM,
        origin=Origin.UPSTREAM,
    ),
    Row(
        "relay.slow_channel",
        Kind.TIMEOUT,
        _CODES,
        labels=("channel:response_time_exceeded",),
        origin=Origin.GATEWAY,
        ambiguous=True,
    ),
    Row(
        "relay.gateway_overload",
        Kind.OVERLOADED,
        "new-api fork, 2026: do_request_failed without an envelope",
        texts=("memory overload", "system cpu overloaded", "system memory overloaded"),
        origin=Origin.GATEWAY,
    ),
    Row(
        "relay.upstream_unreachable",
        Kind.CONNECTION,
        f"{_CODES} do_request_failed: the upstream may have accepted before the break",
        labels=("do_request_failed",),
        origin=Origin.GATEWAY,
        ambiguous=True,
    ),
    Row(
        "relay.upstream_unreachable_text",
        Kind.CONNECTION,
        "Calcium-Ion/new-api@ef8ae4d service/error.go masks post, dial and http",
        texts=("请求上游地址失败", "do request failed"),
        status=(500, 502, 503, 504),
        origin=Origin.GATEWAY,
        ambiguous=True,
    ),
    Row(
        "relay.bad_upstream_answer",
        Kind.BAD_REPLY,
        f"{_CODES}: the upstream answered, unusably and possibly billed",
        labels=(
            "bad_response",
            "bad_response_body",
            "read_response_body_failed",
            "empty_response",
        ),
        origin=Origin.UPSTREAM,
        ambiguous=True,
    ),
)

LATE: Final = (
    Row(
        "relay.upstream_refused_gateway",
        Kind.INVALID_KEY,
        "Calcium-Ion/new-api@ef8ae4d service/error.go: unreadable 401 to 403 of its provider",
        labels=("bad_response_status_code",),
        status=(401, 402, 403),
        action=Action.FAIL_OVER,
        scope=Scope.UPSTREAM,
        origin=Origin.UPSTREAM,
    ),
    Row(
        "relay.upstream_not_found",
        Kind.MODEL_NOT_FOUND,
        "Calcium-Ion/new-api@ef8ae4d service/error.go; VideoCaptioner#1120: 404 sent as 429",
        labels=("bad_response_status_code", "param.404"),
        status=(404,),
        origin=Origin.UPSTREAM,
    ),
)
