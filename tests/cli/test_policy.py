"""`halley policy`: every mistake told, every setting shown with where it is from, never a key."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from halley.cli.policy.show import lines_of
from halley.core.policy import SETTINGS, Policy
from halley.policy import load
from halley.simulator import Simulator, fail, script, serve
from tests.policy.everything import EVERYTHING

GOOD = 'attempts = 3\ndeadline_s = 600\n\n[models."gpt-5*"]\nattempts = 2\nbackoff = "aws"\n'
BAD = 'atempts = 3\n\n[models."gpt-5*"]\nattempts = 0\n\n[models.o3]\nrecords = "x"\n'
KEY = "sk-" + "live" * 8


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with two policies in it, which nobody has named."""
    (tmp_path / "halley.toml").write_text(GOOD)
    (tmp_path / "bad.toml").write_text(BAD)
    monkeypatch.chdir(tmp_path)
    return tmp_path


MISTAKES = [
    ("atempts", "no such setting, did you mean attempts?"),
    ('models."gpt-5*".attempts', "expected a whole number from 1 to 20, got 0"),
    (
        "models.o3.records",
        "belongs to all calls of the client together, set it in the policy itself",
    ),
]


class TestCheck:
    """`halley policy check`."""

    def test_a_good_file_is_silent_on_stdout(self, halley):
        """Exit 0, and a line on stderr says that something was checked."""
        shown = halley("policy", "check", "halley.toml")
        assert (shown.code, shown.out) == (0, "")
        assert shown.said == "halley: 1 file checked: no mistakes"

    def test_every_mistake_is_a_line(self, halley):
        """With file, path, what is allowed and what was found; exit 2."""
        shown = halley("policy", "check", "bad.toml")
        assert shown.code == 2
        assert shown.out.splitlines() == [f"bad.toml: {path}: {said}" for path, said in MISTAKES]
        assert shown.said == "halley: 1 file checked: 3 mistakes"

    def test_many_files_are_checked_to_the_last(self, halley):
        """A missing one and one that is no TOML among them."""
        Path("no.toml").write_text("attempts = 3\nattempts = = 4\n")
        shown = halley("policy", "check", "missing.toml", "no.toml", "halley.toml", "bad.toml")
        assert shown.code == 2
        assert shown.out.splitlines()[:2] == [
            "missing.toml: cannot be read: No such file or directory",
            "no.toml: line 2: not TOML: invalid value at column 12",
        ]
        assert len(shown.out.splitlines()) == 2 + len(MISTAKES)
        assert shown.said == "halley: 4 files checked: 5 mistakes"

    def test_json_for_programs(self, halley):
        """One object a mistake."""
        shown = halley("policy", "check", "--json", "bad.toml", "halley.toml")
        assert shown.code == 2
        assert [json.loads(line) for line in shown.out.splitlines()] == [
            {"file": "bad.toml", "path": path, "message": said, "line": None}
            for path, said in MISTAKES
        ]

    def test_json_has_the_line_of_what_is_no_toml(self, halley):
        """As a number, apart from the message."""
        shown = halley("policy", "check", "--json", "-", stdin=b"\n\nattempts = \n")
        told = json.loads(shown.out)
        assert (told["file"], told["path"], told["line"]) == ("stdin", "", 3)

    def test_without_a_file_the_environment_names_it(self, halley):
        """And only then: the one that lies there is not read."""
        shown = halley("policy", "check", env={"HALLEY_POLICY": "bad.toml"})
        assert shown.code == 2
        assert len(shown.out.splitlines()) == len(MISTAKES)
        assert shown.said == "halley: the file of HALLEY_POLICY checked: 3 mistakes"

    def test_without_any_file_it_is_a_usage_error(self, halley):
        """Which says how to name one."""
        shown = halley("policy", "check")
        assert (shown.code, shown.out) == (2, "")
        assert shown.said == (
            "halley: no policy file: name one, or set HALLEY_POLICY; "
            "see 'halley policy check --help'"
        )


