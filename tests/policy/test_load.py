"""Policy files: TOML, read only where they are named, with errors that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from halley.compose import policy_of
from halley.core.policy import Backoff, Policy, PolicyError
from halley.policy import BYTES_MAX, load


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A policy file to write."""
    return tmp_path / "halley.toml"


def test_what_it_does_not_name_keeps_its_default(file: Path):
    """Whole numbers are taken for seconds, names for choices."""
    file.write_text('attempts = 3\ndeadline_s = 60\nbackoff = "aws"\nrecords = "stderr"\n')
    expected = Policy(attempts=3, deadline_s=60.0, backoff=Backoff.AWS, records="stderr")
    assert load(file) == expected
    assert load(file).backoff_cap_s == Policy().backoff_cap_s


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("attempts = 0", "attempts: expected a whole number from 1 to 20, got 0"),
        ("attempts = 2.5", "attempts: expected a whole number from 1 to 20, got 2.5"),
        ("attempts = true", "attempts: expected a whole number from 1 to 20, got True"),
        ("deadline_s = -1", "deadline_s: expected a number from 0.001 to 604800.0, got -1"),
        ("deadline_s = inf", "deadline_s: expected a number from"),
        ("deadline_s = nan", "deadline_s: expected a number from"),
        ('deadline_s = "60"', "deadline_s: expected a number from"),
        ('backoff = "quick"', "backoff: expected one of documented, full_jitter, aws, got 'quick'"),
        ('records = ""', "records: expected a path or 'stderr', got ''"),
        ("atempts = 3", "atempts: no such setting, known are attempts, backoff"),
        ("attempts = ", "not TOML: "),
        ("[attempts]\nx = 1", "attempts: expected a whole number"),
    ],
)
def test_a_value_that_is_not_allowed_is_named(file: Path, text: str, message: str):
    """Where, what was found, what is allowed; in one line."""
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: {message}")
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_says_why(file: Path):
    """Missing, a directory, or not text."""
    with pytest.raises(PolicyError, match="cannot be read: No such file"):
        load(file)
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        load(file.parent)
    file.write_bytes(b"attempts = 3 # \xff\xfe")
    with pytest.raises(PolicyError, match="expected UTF-8 text"):
        load(file)


def test_a_file_without_end_is_not_swallowed(file: Path):
    """A megabyte is enough for a policy."""
    file.write_text("#" * (BYTES_MAX + 10) + "\nattempts = 3\n")
    assert load(file).attempts == Policy().attempts


def test_where_a_policy_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch):
    """The value given, the file given, the file of the environment, the defaults; in that order."""
    file.write_text("attempts = 3\n")
    monkeypatch.delenv("HALLEY_POLICY", raising=False)
    assert policy_of(None) == Policy()
    monkeypatch.setenv("HALLEY_POLICY", str(file))
    assert policy_of(None).attempts == 3
    assert policy_of(Policy(attempts=2)).attempts == 2
    file.with_name("other.toml").write_text("attempts = 4\n")
    assert policy_of(str(file.with_name("other.toml"))).attempts == 4


def test_nothing_is_read_from_the_working_directory(file: Path, monkeypatch: pytest.MonkeyPatch):
    """A file that merely lies there is not ours."""
    file.write_text("attempts = 3\n")
    monkeypatch.delenv("HALLEY_POLICY", raising=False)
    monkeypatch.chdir(file.parent)
    assert policy_of(None) == Policy()


RULES = """
[[rules]]
name = "our_gateway.asleep"
kind = "overloaded"
status = [418]
texts = ["Come back later"]
source = "our runbook, 2026-11"

[[rules]]
name = "status.409"
kind = "conflict"
status = [409]
action = "stop"
"""


def test_rules_of_a_file_are_rows(file: Path):
    """Each table under `rules` is a row; words are matched in lower case."""
    file.write_text(RULES)
    asleep, conflict = load(file).rules
    assert (asleep.kind, asleep.status, asleep.texts) == (
        "overloaded",
        (418,),
        ("come back later",),
    )
    assert (conflict.name, conflict.action) == ("status.409", "stop")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rules = 1", "rules: expected a list of tables, got int"),
        ("rules = [1]", "rules[0]: expected a table, got int"),
        ("[[rules]]\nkind = 'timeout'", "rules[0].name: missing"),
        ("[[rules]]\nname = 'a'\nkind = 'x'", "rules[0].kind: expected one of invalid_request, "),
        ("[[rules]]\nname = 'a'\nkind = 'timeout'", "rules[0]: expected status, labels, texts"),
        (
            "[[rules]]\nname = 'a'\nkind = 'timeout'\nstatus = [99]",
            "rules[0].status: expected whole numbers from 100 to 599, got [99]",
        ),
        (
            "[[rules]]\nname = 'a'\nkind = 'timeout'\nstatus = [500]\ncolour = 'red'",
            "rules[0].colour: no such field, known are name, kind, source",
        ),
        (
            "[[rules]]\nname = 'a'\nkind = 'timeout'\nstatus = [500]\n" * 2,
            "rules[1].name: 'a' is there already",
        ),
    ],
)
def test_a_bad_rule_is_named(file: Path, text: str, message: str):
    """The number of the row, its field, what is allowed, what was found."""
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load(file)
    assert message in str(caught.value)
