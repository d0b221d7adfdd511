"""From an outcome to a failure: gather marks and evidence, then let the first row speak.

Order: the rows of the tables, of which the bare status is the last. The server's veto
(``x-should-retry``) is carried along for `decide`. Never raises, whatever arrives; reads at most
256 KiB; linear in its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from halley.core.answers import symptoms
from halley.core.endpoints import Endpoint, endpoint_at
from halley.core.envelopes import Shape
from halley.core.evidence import Evidence, evidence_of
from halley.core.ids import ray_id, request_id
from halley.core.limits import limits_in
from halley.core.model import (
    Action,
    Failure,
    Fault,
    Headers,
    Kind,
    Origin,
    Outcome,
    Reply,
    Request,
    Scope,
)
from halley.core.probe import suspicious
from halley.core.tables import Row, Tables
from halley.core.waits import server_wait, stated_in_body

YOUNG_S: Final = 60.0
"""A task younger than this may not be visible yet (CometAPI, Runway page: "a few seconds")."""

LONG_WAIT_S: Final = 3600.0
"""More than this in a body is a quota, not a pause."""

GOOGLE_WAIT_S: Final = 300.0
"""The same for Google: gemini-cli@5411f11 googleQuotaErrors, "longer than 5 minutes"."""

GATEWAY_HEADERS: Final = ("x-cometapi-request-id", "x-oneapi-request-id")
GATEWAY_HOSTS: Final = ("cometapi.com",)
_ID_SUFFIX: Final = "(request id:"  # new-api middleware/request-id.go MessageWithRequestId
_WRAPPERS: Final = ("fail_to_fetch_task", "bad_response_status_code")  # new-api: not its own words
_OWN_TYPES: Final = ("_api_error", "cometapi_error")  # comet_, new_, one_, shell_, v_ …

UNKNOWN: Final = Row("status.unknown", Kind.UNKNOWN, "no row fits", status=(0,))

# Facts, "Ambiguous" and "5xx that must not be retried: … paid submits": with nothing else known, a
# request answered like this may have been accepted.
_AMBIGUOUS: Final = frozenset({408, *range(500, 600)})


def classify(
    request: Request,
    outcome: Outcome,
    tables: Tables,
    *,
    task_age_s: float | None = None,
    partial_output: bool = False,
) -> Failure | None:
    """The failure that an outcome is, None when it is none.

    Args:
        request: What was asked.
        outcome: What came of it.
        tables: The rows to judge by.
        task_age_s: Seconds since the task that is polled was bought, where known.
        partial_output: A part of the answer was already delivered.
    """
    match outcome:
        case Fault():
            return _fault(outcome, tables, partial_output=partial_output)
        case Reply():
            marks = _asked(request, task_age_s, partial_output=partial_output)
            return _reply(request, outcome, tables, marks)
        case _:
            assert_never(outcome)


def _fault(fault: Fault, tables: Tables, *, partial_output: bool) -> Failure:
    labels = {"@fault", f"@fault.{fault.kind}"} | ({"@partial"} if partial_output else set())
    row = tables.first(frozenset(labels), "", None) or UNKNOWN
    return Failure(
        kind=row.kind,
        action=row.chosen_action,
        origin=row.origin or Origin.CLIENT,
        scope=row.chosen_scope,
        rule=row.name,
        code=str(fault.kind),
        ambiguous=not fault.never_sent if row.ambiguous is None else row.ambiguous,
    )


def _reply(request: Request, reply: Reply, tables: Tables, asked: frozenset[str]) -> Failure | None:
    success = 200 <= reply.status < 300  # noqa: PLR2004
    if success and not suspicious(request, reply):
        return None
    evidence = evidence_of(reply.headers, reply.body, success=success)
    labels = evidence.labels | asked
    if success:
        endpoint = endpoint_at(request.method, request.path)
        said = _says_error(evidence)
        # A stated error outranks its symptoms, but not the end of a task that is polled.
        found = frozenset() if said and not endpoint.poll else symptoms(endpoint, reply, evidence)
        if not found and not said:
            return None
        labels |= found | {"@ok"}
    status = _effective_status(reply.status, evidence)
    wait_s = server_wait(reply.headers, evidence, status)
    if wait_s is not None and wait_s <= LONG_WAIT_S:
        labels |= {"@waits"}
    labels |= frozenset(_marks(request, reply, evidence))
    limits = partial(limits_in, evidence.text, evidence.words, evidence.labels)
    row = tables.first(labels, evidence.text, status, evidence.words, limits) or UNKNOWN
    failure = _failure(reply, evidence, row, status, wait_s)
    return _long_wait(_relayed(failure, row, labels), labels, stated_in_body(evidence, status))


def _says_error(evidence: Evidence) -> bool:
    return evidence.shape not in {Shape.NONE, Shape.EMPTY, Shape.PAGE, Shape.TEXT, Shape.BROKEN}


def _effective_status(status: int, evidence: Evidence) -> int:
    """The status that counts: inside a 200 the body's own, and a remapped one (`param`)."""
    stated = evidence.status
    if stated is None or (status >= 400 and f"param.{stated}" not in evidence.labels):  # noqa: PLR2004
        return status
    return stated


