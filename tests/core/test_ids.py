"""Request ids: where they are found, which of several, and what may not pass as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.ids import HEADERS, ray_id, request_id


@pytest.mark.parametrize("name", HEADERS)
def test_every_header_is_read(name):
    """CometAPI's, new-api's, the providers' and the clouds'."""
    assert request_id({name: "id-1"}, "") == "id-1"


def test_the_gateway_is_asked_before_what_lies_behind_it():
    """Support of the gateway cannot find its provider's id."""
    both = {"x-request-id": "inner", "x-cometapi-request-id": "outer"}
    assert request_id(both, "(request id: text)") == "outer"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no key (request id: 2026041011304512345678AbCdEfGh)", "2026041011304512345678AbCdEfGh"),
        ("a (request id: inner1) (request id: outer2)", "outer2"),
        ("Please include the request ID req_0123456789 in your message", "req_0123456789"),
        ("overdue balance. Request id: 0217", "0217"),
        ('{"type":"error","request_id":"req_011CSHoE"}', "req_011CSHoE"),
        ('{"code":"X","message":"m","request_id": "d-1"}', "d-1"),
        ("（request id：20260101abc）", "20260101abc"),
        ("old one-api (request id: 7)", "7"),
        ('{"request_id":"abc"}', "abc"),
        ("{'request_id': 'req_9'}", "req_9"),
        ('b\'{\\"request_id\\":\\"req_7\\"}\'', "req_7"),
        ("网络错误，错误id：2026a1，请联系客服。", "2026a1"),
        ("Failed. Trace ID: 4bf92f35", "4bf92f35"),
        ('{"RequestId":"t-1"}', "t-1"),
        ("nothing here", None),
        ("the request id is missing", None),
        ("(request id: )", None),
    ],
)
def test_every_form_in_a_text_is_read(text, found):
    """Of any length: CometAPI's nanoseconds are not zero-padded."""
    assert request_id({}, text) == found


@pytest.mark.parametrize("bad", ["", " ", "a\nb", "a\x00b", "x" * 201])
def test_what_cannot_be_logged_as_it_is_is_no_id(bad):
    """Control characters and essays are passed over for the next place."""
    assert request_id({"x-request-id": bad, "request-id": "good"}, "") == "good"


@pytest.mark.parametrize(
    ("headers", "text", "found"),
    [
        ({"cf-ray": "9f2c1d7a8b3e4c55-HKG"}, "", "9f2c1d7a8b3e4c55-HKG"),
        ({}, "<p>Cloudflare Ray ID: <strong>9f2c1d7a8b3e4c55</strong></p>", "9f2c1d7a8b3e4c55"),
        ({}, '{"ray_id":"a0b1c2d3e4f56789"}', "a0b1c2d3e4f56789"),
        ({}, "no ray", None),
    ],
)
def test_the_ray_of_the_edge_is_read(headers, text, found):
    """It is all that is left when Cloudflare replaced the body."""
    assert ray_id(headers, text) == found


@given(header=st.text(max_size=250), text=st.text(max_size=400))
def test_an_id_is_always_printable_and_short(header, text):
    """Whatever is sent, an id can stand in a log line."""
    for found in (request_id({"request-id": header}, f"request id: {text}"), ray_id({}, text)):
        assert found is None or (found.isprintable() and 0 < len(found) <= 200)
