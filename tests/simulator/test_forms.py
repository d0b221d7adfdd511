"""Reading bodies and telling equal requests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.simulator.forms import fields_of, fingerprint_of
from halley.simulator.model import SimRequest


def form(boundary, **fields):
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    body = ("".join(parts) + f"--{boundary}--\r\n").encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return SimRequest("POST", "/v1/videos", "", headers, body)


def test_a_form_gives_its_text_fields():
    """Values keep their line breaks and their characters."""
    assert fields_of(form("xyz", model="sora-2", prompt="sao chổi\r\nxa")) == {
        "model": "sora-2",
        "prompt": "sao chổi\r\nxa",
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"7", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_none(body):
    """Broken JSON, other JSON, other bytes and deep nesting all read as None."""
    assert fields_of(SimRequest("POST", "/v1/chat/completions", body=body)) is None


def test_the_boundary_does_not_count():
    """Two attempts of one form look alike, two forms do not."""
    first, again = form("aaa", prompt="x"), form("bbb", prompt="x")
    assert fingerprint_of(first) == fingerprint_of(again)
    assert fingerprint_of(first) != fingerprint_of(form("aaa", prompt="y"))


@given(one=st.binary(max_size=20), two=st.binary(max_size=20))
def test_equal_fingerprints_are_equal_bodies(one, two):
    """Method, path and body all count."""
    requests = [SimRequest("POST", "/v1/videos", body=body) for body in (one, two)]
    assert (fingerprint_of(requests[0]) == fingerprint_of(requests[1])) is (one == two)
    assert fingerprint_of(requests[0]) != fingerprint_of(SimRequest("POST", "/v1/x", body=one))
