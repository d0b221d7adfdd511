"""Identifiers as the gateway writes them."""

from __future__ import annotations

import re
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.simulator import stamps


@given(now=st.floats(0, 1e9), seed=st.integers(0, 1000))
def test_request_id_has_the_gateways_form(now, seed):
    """14 digits of time, 1 to 9 of nanoseconds without leading zeros, 8 alphanumerics."""
    found = stamps.request_id(now, Random(seed))
    assert re.fullmatch(r"\d{14}(0|[1-9]\d{0,8})[0-9A-Za-z]{8}", found)


@pytest.mark.parametrize(
    ("now", "stamp"), [(0.0, "20260101080000"), (16 * 3600.0, "20260102000000")]
)
def test_request_id_counts_in_utc_plus_8(now, stamp):
    """The gateway's clock is eight hours ahead of UTC."""
    assert stamps.request_id(now, Random(1))[:14] == stamp


def test_ray_id_names_its_data_centre():
    """The edge's id is 16 hexadecimal digits and an airport."""
    assert re.fullmatch(r"[0-9a-f]{16}-[A-Z]{3}", stamps.ray_id(Random(1)))


def test_http_date_is_the_form_of_rfc_9110():
    """A Date header is in GMT with the English names."""
    assert stamps.http_date(86_400.0) == "Fri, 02 Jan 2026 00:00:00 GMT"