class TestShow:
    """`halley policy show`."""

    def test_every_setting_with_where_it_is_from(self, halley):
        """One that the file sets to its default is from the file."""
        shown = halley("policy", "show", "halley.toml")
        head, *lines = [line.split(maxsplit=2) for line in shown.out.splitlines()]
        assert shown.code == 0
        assert head == ["setting", "value", "from"]
        assert [name for name, *_ in lines[: len(SETTINGS) - 1]] == list(SETTINGS)[:-1]
        assert ["attempts", "3", "halley.toml"] in lines
        assert ["deadline_s", "600", "halley.toml"] in lines
        assert ["backoff", "documented", "default"] in lines
        assert lines[-2:] == [
            ['models."gpt-5*".attempts', "2", "halley.toml"],
            ['models."gpt-5*".backoff', "aws", "halley.toml"],
        ]
        assert shown.said == "halley: the policy of halley.toml"

    def test_what_a_model_gets(self, halley):
        """The settings of its section say so; the others are as they were."""
        shown = halley("policy", "show", "halley.toml", "--model", "GPT-5-mini")
        lines = [line.split(maxsplit=2) for line in shown.out.splitlines()]
        assert ["attempts", "2", 'models."gpt-5*"'] in lines
        assert ["backoff", "aws", 'models."gpt-5*"'] in lines
        assert ["deadline_s", "600", "halley.toml"] in lines
        assert not any(name.startswith("models") for name, *_ in lines)
        assert shown.said == ('halley: the policy of halley.toml, for GPT-5-mini (models."gpt-5*")')

    def test_a_model_without_a_section(self, halley):
        """Gets what all others get, and it is said."""
        shown = halley("policy", "show", "halley.toml", "--model", "o3")
        assert ["attempts", "3", "halley.toml"] in [line.split() for line in shown.out.splitlines()]
        assert shown.said.endswith("for o3 (no section fits)")

    def test_without_a_file_it_is_the_defaults(self, halley):
        """Nothing is read from the working directory by itself."""
        shown = halley("policy", "show")
        assert all(line.endswith(" default") for line in shown.out.splitlines()[1:])
        assert shown.said == "halley: no file is named: the defaults"

    def test_the_environment_names_the_file(self, halley):
        """Both the settings and the introduction say so; a file on the line goes before it."""
        env = {"HALLEY_POLICY": "halley.toml"}
        shown = halley("policy", "show", env=env)
        assert ["attempts", "3", "HALLEY_POLICY"] in [
            line.split() for line in shown.out.splitlines()
        ]
        assert shown.said == "halley: the policy of halley.toml, which HALLEY_POLICY names"
        Path("other.toml").write_text("attempts = 4\n")
        assert "4" in halley("policy", "show", "other.toml", env=env).out.splitlines()[1]

    def test_json_for_programs(self, halley):
        """Every setting with its value and its origin."""
        shown = halley("policy", "show", "halley.toml", "--json", "--model", "gpt-5")
        told = json.loads(shown.out)
        assert (told["file"], told["model"], told["section"]) == ("halley.toml", "gpt-5", "gpt-5*")
        assert [*told["settings"], "models"] == list(SETTINGS)
        assert told["settings"]["attempts"] == {"value": 2, "from": 'models."gpt-5*"'}
        assert told["settings"]["in_flight_max"] == {"value": None, "from": "default"}
        shown = halley("policy", "show", "halley.toml", "--json")
        told = json.loads(shown.out)
        assert (told["model"], told["section"]) == (None, None)
        assert told["settings"]["models"] == {
            "value": {"gpt-5*": {"attempts": 2, "backoff": "aws"}},
            "from": "halley.toml",
        }

    @pytest.mark.parametrize("args", [("halley.toml",), ()])
    def test_the_file_it_writes_loads_to_the_same(self, halley, args):
        """The file given, or the defaults to start from."""
        shown = halley("policy", "show", "--toml", *args)
        Path("again.toml").write_text(shown.out)
        assert load(Path("again.toml")) == (load(Path("halley.toml")) if args else Policy())
        assert halley("policy", "check", "again.toml").code == 0

    def test_the_file_of_a_model_has_its_settings_and_no_sections(self, halley):
        """What the calls of the model get, as a policy of its own."""
        shown = halley("policy", "show", "--toml", "halley.toml", "--model", "gpt-5")
        Path("again.toml").write_text(shown.out)
        assert load(Path("again.toml")) == Policy(attempts=2, backoff="aws")

    def test_a_file_with_mistakes_is_one_line(self, halley):
        """The first of them, and how many more there are; with the environment, who named it."""
        shown = halley("policy", "show", "bad.toml")
        assert (shown.code, shown.out) == (2, "")
        said = (
            "bad.toml: atempts: no such setting, did you mean attempts? "
            "(and 2 more, see 'halley policy check')"
        )
        assert shown.said == f"halley: {said}"
        shown = halley("policy", "show", env={"HALLEY_POLICY": "bad.toml"})
        assert (shown.code, shown.said) == (2, f"halley: HALLEY_POLICY: {said}")

    def test_json_and_toml_exclude_each_other(self, halley):
        """One output, one form."""
        shown = halley("policy", "show", "--json", "--toml")
        assert (shown.code, shown.out) == (2, "")
        assert shown.said.startswith("halley: --json and --toml exclude each other; see ")

    @pytest.mark.parametrize("form", [(), ("--json",), ("--toml",)])
    def test_what_could_be_a_key_is_not_shown(self, halley, form):
        """In no form, and it is said that something is missing."""
        Path("key.toml").write_text(
            f'records = "{KEY}"\n[models."{KEY}"]\nattempts = 2\n'
            f'[[rules]]\nname = "a"\nkind = "timeout"\nlabels = ["{KEY}"]\n'
        )
        shown = halley("policy", "show", "key.toml", *form)
        assert shown.code == 0
        assert "live" not in shown.out + shown.err
        assert [line.split()[1] for line in shown.err.splitlines()[1:]] == [
            "records",
            "rules",
            "models",
        ]


