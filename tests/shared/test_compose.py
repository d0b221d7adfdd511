"""What `pacer` asks for, and what is said when it cannot be had."""

from __future__ import annotations

import pickle
import sys

import pytest

import halley
from halley.policy.options import options

URL = "redis://127.0.0.1:6379/0"


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the client is made, not with its first call."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(halley.PolicyError) as caught:
        halley.Client(policy=halley.Policy(pacer=URL))
    assert str(caught.value) == "pacer: needs the package redis: pip install 'halley[redis]'"


@pytest.mark.parametrize("setting", ["socket_timeout", "socket_timeouts"])
def test_a_url_that_is_none_is_refused_without_being_shown(setting: str) -> None:
    """A setting that cannot be read, or that nobody knows, may be a password: it is not shown."""
    password = "half" + "/" + "hidden"
    with pytest.raises(halley.PolicyError) as caught:
        halley.Client(policy=halley.Policy(pacer=f"redis://cache.test?{setting}={password}"))
    assert str(caught.value) == "pacer: the redis client does not take this URL"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_policy_that_was_pickled_is_the_same() -> None:
    """It holds the URL and nothing live."""
    policy = halley.Policy(pacer=URL, pace="ramp")
    assert pickle.loads(pickle.dumps(policy)) == policy


def test_the_pacer_belongs_to_the_client() -> None:
    """No single call can have another one."""
    with (
        pytest.raises(halley.PolicyError, match="pacer: belongs to"),
        options(pacer=URL),
    ):
        pass
