"""Zhipu and Z.ai: four digits decide; the type beside them, copied from others, may lie."""

from __future__ import annotations

from typing import Final

from halley.core.model import Kind
from halley.core.tables import Row

_DOCS: Final = "docs.bigmodel.cn, error codes, 2026-11"

ROWS: Final = (
    Row("zhipu.balance", Kind.BALANCE, f"{_DOCS}: 1113 arrears", labels=("1113",)),
    Row(
        "zhipu.key",
        Kind.INVALID_KEY,
        f"{_DOCS}: 1000 to 1004",
        labels=("1000", "1001", "1002", "1003", "1004"),
        status=(400, 401, 403),
    ),
    Row(
        "zhipu.account",
        Kind.ACCOUNT,
        f"{_DOCS}: 1110 to 1112, 1120 to 1121",
        labels=("1110", "1111", "1112", "1120", "1121"),
    ),
    Row(
        "zhipu.request",
        Kind.INVALID_REQUEST,
        f"{_DOCS}: 1210, 1213 to 1215",
        labels=("1210", "1213", "1214", "1215"),
        ambiguous=False,
    ),
    Row(
        "zhipu.model",
        Kind.MODEL_NOT_FOUND,
        f"{_DOCS}: 1211, 1212, 1221, 1222",
        labels=("1211", "1212", "1221", "1222"),
        ambiguous=False,
    ),
    Row("zhipu.model_access", Kind.MODEL_ACCESS, f"{_DOCS}: 1220, 1311", labels=("1220", "1311")),
    Row(
        "zhipu.context",
        Kind.CONTEXT_LENGTH,
        f"{_DOCS}: 1261",
        labels=("1261",),
        ambiguous=False,
    ),
    Row(
        "zhipu.policy",
        Kind.CONTENT_POLICY,
        f"{_DOCS}: 1300, 1301",
        labels=("1300", "1301"),
        unless=("rate_limited",),
        ambiguous=False,
    ),
    Row("zhipu.concurrency", Kind.CONCURRENCY, f"{_DOCS}: 1302", labels=("1302",)),
    Row("zhipu.rate", Kind.RATE_LIMIT, f"{_DOCS}: 1303", labels=("1303",)),
    Row("zhipu.busy", Kind.OVERLOADED, f"{_DOCS}: 1305, 1312", labels=("1305", "1312")),
    Row(
        "zhipu.window",
        Kind.QUOTA,
        f"{_DOCS}: 1304 a day, 1308 the plan's window, 1309 expired, 1310 a week, 1313 fair use",
        labels=("1304", "1308", "1309", "1310", "1313"),
    ),
)
