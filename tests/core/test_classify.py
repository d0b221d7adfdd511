"""Classification: order of witnesses, who speaks, what is ambiguous, and its bounds."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.core.classify import classify
from halley.core.decide import decide
from halley.core.model import Action, Fault, FaultKind, Kind, Origin, Reply, Request, Scope
from halley.core.tables import Row
from halley.providers import TABLES

COMET = "https://api.cometapi.com"
CHAT = Request("POST", "", "/v1/chat/completions")
VIDEO = Request("POST", "", "/v1/videos")
POLL = Request("GET", "", "/v1/videos/task_1")


def reply(status, body="", **headers):
    raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return Reply(
        status, {name.replace("_", "-"): value for name, value in headers.items()}, raw.encode()
    )


def error(message="", type_="", code="", **more):
    return {"error": {"message": message, "type": type_, "code": code, **more}}


def failure_of(request, outcome, **known):
    failure = classify(request, outcome, TABLES, **known)
    assert failure is not None
    return failure


# The documented table: CometAPI, "Error codes and retry strategy".


def test_documented_400_is_not_retried_but_fixed():
    """400: fix the request body or parameters."""
    assert failure_of(CHAT, reply(400, error("bad"))).action is Action.FIX_REQUEST


def test_documented_401_is_not_retried_but_the_key_is_rotated():
    """401: stop, then rotate or reload the key."""
    assert failure_of(CHAT, reply(401, error("bad"))).action is Action.ROTATE_KEY


def test_documented_403_is_usually_not_retried():
    """403: remove unsupported fields, verify access to the model."""
    failure = failure_of(CHAT, reply(403, error("bad")))
    assert (failure.action, failure.kind) == (Action.FIX_REQUEST, Kind.PERMISSION)


def test_documented_429_is_retried():
    """429: exponential backoff with jitter, lower concurrency."""
    failure = failure_of(CHAT, reply(429, error("slow")))
    assert (failure.action, failure.kind) == (Action.RETRY, Kind.RATE_LIMIT)


def test_documented_500_with_invalid_request_is_not_retried():
    """500 with invalid_request: fix the shape of the request."""
    failure = failure_of(
        CHAT, reply(500, error("field messages is required", "", "invalid_request"))
    )
    assert failure.action is Action.FIX_REQUEST


@pytest.mark.parametrize("status", [500, 503, 504, 524])
def test_documented_5xx_are_retried(status):
    """500, 503, 504, 524: backoff, keep the request id."""
    failure = failure_of(CHAT, reply(status, error("oops (request id: 20260101abc)")))
    assert failure.action is Action.RETRY
    assert failure.request_id == "20260101abc"


@pytest.mark.parametrize("fault", [FaultKind.READ_TIMEOUT, FaultKind.CONNECT_TIMEOUT])
def test_documented_timeouts_are_retried(fault):
    """Timeouts: backoff."""
    failure = failure_of(CHAT, Fault(fault))
    assert (failure.action, failure.kind) == (Action.RETRY, Kind.TIMEOUT)


@pytest.mark.parametrize("status", [408, 409, 425, 502, *range(520, 530)])
def test_beside_the_table_these_are_retried_too(status):
    """408, 409, 425, 502, 520 to 529."""
    assert failure_of(CHAT, reply(status)).action is Action.RETRY


@pytest.mark.parametrize("status", [*range(300, 400)])
def test_a_redirect_is_a_wrong_path(status):
    """Never followed, never retried."""
    failure = failure_of(CHAT, reply(status, location="https://www.cometapi.com/"))
    assert (failure.kind, failure.action) == (Kind.WRONG_PATH, Action.FIX_REQUEST)


# The order of witnesses.


def test_a_code_outranks_its_status():
    """Gateways send permanent failures as 500 and 503, quota as 429."""
    assert failure_of(CHAT, reply(429, error("", "", "insufficient_quota"))).action is Action.TOP_UP
    assert failure_of(CHAT, reply(503, error("", "", "model_not_found"))).action is Action.FIX_MODEL


def test_a_code_outranks_a_type_that_lies():
    """z.ai sends 1113, no balance, under `rate_limit_error`."""
    assert (
        failure_of(CHAT, reply(429, error("", "rate_limit_error", "1113"))).action is Action.TOP_UP
    )


def test_a_message_outranks_a_type_that_lies():
    """Anthropic's money is an invalid_request_error."""
    failure = failure_of(
        CHAT, reply(400, error("Your credit balance is too low", "invalid_request_error"))
    )
    assert failure.kind is Kind.BALANCE


def test_words_of_retrying_in_a_400_are_no_hint():
    """An advice to "modify your prompt and retry" asks for another prompt."""
    failure = failure_of(CHAT, reply(400, error("Modify your prompt and try again in 20 seconds.")))
    assert (failure.action, failure.wait_s) == (Action.FIX_REQUEST, None)


