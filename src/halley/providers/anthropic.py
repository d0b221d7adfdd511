"""Anthropic: the type decides, but money comes as a 400."""

from __future__ import annotations

from typing import Final

from halley.core.model import Action, Kind, Scope
from halley.core.tables import Row

_ERRORS: Final = "platform.claude.com/docs/en/api/errors, 2026-11"

ROWS: Final = (
    Row("anthropic.billing_error", Kind.BALANCE, _ERRORS, labels=("billing_error",)),
    Row(
        "anthropic.organization_disabled",
        Kind.ACCOUNT,
        _ERRORS,
        texts=("organization has been disabled", "organization is disabled"),
    ),
    Row(
        "anthropic.key_permission",
        Kind.PERMISSION,
        _ERRORS,
        texts=("api key does not have permission", "key is not authorized to"),
        action=Action.ROTATE_KEY,
        scope=Scope.KEY,
    ),
    Row(
        "anthropic.model_not_found",
        Kind.MODEL_NOT_FOUND,
        f"{_ERRORS}: not_found_error, `model: …`",
        labels=("not_found_error",),
        texts=("model:", "model not found", "model*not exist"),
    ),
    Row(
        "anthropic.overloaded",
        Kind.OVERLOADED,
        f"{_ERRORS}; anthropic-sdk-typescript#616",
        labels=("overloaded_error",),
    ),
    Row(
        "anthropic.too_large",
        Kind.TOO_LARGE,
        f"{_ERRORS}: 32 MB",
        labels=("request_too_large",),
        ambiguous=False,
    ),
    Row("anthropic.timeout", Kind.TIMEOUT, _ERRORS, labels=("timeout_error",), ambiguous=True),
)
