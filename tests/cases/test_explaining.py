"""One JSON line in, one explanation out; what is missing is unknown, what is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.model import Action, FaultKind, Kind
from halley.explaining import FAULTS, explain, fault_kind


def test_an_empty_case_is_a_fault_nobody_knows():
    """No status: no answer."""
    explanation = explain({})
    assert (explanation.action, explanation.kind) == (Action.RETRY, Kind.CONNECTION)


def test_a_good_answer_is_ok():
    """With no failure to speak of."""
    explanation = explain({"id": "a", "status": 200, "body": '{"object":"list","data":[]}'})
    assert (explanation.id, explanation.action, explanation.rule) == ("a", Action.OK, "ok")
    assert (explanation.kind, explanation.origin, explanation.scope) == (None, None, None)
    assert explanation.wait_s == 0


def test_header_names_may_be_written_in_any_case():
    """As curl and the SDKs write them differently."""
    assert explain({"status": 429, "headers": {"Retry-After": "7"}}).wait_s == 7


def test_a_request_body_tells_the_model():
    """A picture bought through chat is a purchase."""
    request = {"path": "/v1/chat/completions", "body": '{"model":"sora-2"}'}
    assert explain({"request": request, "status": 502}).action is Action.RECONCILE


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ({"status": "200"}, "status: expected a number from 100 to 999 or null, got text"),
        ({"status": True}, "status: expected a number from 100 to 999 or null, got a boolean"),
        ({"status": 42}, "status: expected a number from 100 to 999 or null, got a number"),
        ({"request": "GET /"}, "request: expected an object, got text"),
        ({"request": {"path": 1}}, "request.path: expected text, got a number"),
        ({"request": {"body": {}}}, "request.body: expected text, got an object"),
        ({"status": 200, "headers": []}, "headers: expected an object, got a list"),
        ({"status": 200, "headers": {"a": 1}}, "headers.a: expected text, got a number"),
        ({"status": 200, "body": {}}, "body: expected text, got an object"),
        ({"id": 7}, "id: expected text, got a number"),
        ({"task_age_s": "2"}, "task_age_s: expected a number, got text"),
        ({"partial_output": 1}, "partial_output: expected true or false, got a number"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(case, message):
    """What was found, what is expected, where."""
    with pytest.raises(ValueError, match=message):
        explain(case)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ConnectError", FaultKind.CONNECT),
        ("httpx.ConnectTimeout", FaultKind.CONNECT_TIMEOUT),
        ("httpx2.PoolTimeout", FaultKind.POOL_TIMEOUT),
        ("aiohttp.client_exceptions.ClientConnectorDNSError", FaultKind.DNS),
        ("requests.exceptions.SSLError", FaultKind.TLS),
        ("urllib3.exceptions.NewConnectionError('refused')", FaultKind.CONNECT),
        (
            "RemoteProtocolError: Server disconnected without sending a response.",
            FaultKind.PROTOCOL,
        ),
        ("ConnectError: [Errno -2] Name or service not known", FaultKind.DNS),
        ("ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", FaultKind.TLS),
        ("OSError: [Errno 101] Network is unreachable", FaultKind.CONNECT),
        ("ConnectionError: HTTPConnectionPool: Read timed out.", FaultKind.READ_TIMEOUT),
        ("builtins.ConnectionResetError", FaultKind.READ),
        ("ECONNREFUSED", FaultKind.CONNECT),
        ("Error: connect ECONNREFUSED 127.0.0.1:443", FaultKind.CONNECT),
        ("ETIMEDOUT", FaultKind.READ_TIMEOUT),
        ("getaddrinfo ENOTFOUND api.cometapi.com", FaultKind.DNS),
        ("dial tcp: lookup api.cometapi.com: no such host", FaultKind.DNS),
        ("curl: (7) Failed to connect to host port 443", FaultKind.CONNECT),
        ("StreamReset error_code:REFUSED_STREAM", FaultKind.CONNECT),
        ("x509: certificate signed by unknown authority", FaultKind.TLS),
        ("ProxyError: Tunnel connection failed: 407", FaultKind.PROXY),
        ("", FaultKind.UNKNOWN),
        ("KeyError: 'x'", FaultKind.UNKNOWN),
    ],
)
def test_an_exceptions_name_and_words_tell_the_fault(name, kind):
    """httpx, httpx2, aiohttp, requests, urllib3, the standard library."""
    assert fault_kind(name) is kind


def test_a_number_out_of_range_is_named():
    """JSON has integers of any length, floats have not."""
    with pytest.raises(ValueError, match="task_age_s: expected a number of seconds"):
        explain({"status": 404, "task_age_s": 10**400})


def test_of_a_header_spelled_twice_the_first_counts():
    """As on the wire."""
    twice = {"Retry-After": "20", "retry-after": "9"}
    assert explain({"status": 429, "headers": twice}).wait_s == 20


def test_every_fault_but_the_unknown_has_a_name():
    """The table is complete."""
    assert set(FAULTS.values()) == set(FaultKind) - {FaultKind.UNKNOWN}


@given(
    status=st.none() | st.integers(100, 999),
    body=st.text(max_size=80),
    headers=st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=3),
    error=st.text(max_size=30),
)
def test_any_case_of_the_right_types_is_explained(status, body, headers, error):
    """Nothing raises, lone surrogates included."""
    case = {"status": status, "body": body, "headers": headers, "transport_error": error}
    assert explain(case).action in Action
