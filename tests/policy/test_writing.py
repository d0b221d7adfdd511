"""A policy as a file: it says everything, and loads to the same policy."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.policy import SETTINGS, Backoff, Policy, Validate
from halley.policy import load, tables
from halley.policy.writing import hidden, to_toml
from tests.policy.everything import EVERYTHING

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
WORDS = st.lists(TEXT, max_size=2)
NUMBER = st.floats(0.001, 3600, allow_subnormal=False)
PER_CALL = {
    "attempts": st.integers(1, 20),
    "backoff": st.sampled_from(Backoff),
    "backoff_cap_s": NUMBER,
    "validate": st.sampled_from(Validate),
    "repair": st.booleans(),
}
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        **PER_CALL,
        "in_flight_max": st.none() | st.integers(1, 1_000_000),
        "records": st.none() | TEXT,
        "rules": st.lists(
            st.fixed_dictionaries(
                {"name": TEXT, "kind": st.just("timeout"), "status": st.just([418])},
                optional={"labels": WORDS, "source": TEXT, "ambiguous": st.booleans()},
            ),
            max_size=2,
            unique_by=lambda row: row["name"],
        ),
        "models": st.dictionaries(
            TEXT.filter(lambda name: not set(name) & set("*?[")),
            st.fixed_dictionaries({}, optional=PER_CALL),
            max_size=2,
        ).filter(lambda models: len({name.lower() for name in models}) == len(models)),
    },
)


def loaded(text: str) -> Policy:
    """What a file of this text comes to."""
    return Policy().override(tables(text.encode()))


@given(POLICIES)
def test_any_policy_loads_again_to_the_same(changes):
    """Whatever characters its texts have, and however odd its numbers are."""
    policy = Policy(**changes)
    assert loaded(to_toml(policy)) == policy


def test_a_file_with_everything_in_it_loads(tmp_path: Path):
    """Each setting at a value that is not its default; a field added later is in it by itself."""
    policy = Policy(**EVERYTHING)
    assert all(getattr(policy, name) != getattr(Policy(), name) for name in SETTINGS)
    file = tmp_path / "halley.toml"
    file.write_text(to_toml(policy), "utf-8")
    assert load(file) == policy
    assert set(tomllib.loads(file.read_text("utf-8"))) == set(SETTINGS)


def test_every_setting_is_in_the_file_with_what_is_allowed():
    """Also those that are not set, as a comment."""
    lines = to_toml(Policy()).splitlines()[1:]
    assert len(lines) == len(SETTINGS)
    for line, (name, setting) in zip(lines, SETTINGS.items(), strict=True):
        assert line.removeprefix("# ").startswith(f"{name} ")
        assert line.endswith(f" {setting.allowed}")


def test_what_a_table_leaves_unset_is_a_comment():
    """TOML has no word for it, and the file must still load."""
    setting = replace(SETTINGS["attempts"], take=lambda _path, value: value)
    with patch.dict(SETTINGS, attempts=setting):
        text = to_toml(Policy(models={"a": {"attempts": None, "repair": True}}))
    assert "# attempts is not set" in text.splitlines()
    assert loaded(text) == Policy(models={"a": {"repair": True}})


@pytest.mark.parametrize(
    "changes",
    [
        {"records": "sk-" + "live" * 8},
        {"models": {"sk-" + "live" * 8: {"attempts": 2}}},
        {"rules": [{"name": "a", "kind": "timeout", "texts": ["sk-" + "live" * 8]}]},
    ],
)
def test_what_could_be_a_key_is_left_out(changes):
    """The file says so, and the rest of it loads."""
    policy = Policy(attempts=3, **changes)
    text = to_toml(policy)
    (name,) = changes
    assert hidden(policy) == [name]
    assert "live" not in text
    assert f"# {name} is not shown, for it could be a key; put it back by hand" in text
    assert loaded(text) == Policy(attempts=3)
