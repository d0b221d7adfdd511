"""The policy: documented defaults, ranges, and errors that say what is allowed."""

from __future__ import annotations

import dataclasses

import pytest

from halley.core.policy import Backoff, Pace, Policy, PolicyError


def test_the_defaults_are_the_documented_ones():
    """CometAPI, "Error codes and retry strategy", and DESIGN §2."""
    policy = Policy()
    assert policy.attempts == 5
    assert policy.backoff is Backoff.DOCUMENTED
    assert (policy.backoff_base_s, policy.backoff_cap_s) == (1.0, 30.0)
    assert (policy.budget_ratio, policy.budget_floor_per_s) == (0.2, 1.0)
    assert (policy.pace, policy.priority) == (Pace.AFTER_REFUSAL, 0)
    assert policy.in_flight_max is None
    assert policy.records is None


A_STORE = "pacer: expected a URL that starts with redis, rediss, valkey, valkeys, unix and ://"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attempts": 0}, "attempts: expected a whole number from 1 to 20, got 0"),
        ({"attempts": 2.5}, "attempts: expected a whole number from 1 to 20, got 2.5"),
        ({"attempts": True}, "attempts: expected a whole number from 1 to 20, got True"),
        ({"attempts": "5"}, "attempts: expected a whole number from 1 to 20, got '5'"),
        ({"deadline_s": -1}, "deadline_s: expected a number from 0.001 to 604800.0, got -1"),
        ({"deadline_s": float("nan")}, "deadline_s: expected a number from"),
        ({"deadline_s": float("inf")}, "deadline_s: expected a number from"),
        ({"backoff": "fast"}, "backoff: expected one of documented, full_jitter, aws, got 'fast'"),
        ({"pace": "slow"}, "pace: expected one of after_refusal, ramp, got 'slow'"),
        ({"priority": 101}, "priority: expected a whole number from -100 to 100, got 101"),
        ({"records": ""}, "records: expected a path or 'stderr', got ''"),
        ({"pacer": "http://a:secret@b"}, f"{A_STORE}, got http://..."),
        ({"pacer": "localhost:6379"}, f"{A_STORE}, got no URL"),
        ({"pacer": 6379}, f"{A_STORE}, got no URL"),
        ({"in_flight_max": 0}, "in_flight_max: expected a whole number from 1 to 1000000, got 0"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(change, message):
    """One line: where, what is expected, what was found."""
    with pytest.raises(PolicyError) as caught:
        Policy(**change)
    assert str(caught.value).startswith(message)


def test_whole_numbers_do_for_numbers():
    """`deadline_s = 30` in a file is thirty seconds."""
    assert Policy(deadline_s=30).deadline_s == 30.0


def test_a_policy_is_immutable_and_overriding_makes_another():
    """Nothing that was decided with it can change under it."""
    policy = Policy()
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.attempts = 1
    assert policy.override({"attempts": 2}).attempts == 2
    assert policy.attempts == 5


def test_an_unknown_setting_is_named():
    """A misspelt name is an error, not a silent default."""
    with pytest.raises(PolicyError, match="retries: no such setting, known are attempts, backoff"):
        Policy().override({"retries": 3})