def test_hours_named_in_a_body_are_a_quota():
    """Azure's 86400 s, and Google's patience ends after five minutes."""
    azure = failure_of(CHAT, reply(429, error("Please retry after 86400 seconds.")))
    assert (azure.kind, azure.action, azure.wait_s) == (Kind.QUOTA, Action.STOP, 86400)
    info = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "301s"}]
    assert failure_of(CHAT, reply(429, error(details=info))).action is Action.STOP


def test_a_long_retry_after_keeps_the_nature_of_the_failure():
    """Whether it is waited for is the engine's affair."""
    failure = failure_of(CHAT, reply(429, retry_after="86400"))
    assert (failure.action, failure.wait_s) == (Action.RETRY, 86400)


# Who speaks.


@pytest.mark.parametrize(
    ("request_", "headers", "suffix"),
    [
        (CHAT, {}, " (request id: 20260101abc)"),
        (CHAT, {"x_cometapi_request_id": "1"}, ""),
        (CHAT, {"x_oneapi_request_id": "1"}, ""),
        (Request("POST", COMET, "/v1/chat/completions"), {}, ""),
    ],
)
def test_an_upstreams_verdict_passed_on_by_a_gateway_is_about_the_gateways_account(
    request_, headers, suffix
):
    """The caller's key and money are not what the provider refused."""
    key = failure_of(
        request_, reply(401, error(f"Incorrect{suffix}", "", "invalid_api_key"), **headers)
    )
    assert (key.action, key.scope, key.origin) == (
        Action.FAIL_OVER,
        Scope.UPSTREAM,
        Origin.UPSTREAM,
    )
    money = failure_of(request_, reply(429, error(f"x{suffix}", "insufficient_quota"), **headers))
    assert (money.action, money.kind) == (Action.FAIL_OVER, Kind.BALANCE)
    assert money.rule.endswith(".relayed")


def test_a_gateways_own_verdict_is_about_the_caller():
    """Its type says so."""
    body = error("Invalid token (request id: 20260101abc)", "comet_api_error")
    failure = failure_of(Request("POST", COMET, "/v1/chat/completions"), reply(401, body))
    assert (failure.action, failure.scope) == (Action.ROTATE_KEY, Scope.KEY)
    assert failure.origin is Origin.GATEWAY


def test_a_direct_verdict_is_about_the_caller():
    """Without a gateway's mark the same code means the caller's key."""
    assert (
        failure_of(CHAT, reply(401, error("", "", "invalid_api_key"))).action is Action.ROTATE_KEY
    )


# Tasks.


@pytest.mark.parametrize(
    ("age_s", "action"), [(2, Action.POLL), (None, Action.POLL), (3600, Action.STOP)]
)
def test_a_task_that_does_not_exist_is_asked_for_again_while_it_is_young(age_s, action):
    """CometAPI, Runway page: a new task can briefly be task_not_exist."""
    outcome = reply(400, error("task_not_exist", "comet_api_error"))
    assert failure_of(POLL, outcome, task_age_s=age_s).action is action


def test_a_submit_that_names_an_unknown_task_is_not_polled():
    """Only a poll polls."""
    outcome = reply(400, error("task_not_exist", "comet_api_error"))
    assert failure_of(VIDEO, outcome).action is Action.STOP


# What is ambiguous.


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 599])
def test_an_unexplained_5xx_or_408_may_have_been_accepted(status):
    """The work may go on behind it."""
    assert failure_of(VIDEO, reply(status)).ambiguous


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422, 429])
def test_a_refusal_was_not_accepted(status):
    """Safe even for a paid submit."""
    assert not failure_of(VIDEO, reply(status)).ambiguous


@pytest.mark.parametrize("kind", FaultKind)
def test_a_fault_is_ambiguous_unless_nothing_was_sent(kind):
    """DNS, connect, TLS, pool: before the first byte."""
    assert failure_of(VIDEO, Fault(kind)).ambiguous is not Fault(kind).never_sent


# Policy rows.


def test_a_policy_can_add_a_row_and_the_failure_says_so():
    """Its rows are tried first, under a name of their own."""
    row = Row("teapot", Kind.OVERLOADED, "our own gateway", status=(418,))
    failure = classify(CHAT, reply(418), TABLES.with_rows([row]))
    assert failure is not None
    assert (failure.rule, failure.action) == ("policy.teapot", Action.RETRY)
    assert failure_of(CHAT, reply(418)).action is Action.FIX_REQUEST


