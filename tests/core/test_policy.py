"""The policy: documented defaults, ranges, and errors that say what is allowed."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest

from halley.core.policy import SETTINGS, Backoff, Pace, Policy, PolicyError


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


A_STORE = "pacer: expected a URL with redis, rediss, valkey, valkeys or unix"
A_PLACE = "pacer: expected host:port with a port from 0 to 65535"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attempts": 0}, "attempts: expected a whole number from 1 to 20, got 0"),
        ({"attempts": 2.5}, "attempts: expected a whole number from 1 to 20, got 2.5"),
        ({"attempts": True}, "attempts: expected a whole number from 1 to 20, got true"),
        ({"attempts": "5"}, "attempts: expected a whole number from 1 to 20, got '5'"),
        ({"deadline_s": -1}, "deadline_s: expected a number from 0.001 to 604800, got -1"),
        ({"deadline_s": float("nan")}, "deadline_s: expected a number from"),
        ({"deadline_s": float("inf")}, "deadline_s: expected a number from"),
        ({"backoff": "fast"}, "backoff: expected one of documented, full_jitter, aws, got 'fast'"),
        ({"pace": "slow"}, "pace: expected one of after_refusal, ramp, got 'slow'"),
        ({"priority": 101}, "priority: expected a whole number from -100 to 100, got 101"),
        ({"records": ""}, "records: expected a path or 'stderr', got ''"),
        ({"pacer": "http://a:secret@b"}, f"{A_STORE}, got http://..."),
        ({"pacer": "localhost:6379"}, f"{A_STORE}, got none"),
        ({"pacer": 6379}, f"{A_STORE}, got none"),
        ({"pacer": "redis://:secret@cache:port/0"}, f"{A_PLACE}, got redis://..."),
        ({"pacer": "redis://:sec/ret@cache:6379"}, f"{A_PLACE}, got redis://..."),
        ({"pacer": "valkey://[::1/0"}, f"{A_PLACE}, got valkey://..."),
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


def test_all_mistakes_are_found_at_once():
    """The message is the first, and the error has the others, in their order."""
    with pytest.raises(PolicyError) as caught:
        Policy(attempts=0, repair="yes", rules=[{"kind": "x"}], models={"a": {"attempts": 99}})
    assert str(caught.value) == "attempts: expected a whole number from 1 to 20, got 0"
    assert [mistake.path for mistake in caught.value.mistakes] == [
        "attempts",
        "repair",
        "rules[0].kind",
        "rules[0].name",
        "rules[0]",
        "models.a.attempts",
    ]


def test_an_error_survives_a_pickle():
    """A worker's mistake is told where it was started."""
    with pytest.raises(PolicyError) as caught:
        Policy(attempts=0, repair="yes")
    error = caught.value.within("halley.toml")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.mistakes) == (str(error), error.mistakes)
    assert str(again).startswith("halley.toml: attempts: ")


def test_a_policy_is_immutable_and_overriding_makes_another():
    """Nothing that was decided with it can change under it."""
    policy = Policy()
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.attempts = 1
    assert policy.override({"attempts": 2}).attempts == 2
    assert policy.attempts == 5


def test_a_policy_is_a_value():
    """Equal, hashable and picklable, so that it can key a cache and go to a worker."""
    policy = Policy(models={"gpt-5*": {"attempts": 2}}, rules=[TEAPOT])
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy == Policy().override({"models": policy.models, "rules": [TEAPOT]})
    assert hash(again) == hash(policy) != hash(Policy())
    assert again.for_model("gpt-5").attempts == 2


TEAPOT = {"name": "teapot", "kind": "overloaded", "status": [418]}


def test_what_is_changed_is_checked_and_the_rest_stays():
    """Every field of the copy is there, checked ones as they were."""
    policy = Policy(attempts=3, rules=[TEAPOT], models={"a": {"repair": True}})
    other = policy.override({"backoff": "aws", "deadline_s": 30})
    assert (other.backoff, other.deadline_s) == (Backoff.AWS, 30.0)
    same = [name for name in SETTINGS if name not in ("backoff", "deadline_s")]
    assert [getattr(other, name) for name in same] == [getattr(policy, name) for name in same]
    with pytest.raises(PolicyError) as caught:
        policy.override({"backoff": "fast", "attempts": 0, "nope": 1})
    assert [mistake.path for mistake in caught.value.mistakes] == ["backoff", "attempts", "nope"]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_default_is_allowed_and_what_is_given_can_be_taken_again(name):
    """Each field: its own default passes its check, as the policy has it and as a file does."""
    setting, default = SETTINGS[name], getattr(Policy(), name)
    assert setting.take(name, default) == default
    given = setting.give(default)
    assert json.loads(json.dumps(given)) == given
    assert setting.take(name, given) == default


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("atempts", "atempts: no such setting, did you mean attempts?"),
        ("deadline", "deadline: no such setting, did you mean deadline_s?"),
        ("ATTEMPTS", "ATTEMPTS: no such setting, did you mean attempts?"),
        ("model", "model: no such setting, did you mean models?"),
        ("zzz", "zzz: no such setting, known are attempts, backoff, backoff_base_s, "),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest_known(name, message):
    """A misspelt name is an error, not a silent default."""
    with pytest.raises(PolicyError) as caught:
        Policy().override({name: 3})
    assert str(caught.value).startswith(message)