def _asked(request: Request, task_age_s: float | None, *, partial_output: bool) -> frozenset[str]:
    endpoint = endpoint_at(request.method, request.path)
    return frozenset(_asked_marks(endpoint, task_age_s, partial_output=partial_output))


def _asked_marks(
    endpoint: Endpoint, task_age_s: float | None, *, partial_output: bool
) -> Iterator[str]:
    yield f"@format.{endpoint.format}"
    if endpoint.poll:
        yield "@poll"
        if task_age_s is None or task_age_s <= YOUNG_S:
            yield "@young"
    if partial_output:
        yield "@partial"


def _marks(request: Request, reply: Reply, evidence: Evidence) -> Iterator[str]:
    """Who speaks: halley's own marks, which no server can send."""
    yield f"@shape.{evidence.shape}"
    server = reply.headers.get("server", "").lower()
    ray = "cf-ray" in reply.headers or server == "cloudflare"
    if ray or "cloudflare" in evidence.text[:2048]:
        yield "@cloudflare"
    if "cf-mitigated" in reply.headers:
        yield "@cloudflare.mitigated"
    own = any(label.endswith(_OWN_TYPES) for label in evidence.labels)
    if own:
        yield "@own"
    elif _through_gateway(request, reply.headers, evidence):
        yield "@relayed"


def _through_gateway(request: Request, headers: Headers, evidence: Evidence) -> bool:
    return (
        _ID_SUFFIX in evidence.text
        or not evidence.labels.isdisjoint(_WRAPPERS)
        or any(name in headers for name in GATEWAY_HEADERS)
        or request.origin.endswith(GATEWAY_HOSTS)
    )


def _failure(
    reply: Reply, evidence: Evidence, row: Row, status: int, wait_s: float | None
) -> Failure:
    text = evidence.text if evidence.shape is not Shape.NONE else ""
    ambiguous = status in _AMBIGUOUS if row.ambiguous is None else row.ambiguous
    return Failure(
        kind=row.kind,
        action=row.chosen_action,
        origin=row.origin or _origin(reply, evidence),
        scope=row.chosen_scope,
        rule=row.name,
        status=reply.status,
        code=evidence.code,
        request_id=request_id(reply.headers, evidence.body.text if text else ""),
        ray_id=ray_id(reply.headers, evidence.body.text if text else ""),
        wait_s=wait_s,
        field=evidence.param,
        ambiguous=ambiguous,
        veto=_veto(reply.headers, evidence),
    )


def _veto(headers: Headers, evidence: Evidence) -> bool | None:
    """``x-should-retry``, or what a problem document says of itself; None without either."""
    said = headers.get("x-should-retry", "").strip().lower()
    if said in {"true", "false"}:
        return said == "true"
    return evidence.retryable


def _origin(reply: Reply, evidence: Evidence) -> Origin:
    """Who made the reply, as far as its form tells."""
    if evidence.shape in {Shape.PAGE, Shape.PROBLEM}:
        return Origin.EDGE
    if evidence.shape in {Shape.EMPTY, Shape.MIDJOURNEY}:
        return Origin.GATEWAY
    if not evidence.labels.isdisjoint(_WRAPPERS):
        return Origin.UPSTREAM
    if any(label.endswith(_OWN_TYPES) for label in evidence.labels):
        return Origin.GATEWAY
    if evidence.shape is Shape.TEXT and reply.headers.get("server", "").lower() == "cloudflare":
        return Origin.EDGE
    return Origin.UPSTREAM


def _relayed(failure: Failure, row: Row, labels: frozenset[str]) -> Failure:
    """An upstream's verdict on a key or account, passed on by a gateway, is about the gateway's.

    new-api service/error.go RelayErrorHandler copies upstream codes, 2025-04. A bare status says
    nothing of an upstream: it is the gateway's word about the caller's key, as documented.
    """
    if (
        "@relayed" not in labels
        or row.origin is not None
        or not (row.labels or row.texts or row.needs)
        or failure.scope not in {Scope.KEY, Scope.ACCOUNT}
        or failure.action not in {Action.ROTATE_KEY, Action.TOP_UP, Action.STOP}
    ):
        return failure
    return replace(
        failure,
        action=Action.FAIL_OVER,
        scope=Scope.UPSTREAM,
        origin=Origin.UPSTREAM,
        rule=f"{failure.rule}.relayed",
    )


def _long_wait(failure: Failure, labels: frozenset[str], stated_s: float | None) -> Failure:
    """Hours named in a body are a quota; Google's own tool stops after five minutes already."""
    google = not labels.isdisjoint({"google.retry_info", "resource_exhausted"})
    longest_s = GOOGLE_WAIT_S if google else LONG_WAIT_S
    if failure.action is not Action.RETRY or (stated_s or 0) <= longest_s:
        return failure
    return replace(failure, kind=Kind.QUOTA, action=Action.STOP, rule=f"{failure.rule}.long_wait")
