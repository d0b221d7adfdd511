"""Policy files: TOML, read only where they are named, with errors that say what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from halley.core.policy import SETTINGS, Backoff, Policy, PolicyError
from halley.policy import BYTES_MAX, load, policy_of


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
        ("attempts = true", "attempts: expected a whole number from 1 to 20, got true"),
        ("deadline_s = -1", "deadline_s: expected a number from 0.001 to 604800, got -1"),
        ("deadline_s = inf", "deadline_s: expected a number from"),
        ("deadline_s = nan", "deadline_s: expected a number from"),
        ('deadline_s = "60"', "deadline_s: expected a number from"),
        ('backoff = "quick"', "backoff: expected one of documented, full_jitter, aws, got 'quick'"),
        ('records = ""', "records: expected a path or 'stderr', got ''"),
        ("atempts = 3", "atempts: no such setting, did you mean attempts?"),
        ("attempts = ", "line 1: not TOML: invalid value"),
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("attempts = 3\n\ndeadline_s = [1,\n", "line 3: not TOML: invalid value"),
        ("attempts = 3\nattempts 4", "line 2: not TOML: expected '=' after a key in a key/value"),
        ("attempts = 3\nattempts = 4\n", "line 2: not TOML: cannot overwrite a value at column 13"),
        ("attempts = " + "9" * 5000, "not TOML: nested too deeply, or a number too long"),
        ("attempts = " + "[" * 5000, "not TOML: nested too deeply, or a number too long"),
        ("attempts = 0x" + "f" * 5000, "attempts: expected a whole number from 1 to 20, got a num"),
    ],
)
def test_a_file_that_is_no_toml_is_told_by_its_line(file: Path, text: str, message: str):
    """The line and column where reading stopped."""
    file.write_text(text)
    with pytest.raises(PolicyError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: {message}")


def test_a_byte_order_mark_is_no_mistake(file: Path):
    """Some editors begin a file with one."""
    file.write_text("attempts = 3\r\n", "utf-8-sig")
    assert load(file).attempts == 3


def test_a_file_without_end_is_refused(file: Path):
    """A megabyte is enough for a policy, and half a file is none."""
    file.write_text("attempts = 3\n" + "#" * BYTES_MAX)
    with pytest.raises(PolicyError, match="expected a policy, got more than 1 MiB"):
        load(file)


SHARED_BY_ALL = "belongs to all calls of the client together, set it in the policy itself"


def test_all_mistakes_of_a_file_are_found_at_once(file: Path):
    """The message is the first one's; each has its path and the file."""
    file.write_text(
        "attempts = 0\n[models.a]\nrecords = 'x'\nnope = 1\n[[rules]]\nname = 'b'\nstatus = 1\n"
    )
    with pytest.raises(PolicyError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: attempts: ")
    assert [caught.value.line(mistake) for mistake in caught.value.mistakes] == [
        f"{file}: attempts: expected a whole number from 1 to 20, got 0",
        f"{file}: models.a.records: {SHARED_BY_ALL}",
        f"{file}: models.a.nope: no such setting, known are {', '.join(SETTINGS)}",
        f"{file}: rules[0].status: expected a list of whole numbers from 100 to 599, got 1",
        f"{file}: rules[0].kind: missing",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "attempts = '{key}'",
        "backoff = '{key}'",
        "{key} = 1",
        "'{key}' = 1",
        "['{key}']\n['{key}']",
        "deadline_s = ['{key}']",
        "deadline_s = {{a = '{key}'}}",
        "models = '{key}'",
        "[models.'{key}']\nattempts = 0",
        "[models.a]\n'{key}' = 1",
        "[models.a]\nvalidate = 'Bearer {key}'",
        "[[rules]]\nname = '{key}'\nkind = '{key}'\n'{key}' = '{key}'",
        "[[rules]]\nname = '{key}'\nkind = 'timeout'\nstatus = [500]\n" * 2,
        "api_key = '{key}'",
        "repair = 'redis://me:{key}@localhost'",
    ],
)
@pytest.mark.parametrize("key", ["sk-" + "live" * 3, "k" * 48, "9f2c" * 8, "AIza" + "_x-4" * 8])
def test_no_key_is_ever_in_an_error(file: Path, text: str, key: str):
    """A key pasted behind a wrong name, as a name, or in an address."""
    file.write_text(text.format(key=key))
    with pytest.raises(PolicyError) as caught:
        load(file)
    told = "\n".join(map(str, [caught.value, repr(caught.value), *caught.value.mistakes]))
    assert key not in told
    assert key[:12] not in told


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


def test_a_mistake_of_the_environments_file_says_who_named_it(
    file: Path, monkeypatch: pytest.MonkeyPatch
):
    """Nobody passed that file, so the error must say where it comes from."""
    file.write_text("attempts = 0\n")
    monkeypatch.setenv("HALLEY_POLICY", str(file))
    with pytest.raises(PolicyError, match=f"^HALLEY_POLICY: {file}: attempts: expected"):
        policy_of(None)


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
        ("rules = 1", "rules: expected a list of tables, got 1"),
        ("rules = [1]", "rules[0]: expected a table, got 1"),
        ("[[rules]]\nkind = 'timeout'", "rules[0].name: missing"),
        ("[[rules]]\nname = 'a'\nkind = 'x'", "rules[0].kind: expected one of invalid_request, "),
        ("[[rules]]\nname = 'a'\nkind = 'timeout'", "rules[0]: expected status, labels, texts"),
        (
            "[[rules]]\nname = 'a'\nkind = 'timeout'\nstatus = [99]",
            "rules[0].status: expected a list of whole numbers from 100 to 599, got [99]",
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
