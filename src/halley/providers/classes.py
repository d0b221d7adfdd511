"""Types that only say the class of an error, copied onto failures of any kind, hence so late."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Scope
from halley.core.tables import Row

_CLAUDE: Final = "platform.claude.com/docs/en/api/errors, 2026-11"
_OPENAI: Final = "platform.openai.com/docs/guides/error-codes, 2026-11"

ROWS: Final = (
    Row(
        "shared.rate_limit_error",
        Kind.RATE_LIMIT,
        _CLAUDE,
        labels=("rate_limit_error", "too_many_requests", "rate_limit", "ratelimiterror"),
        ambiguous=False,
    ),
    Row(
        "shared.authentication_error",
        Kind.INVALID_KEY,
        _CLAUDE,
        labels=("authentication_error", "unauthorized", "invalid_token", "invalid_auth"),
    ),
    Row("shared.permission_error", Kind.PERMISSION, _CLAUDE, labels=("permission_error",)),
    Row("shared.conflict_error", Kind.CONFLICT, _CLAUDE, labels=("conflict_error",)),
    Row(
        "shared.server_error",
        Kind.SERVER_ERROR,
        _OPENAI,
        labels=(
            "api_error",
            "server_error",
            "internal_error",
            "internal_server_error",
            "internalservererror",
        ),
        status=(200, 408, 409, *range(500, 600)),
        ambiguous=True,
    ),
    Row(
        "shared.not_found_error",
        Kind.WRONG_PATH,
        _CLAUDE,
        labels=("not_found_error",),
    ),
    Row(
        "shared.invalid_request_error",
        Kind.INVALID_REQUEST,
        _OPENAI,
        labels=("invalid_request_error", "bad_request", "validation_error", "bad_request_error"),
        status=(200, 400, 403, 404, 405, 409, 422, 500, 503),
        ambiguous=False,
    ),
    Row(
        "shared.finish_error",
        Kind.UPSTREAM_ERROR,
        "maximhq/bifrost#5425: finish_reason error inside a 200",
        labels=("@answer.finish_error",),
        status=(200, 201),
        ambiguous=True,
    ),
)

UNREADABLE: Final = (
    Row(
        "shared.error_in_answer",
        Kind.UPSTREAM_ERROR,
        "modelscope/evalscope#1673: a 200 that carries an error nobody knows",
        needs=("@ok",),
        status=(200, 201, 202, 203),
        action=Action.RETRY,
        scope=Scope.UPSTREAM,
        ambiguous=True,
    ),
)
