"""Bytedance (Ark, Seedance): codes in words, the part before the dot is the class."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "volcengine.com/docs/82379/1299023, Ark error codes, 2026-11"
_MEDIA: Final = ("inputtext", "inputimage", "inputvideo", "inputaudio")
_OUTPUT: Final = ("outputtext", "outputimage", "outputvideo", "outputaudio", "")

ROWS: Final = (
    Row(
        "bytedance.balance",
        Kind.BALANCE,
        _DOCS,
        labels=("accountoverdueerror", "accountoverdue", "quotaexceeded", "servicenotopen"),
    ),
    Row(
        "bytedance.set_limit",
        Kind.QUOTA,
        f"{_DOCS}: a limit the account's owner set",
        labels=("setlimitexceeded", "inferencelimitexceeded"),
    ),
    Row(
        "bytedance.policy",
        Kind.CONTENT_POLICY,
        _DOCS,
        labels=(
            *(f"{part}sensitivecontentdetected" for part in _MEDIA + _OUTPUT),
            *(f"{part}riskdetection" for part in _MEDIA + _OUTPUT[:-1]),
        ),
        ambiguous=False,
    ),
    Row(
        "bytedance.key", Kind.INVALID_KEY, _DOCS, labels=("authenticationerror", "invalidaccesskey")
    ),
    Row("bytedance.account", Kind.ACCOUNT, _DOCS, labels=("invalidaccountstatus",)),
    Row(
        "bytedance.model",
        Kind.MODEL_NOT_FOUND,
        _DOCS,
        labels=("invalidendpointormodel", "modelnotopen", "unsupportedmodel", "invalidendpoint"),
        ambiguous=False,
    ),
    Row(
        "bytedance.rate",
        Kind.RATE_LIMIT,
        _DOCS,
        labels=(
            "ratelimitexceeded",
            "requestbursttoofast",
            "modelaccountrpmratelimitexceeded",
            "modelaccounttpmratelimitexceeded",
            "modelaccountipmratelimitexceeded",
            "endpointrpmexceeded",
            "endpointtpmexceeded",
            "apiaccountrpmratelimitexceeded",
        ),
        ambiguous=False,
    ),
    Row("bytedance.overloaded", Kind.OVERLOADED, _DOCS, labels=("serveroverloaded",)),
    Row(
        "bytedance.server",
        Kind.SERVER_ERROR,
        _DOCS,
        labels=("internalserviceerror",),
        ambiguous=True,
    ),
    Row(
        "bytedance.access",
        Kind.PERMISSION,
        _DOCS,
        labels=("accessdenied", "operationdenied"),
        unless=("@limit.money",),
    ),
)
