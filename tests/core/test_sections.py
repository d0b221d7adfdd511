"""Sections of a policy: which one applies to a model, and what may stand in one."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.policy import SETTINGS, Policy, PolicyError
from halley.core.sections import hides, section_of

SHARED = [name for name, setting in SETTINGS.items() if setting.shared]


def attempts(models, model):
    """What a call of a model is allowed, with seven outside the sections."""
    return Policy(attempts=7, models=models).for_model(model).attempts


def test_a_section_changes_what_it_names_and_nothing_else():
    """The rest is the policy's."""
    policy = Policy(attempts=7, deadline_s=60, models={"gpt-5*": {"attempts": 2}})
    mine = policy.for_model("gpt-5-mini")
    assert (mine.attempts, mine.deadline_s) == (2, 60.0)
    assert mine == policy.override({"attempts": 2})
    assert policy.for_model("o3") is policy


@pytest.mark.parametrize(
    ("pattern", "model", "fits"),
    [
        ("gpt-5-mini", "gpt-5-mini", True),
        ("gpt-5-mini", "gpt-5-mini-2025-08-07", False),
        ("gpt-5", "gpt-5-mini", False),
        ("gpt-5*", "gpt-5", True),
        ("*mini*", "openai/gpt-5-mini", True),
        ("gpt-?", "gpt-5", True),
        ("gpt-?", "gpt-5.1", False),
        ("gpt-[45]*", "gpt-4.1", True),
        ("gpt-[!45]*", "gpt-4.1", False),
        ("minimax-*", "MiniMax-M2", True),
        ("MiniMax-*", "minimax-m2", True),
        ("*", "anything", True),
        ("*", "", False),
    ],
)
def test_patterns_are_the_shells(pattern, model, fits):
    """Upper and lower case are alike; a call that names no model has no section."""
    assert (attempts({pattern: {"attempts": 2}}, model) == 2) is fits


def test_the_first_that_fits_applies_alone():
    """In the order of the file; a later one adds nothing."""
    models = {"*-mini": {"attempts": 2}, "gpt-5*": {"attempts": 3, "repair": True}}
    mini = Policy(models=models).for_model("gpt-5-mini")
    assert (mini.attempts, mini.repair) == (2, False)
    assert attempts(models, "gpt-5") == 3
    turned = dict(reversed(models.items()))
    assert attempts(turned, "gpt-5-mini") == 3
    assert Policy(models=models) != Policy(models=turned)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("gpt-5*", "gpt-5-mini"),
        ("gpt-5*", "gpt-5-*"),
        ("gpt-5*", "GPT-5.1"),
        ("*", "o3"),
        ("gpt-?", "gpt-5"),
        ("gpt-*", "gpt-[45]-mini"),
        ("gpt-[45]", "gpt-4"),
    ],
)
def test_a_section_that_never_comes_first_is_a_mistake(earlier, later):
    """Which names the one before it."""
    with pytest.raises(PolicyError) as caught:
        Policy(models={earlier: {}, later: {}})
    (mistake,) = caught.value.mistakes
    assert mistake.message.startswith("never used: models.")
    assert earlier in mistake.message
    Policy(models={later: {}, earlier: {}})


@pytest.mark.parametrize(
    ("earlier", "later"), [("a*b]", "a[ab]"), ("gpt-?", "gpt-*"), ("[!x]*", "*5"), ("a", "a*")]
)
def test_a_section_that_fits_more_may_follow(earlier, later):
    """Also where the letters of its pattern look as if they were fitted."""
    assert list(Policy(models={earlier: {}, later: {}}).models) == [earlier, later]


WORD = st.text(alphabet="ab*?", max_size=4) | st.sampled_from(["a[ab]", "[!a]*", "*[ab]b", "["])


@given(earlier=WORD, later=WORD, model=st.text(alphabet="ab[", max_size=5))
def test_no_section_is_called_unused_that_could_be_used(earlier, later, model):
    """What the later one fits, the earlier one does too."""
    if hides(earlier, later) and fnmatchcase(model, later):
        assert fnmatchcase(model, earlier)
        assert section_of({earlier: {}, later: {}}, model) in (earlier, None)


@pytest.mark.parametrize("name", SHARED)
def test_what_all_calls_share_is_refused(name):
    """With an error that says where it belongs."""
    with pytest.raises(PolicyError) as caught:
        Policy(models={"gpt-5*": {name: SETTINGS[name].give(getattr(Policy(), name))}})
    assert str(caught.value) == (
        f'models."gpt-5*".{name}: belongs to all calls of the client together, '
        "set it in the policy itself"
    )


QUOTES = 'a name with a dot needs quotes, as in [models."gpt-4.1"]'


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            {"gpt-5*": {"attempts": 0}},
            'models."gpt-5*".attempts: expected a whole number from 1 to 20, got 0',
        ),
        (
            {"o3": {"backoff": "fast"}},
            "models.o3.backoff: expected one of documented, full_jitter, aws, got 'fast'",
        ),
        ({"o3": {"atempts": 1}}, "models.o3.atempts: no such setting, did you mean attempts?"),
        ({"o3": 5}, "models.o3: expected a table of settings, got 5"),
        ({"": {}}, "models: expected names of models or patterns, got ''"),
        ({5: {}}, "models: expected names of models or patterns, got 5"),
        ({"o3": {5: 1}}, f"models.o3.5: no such setting, known are {', '.join(SETTINGS)}"),
        ([], "models: expected a table of settings by model, got []"),
        (
            {"gpt-4": {"1": {"attempts": 2}}},
            f"models.gpt-4.1: no such setting; {QUOTES}",
        ),
    ],
)
def test_a_mistake_is_named_with_its_section(models, message):
    """The path as TOML writes it."""
    with pytest.raises(PolicyError) as caught:
        Policy(models=models)
    assert str(caught.value) == message


def test_a_section_cannot_be_changed():
    """Neither the mapping given nor the one kept reaches a decision."""
    given_models = {"o3": {"attempts": 2}}
    policy = Policy(models=given_models)
    given_models["o3"]["attempts"] = 9
    given_models["*"] = {"attempts": 9}
    assert policy.for_model("o3").attempts == 2
    assert policy.for_model("gpt-5") is policy
    with pytest.raises(TypeError):
        policy.models["o3"] = {}
    assert dict(policy.models["o3"]) == {"attempts": 2}
    with pytest.raises(KeyError):
        policy.models["o4"]