def test_a_policy_can_override_a_row_by_its_name():
    """The old one is gone."""
    row = Row("status.409", Kind.CONFLICT, "ours", status=(409,), action=Action.STOP)
    tables = TABLES.with_rows([row])
    failure = classify(CHAT, reply(409), tables)
    assert failure is not None
    assert (failure.rule, failure.action) == ("policy.status.409", Action.STOP)
    assert "status.409" not in {r.name for r in tables.rows}


# Bounds.

HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "retry-after",
            "date",
            "server",
            "cf-ray",
            "x-should-retry",
            "x-request-id",
        ]
    ),
    st.text(max_size=40),
    max_size=4,
)
WORDS = st.sampled_from(
    [b'{"error":', b'"message":"', b"try again in ", b"9m", b"data: ", b"\n\n", b"}", b"[DONE]",
     b"<html>", b"\xe4\xbd\x99", b"(request id: ", b"limit: 0", b'"code":429', b"\\u00", b": PING"]
)  # fmt: skip
BODIES = st.binary(max_size=300) | st.lists(WORDS, max_size=30).map(b"".join)


@given(
    status=st.integers(100, 599),
    headers=HEADERS,
    body=BODIES,
    method=st.sampled_from(["GET", "POST"]),
    path=st.sampled_from(["/v1/chat/completions", "/v1/videos/x", "/mj/submit/imagine", "?", ""]),
    complete=st.booleans(),
    age_s=st.none() | st.floats(0, 1e6),
    partial=st.booleans(),
)
@settings(max_examples=400)
def test_anything_gives_a_decision_of_the_closed_set(  # noqa: PLR0917
    status, headers, body, method, path, complete, age_s, partial
):
    """With a finite wait >= 0, and nothing raises."""
    request = Request(method, "", path)
    outcome = Reply(status, headers, body, complete)
    failure = classify(request, outcome, TABLES, task_age_s=age_s, partial_output=partial)
    if failure is None:
        assert 200 <= status < 300
        return
    decision = decide(request, failure)
    assert decision.action in set(Action) - {Action.OK}
    assert math.isfinite(decision.wait_s)
    assert decision.wait_s >= 0


ADVERSARIAL = {
    "brackets": lambda n: b"[" * n,
    "braces": lambda n: b'{"error":' * (n // 9),
    "quotes": lambda n: b'{"message":"' + b'\\"' * (n // 2),
    "open string": lambda n: b'{"error":{"message":"' + b"x" * n,
    "tags": lambda n: b"<" * n,
    "open tag": lambda n: b"<html " + b"a" * n,
    "again": lambda n: b"again in " * (n // 9),
    "digits": lambda n: b'{"error":{"message":"retry in ' + b"9" * n + b'"}}',
    "units": lambda n: b'{"error":{"message":"retry in ' + b"1m" * (n // 2) + b'"}}',
    "frames": lambda n: b"data: {\n\n" * (n // 9),
    "documents": lambda n: b"{}" * (n // 2),
    "ids": lambda n: b"request id:" * (n // 11),
    "pairs": lambda n: b'{"message":"a","code":1,' * (n // 24),
    "nested": lambda n: json.dumps(
        {"error": {"message": '{"error":{"message":"' * (n // 40)}}
    ).encode(),
    "chinese": lambda n: "请在分钟内最多".encode() * (n // 21),
    "words": lambda n: " ".join(f"w{i}" for i in range(n // 6)).encode(),
    "needles": lambda n: b"user quota " * (n // 11),
    "surrogates": lambda n: b'{"error":"' + b"\\ud800" * (n // 6) + b'"}',
}


def cpu_s(outcome):
    """The least of a few runs: what the work costs when nothing disturbs it."""
    best = math.inf
    for _ in range(5):
        began = time.process_time()
        classify(CHAT, outcome, TABLES)
        best = min(best, time.process_time() - began)
    return best


@pytest.mark.parametrize("name", ADVERSARIAL)
@pytest.mark.parametrize("status", [200, 500])
def test_time_grows_no_faster_than_the_input(name, status):
    """Four doublings to 64 KiB cost at most some sixteen times as much; a square would cost 256."""
    make = ADVERSARIAL[name]
    small, large = (cpu_s(reply(status, make(size).decode("utf-8"))) for size in (4096, 65536))
    assert large <= 48 * max(small, 50e-6)
    assert large <= 0.03


@pytest.mark.parametrize("body", [b"", b"{}", b'{"error":{"message":"Unauthorized"}}'])
def test_a_bare_401_of_a_gateway_is_about_the_callers_key(body):
    """CometAPI's table: 401, fix the key; only an upstream's own words make it the gateway's."""
    request = Request("POST", "https://api.cometapi.com", "/v1/chat/completions", b"{}")
    failure = classify(request, Reply(401, {"content-type": "application/json"}, body), TABLES)
    assert failure is not None
    assert failure.action is Action.ROTATE_KEY
