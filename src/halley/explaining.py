"""One recorded failure in, one explanation out: what `halley explain` says of a JSON line.

A case has the fields request, status, headers and body, and optionally transport_error, task_age_s
and partial_output. What is missing is unknown; what has the wrong type is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from halley.core.classify import classify
from halley.core.decide import decide
from halley.core.endpoints import model_of
from halley.core.model import (
    Action,
    Failure,
    Fault,
    FaultKind,
    Headers,
    Kind,
    Origin,
    Outcome,
    Reply,
    Request,
    Scope,
)
from halley.core.shown import inside
from halley.core.tables import Tables
from halley.providers import TABLES
from halley.providers.advice import advice

Lang: TypeAlias = Literal["en", "vi"]

# Names of the exceptions of httpx, httpx2, aiohttp, requests, urllib3 and the standard library.
FAULTS: Final[dict[str, FaultKind]] = {
    "connecterror": FaultKind.CONNECT,
    "connectionrefusederror": FaultKind.CONNECT,
    "econnrefused": FaultKind.CONNECT,  # Node's codes
    "ehostunreach": FaultKind.CONNECT,
    "enetunreach": FaultKind.CONNECT,
    "enotfound": FaultKind.DNS,
    "eai_again": FaultKind.DNS,
    "econnreset": FaultKind.READ,
    "epipe": FaultKind.WRITE,
    "und_err_connect_timeout": FaultKind.CONNECT_TIMEOUT,
    "und_err_headers_timeout": FaultKind.READ_TIMEOUT,
    "und_err_body_timeout": FaultKind.READ_TIMEOUT,
    "und_err_socket": FaultKind.READ,
    "etimedout": FaultKind.READ_TIMEOUT,
    "clientconnectorerror": FaultKind.CONNECT,
    "newconnectionerror": FaultKind.CONNECT,
    "maxretryerror": FaultKind.CONNECT,
    "connecttimeout": FaultKind.CONNECT_TIMEOUT,
    "connecttimeouterror": FaultKind.CONNECT_TIMEOUT,
    "connectiontimeouterror": FaultKind.CONNECT_TIMEOUT,
    "gaierror": FaultKind.DNS,
    "nameresolutionerror": FaultKind.DNS,
    "clientconnectordnserror": FaultKind.DNS,
    "sslerror": FaultKind.TLS,
    "sslcertverificationerror": FaultKind.TLS,
    "clientconnectorsslerror": FaultKind.TLS,
    "clientconnectorcertificateerror": FaultKind.TLS,
    "clientsslerror": FaultKind.TLS,
    "proxyerror": FaultKind.PROXY,
    "clientproxyconnectionerror": FaultKind.PROXY,
    "clienthttpproxyerror": FaultKind.PROXY,
    "pooltimeout": FaultKind.POOL_TIMEOUT,
    "emptypoolerror": FaultKind.POOL_TIMEOUT,
    "unsupportedprotocol": FaultKind.UNSUPPORTED,
    "invalidurl": FaultKind.UNSUPPORTED,
    "invalidschema": FaultKind.UNSUPPORTED,
    "missingschema": FaultKind.UNSUPPORTED,
    "nonhttpurlclienterror": FaultKind.UNSUPPORTED,
    "localprotocolerror": FaultKind.MALFORMED,
    "writeerror": FaultKind.WRITE,
    "brokenpipeerror": FaultKind.WRITE,
    "writetimeout": FaultKind.WRITE_TIMEOUT,
    "readtimeout": FaultKind.READ_TIMEOUT,
    "readtimeouterror": FaultKind.READ_TIMEOUT,
    "sockettimeouterror": FaultKind.READ_TIMEOUT,
    "servertimeouterror": FaultKind.READ_TIMEOUT,
    "timeoutexception": FaultKind.READ_TIMEOUT,
    "timeouterror": FaultKind.READ_TIMEOUT,
    "timeout": FaultKind.READ_TIMEOUT,
    "apitimeouterror": FaultKind.READ_TIMEOUT,
    "readerror": FaultKind.READ,
    "closeerror": FaultKind.READ,
    "connectionreseterror": FaultKind.READ,
    "connectionabortederror": FaultKind.READ,
    "clientoserror": FaultKind.READ,
    "clientpayloaderror": FaultKind.READ,
    "incompleteread": FaultKind.READ,
    "chunkedencodingerror": FaultKind.READ,
    "contentdecodingerror": FaultKind.PROTOCOL,
    "decodingerror": FaultKind.PROTOCOL,
    "remoteprotocolerror": FaultKind.PROTOCOL,
    "protocolerror": FaultKind.PROTOCOL,
    "serverdisconnectederror": FaultKind.PROTOCOL,
    "remotedisconnected": FaultKind.PROTOCOL,
    "badstatusline": FaultKind.PROTOCOL,
    "clientresponseerror": FaultKind.PROTOCOL,
}

# A general name (`ConnectionError`, `OSError`) says less than the words behind it.
_WORDS: Final = (
    ("certificate verify failed", FaultKind.TLS),
    ("certificate_verify_failed", FaultKind.TLS),
    ("name or service not known", FaultKind.DNS),
    ("nodename nor servname", FaultKind.DNS),
    ("name resolution", FaultKind.DNS),
    ("getaddrinfo", FaultKind.DNS),
    ("no such host", FaultKind.DNS),  # Go
    ("connection refused", FaultKind.CONNECT),
    ("econnrefused", FaultKind.CONNECT),
    ("enotfound", FaultKind.DNS),
    ("failed to connect", FaultKind.CONNECT),
    ("couldn't connect", FaultKind.CONNECT),
    ("cannot connect to host", FaultKind.CONNECT),
    ("refused_stream", FaultKind.CONNECT),  # RFC 9113 §8.7: not processed
    ("tunnel connection failed", FaultKind.PROXY),
    ("cannot connect to proxy", FaultKind.PROXY),
    ("self-signed certificate", FaultKind.TLS),
    ("self signed certificate", FaultKind.TLS),
    ("certificate has expired", FaultKind.TLS),
    ("x509:", FaultKind.TLS),
    ("illegal header value", FaultKind.MALFORMED),
    ("network is unreachable", FaultKind.CONNECT),
    ("no route to host", FaultKind.CONNECT),
    ("failed to establish a new connection", FaultKind.CONNECT),
    ("connect timeout", FaultKind.CONNECT_TIMEOUT),
    ("connection timeout", FaultKind.CONNECT_TIMEOUT),
    ("dial tcp", FaultKind.CONNECT_TIMEOUT),
    ("read timed out", FaultKind.READ_TIMEOUT),
)


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a failure is and what to do about it."""

    id: str
    action: Action
    retryable: bool
    kind: Kind | None
    origin: Origin | None
    scope: Scope | None
    wait_s: float
    request_id: str | None
    advice: str
    rule: str