def test_nothing_of_a_policy_with_everything_is_left_out():
    """Each setting is a line with its own origin."""
    policy = Policy(**EVERYTHING)
    lines = lines_of(policy, dict.fromkeys(SETTINGS, "a file"))
    assert [line.name for line in lines] == list(SETTINGS)
    assert {line.origin for line in lines} == {"a file"}
    assert {line.name: SETTINGS[line.name].take("", line.value) for line in lines} == {
        name: getattr(policy, name) for name in SETTINGS
    }


def test_no_command_is_a_usage_error(halley):
    """The help goes to stderr."""
    shown = halley("policy")
    assert (shown.code, shown.out) == (2, "")
    assert "Commands:" in shown.err


@pytest.mark.parametrize("name", ["check", "show"])
def test_each_command_teaches_with_examples(halley, name):
    """With a help of its own."""
    shown = halley("policy", name, "--help")
    assert shown.code == 0
    assert f"halley policy {name}" in shown.out.partition("Examples:")[2]


class TestCommandsThatMakeCalls:
    """`--policy` and `HALLEY_POLICY` on each of them."""

    COMMANDS = (("call", "hi", "--profile", "calm"), ("demo", "--calls", "10"))

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    @pytest.mark.parametrize("by_environment", [False, True])
    def test_a_wrong_policy_ends_it_before_anything_is_sent(self, halley, command, by_environment):
        """One line, exit 2, and no other."""
        if by_environment:
            shown = halley(*command, env={"HALLEY_POLICY": "bad.toml"})
        else:
            shown = halley(*command, "--policy", "bad.toml")
        named = "HALLEY_POLICY: " if by_environment else ""
        assert (shown.code, shown.out) == (2, "")
        assert shown.said == (
            f"halley: {named}bad.toml: atempts: no such setting, did you mean attempts? "
            "(and 2 more, see 'halley policy check')"
        )

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_a_missing_package_is_told_the_same_way(self, halley, command, monkeypatch):
        """The extra is named, whatever the section that asks for it."""
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
        Path("check.toml").write_text('[models.o3]\nvalidate = "warn"\n')
        shown = halley(*command, "--policy", "check.toml")
        assert (shown.code, shown.out) == (2, "")
        assert shown.said == (
            'halley: validate: checking bodies needs jsonschema-rs: pip install "halley[validate]"'
        )

    @pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
    def test_a_key_that_is_not_there_is_told_the_same_way(self, halley, command):
        """It is looked for when the client is made."""
        Path("keys.toml").write_text('[[keys]]\nalias = "a"\nenv = "NOT_SET_ANYWHERE"\n')
        shown = halley(*command, "--policy", "keys.toml")
        assert (shown.code, shown.out) == (2, "")
        assert shown.err.splitlines()[-1] == "halley: keys[0].env: NOT_SET_ANYWHERE is not set"

    @pytest.mark.parametrize(("model", "attempts"), [("gpt-5-mini", 1), ("o3", 2)])
    def test_the_section_of_the_model_is_followed(self, halley, model, attempts):
        """A service that only fails is asked as often as the section allows, or else the rest."""
        Path("few.toml").write_text(
            'attempts = 2\nbackoff = "full_jitter"\nbackoff_base_s = 0.001\n'
            '[models."gpt-5*"]\nattempts = 1\n'
        )
        with serve(Simulator(script=script(fail(503, times=9)))) as server:
            env = {"COMETAPI_KEY": KEY, "COMETAPI_BASE_URL": server.base_url}
            shown = halley("call", "hi", "--model", model, "--policy", "few.toml", env=env)
        assert shown.code == 6
        assert len(server.ledger.calls) == attempts
