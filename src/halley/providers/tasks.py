"""Tasks (Midjourney, Suno, Kling, Runway, video): bought on acceptance, polled for free."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Origin, Scope
from halley.core.tables import Row

_MJ: Final = "novicezk/midjourney-proxy ReturnCode; Calcium-Ion/new-api@ef8ae4d, 2025-04"
_KLING: Final = "Kling API docs, error codes, 2026-11"
_TASK: Final = "Calcium-Ion/new-api@ef8ae4d relay/relay_task.go"
_NOT_THERE: Final = ("task_not_exist", "task not exist", "task_not_found", "任务不存在")

ROWS: Final = (
    Row(
        "tasks.not_visible_yet",
        Kind.TASK_NOT_VISIBLE,
        "CometAPI docs, Runway page: a new task can briefly be task_not_exist, 2026-11",
        texts=_NOT_THERE,
        needs=("@poll", "@young"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.not_visible_yet_code",
        Kind.TASK_NOT_VISIBLE,
        "CometAPI docs, Runway page, 2026-11: the code without the message",
        labels=("task_not_exist", "task_not_found"),
        needs=("@poll", "@young"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.unknown",
        Kind.TASK_NOT_VISIBLE,
        f"{_TASK}: the id is wrong or another key's",
        texts=_NOT_THERE,
        action=Action.STOP,
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.unknown_code",
        Kind.TASK_NOT_VISIBLE,
        f"{_TASK}, code only",
        labels=("task_not_exist", "task_not_found"),
        action=Action.STOP,
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.result_moderated",
        Kind.TASK_FAILED,
        "CometAPI client, 2026: VIOLATION is moderated after rendering",
        texts=("current status: violation", "current status: fail"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.result_pending",
        Kind.TASK_PENDING,
        "CometAPI client, 2026: the content of a task that is not completed",
        texts=("task is not completed yet", "video is not ready", "not ready yet*status: in"),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.mj_saturated",
        Kind.OVERLOADED,
        "Calcium-Ion/new-api@ef8ae4d controller/relay.go: code 30, refused before queueing",
        labels=("mj.30",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.mj_queue_full",
        Kind.CONCURRENCY,
        f"{_MJ}: code 23",
        labels=("mj.23",),
        scope=Scope.UPSTREAM,
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.mj_banned_prompt",
        Kind.CONTENT_POLICY,
        f"{_MJ}: code 24",
        labels=("mj.24",),
        origin=Origin.UPSTREAM,
        ambiguous=False,
    ),
    Row(
        "tasks.mj_not_found",
        Kind.TASK_NOT_VISIBLE,
        f"{_MJ}: code 3",
        labels=("mj.3",),
        action=Action.STOP,
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.kling_key",
        Kind.INVALID_KEY,
        _KLING,
        labels=("1000", "1001", "1002", "1003", "1004"),
        needs=("@format.kling",),
    ),
    Row(
        "tasks.kling_balance",
        Kind.BALANCE,
        f"{_KLING}: 1101 arrears, 1102 resource pack used up",
        labels=("1101", "1102"),
        needs=("@format.kling",),
    ),
    Row(
        "tasks.kling_account",
        Kind.PERMISSION,
        f"{_KLING}: 1100 account, 1103 no access, 1304 address list",
        labels=("1100", "1103", "1304"),
        needs=("@format.kling",),
    ),
    Row(
        "tasks.kling_request",
        Kind.INVALID_REQUEST,
        _KLING,
        labels=("1200", "1201", "1202"),
        needs=("@format.kling",),
        ambiguous=False,
    ),
    Row(
        "tasks.kling_model",
        Kind.MODEL_NOT_FOUND,
        f"{_KLING}: 1203 the resource, such as the model, does not exist",
        labels=("1203",),
        needs=("@format.kling",),
        ambiguous=False,
    ),
    Row(
        "tasks.kling_policy",
        Kind.CONTENT_POLICY,
        _KLING,
        labels=("1300", "1301"),
        needs=("@format.kling",),
        ambiguous=False,
    ),
    Row(
        "tasks.kling_rate",
        Kind.RATE_LIMIT,
        _KLING,
        labels=("1302",),
        needs=("@format.kling",),
        ambiguous=False,
    ),
    Row(
        "tasks.kling_concurrency",
        Kind.CONCURRENCY,
        _KLING,
        labels=("1303",),
        needs=("@format.kling",),
        ambiguous=False,
    ),
    Row(
        "tasks.kling_server",
        Kind.SERVER_ERROR,
        _KLING,
        labels=("5000", "5001", "5002"),
        needs=("@format.kling",),
        ambiguous=True,
    ),
)

LATE: Final = (
    Row(
        "tasks.mj_request",
        Kind.INVALID_REQUEST,
        f"{_MJ}: code 4",
        labels=("mj.4",),
        origin=Origin.GATEWAY,
        ambiguous=False,
    ),
    Row(
        "tasks.mj_failed",
        Kind.UPSTREAM_ERROR,
        f"{_MJ}: codes 5 and 9",
        labels=("mj.5", "mj.9"),
        origin=Origin.UPSTREAM,
        ambiguous=True,
    ),
)