def explain(
    case: Mapping[str, object], *, lang: Lang = "en", tables: Tables = TABLES
) -> Explanation:
    """Explain one recorded case.

    Raises:
        ValueError: A field has the wrong type; the message names it.
    """
    name = _text(case, "id")
    request = _request(case)
    failure = classify(
        request,
        _outcome(case),
        tables,
        task_age_s=_number(case, "task_age_s"),
        partial_output=_flag(case, "partial_output"),
    )
    if failure is None:
        return _good(name, lang)
    return _explained(name, request, failure, lang)


def _good(name: str, lang: Lang) -> Explanation:
    return Explanation(
        id=name,
        action=Action.OK,
        retryable=False,
        kind=None,
        origin=None,
        scope=None,
        wait_s=0.0,
        request_id=None,
        advice=advice(None, lang=lang),
        rule="ok",
    )


def _explained(name: str, request: Request, failure: Failure, lang: Lang) -> Explanation:
    decision = decide(request, failure)
    return Explanation(
        id=name,
        action=decision.action,
        retryable=decision.retryable,
        kind=failure.kind,
        origin=failure.origin,
        scope=failure.scope,
        wait_s=decision.wait_s,
        request_id=failure.request_id,
        advice=advice(failure, decision.action, model=model_of(request), lang=lang),
        rule=decision.rule,
    )


def fault_kind(name: str) -> FaultKind:
    """The fault that an exception's name (and message, after a colon) stands for.

    >>> str(fault_kind("httpx.ConnectError: [Errno 111] Connection refused"))
    'connect'
    >>> str(fault_kind("SomethingElse"))
    'unknown'
    """
    head, _, _ = name.partition(":")
    words = name.lower()
    for phrase, kind in _WORDS:
        if phrase in words:
            return kind
    bare = head.strip().rpartition(".")[2].partition("(")[0].lower()
    return FAULTS.get(bare, FaultKind.UNKNOWN)


def _outcome(case: Mapping[str, object]) -> Outcome:
    status = case.get("status")
    error = _text(case, "transport_error")
    if status is None:
        return Fault(fault_kind(error))
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:  # noqa: PLR2004
        raise _wrong("status", "a number from 100 to 999 or null", status)
    headers = _headers(case)
    if error:  # the answer began and broke off: what arrived decides only if it says an error
        return Reply(status, headers, _text(case, "body").encode(), complete=False)
    return Reply(status, headers, _text(case, "body").encode("utf-8", "surrogatepass"))


def _request(case: Mapping[str, object]) -> Request:
    found = case.get("request")
    asked = {} if found is None else found
    if not isinstance(asked, Mapping):
        raise _wrong("request", "an object", asked)
    body = asked.get("body")
    if body is not None and not isinstance(body, str):
        raise _wrong("request.body", "text", body)
    return Request(
        method=_text(asked, "method", "request.") or "POST",
        origin=_text(asked, "origin", "request."),
        path=_text(asked, "path", "request."),
        body=(body or "").encode("utf-8", "surrogatepass"),
    )


def _headers(case: Mapping[str, object]) -> Headers:
    found = case.get("headers")
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise _wrong("headers", "an object", found)
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise _wrong(inside("headers", name), "text", value)
    first: dict[str, str] = {}
    for name, value in found.items():
        first.setdefault(name.lower(), value)
    return first


def _text(case: Mapping[str, object], name: str, path: str = "") -> str:
    value = case.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(f"{path}{name}", "text", value)
    return value


def _number(case: Mapping[str, object], name: str) -> float | None:
    value = case.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, "a number", value)
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name}: expected a number of seconds, got one out of range") from None


def _flag(case: Mapping[str, object], name: str) -> bool:
    value = case.get(name)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise _wrong(name, "true or false", value)
    return value


def _wrong(field: str, expected: str, value: object) -> ValueError:
    return ValueError(f"{field}: expected {expected}, got {_kind(value)}")


_KINDS: Final = {dict: "an object", list: "a list", str: "text", bool: "a boolean"}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), "null" if value is None else "a number")
