"""`halley demo`: the promises, measured by the simulator with few calls, and its ways to fail."""

import json
import signal
import subprocess
import time

import pytest
from tests.cli.conftest import command_line, environment

CALLS = 60


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """Where the demo's records go."""
    return str(tmp_path_factory.mktemp("demo") / "records.jsonl")


@pytest.fixture(scope="module")
def numbers(records):
    """Run the demo once, as a process of its own."""
    done = subprocess.run(
        command_line("demo", "--calls", str(CALLS), "--json", "--records", records),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


def test_every_call_ends_in_one_of_three_ways(numbers):
    """Succeeded, given up and unusable add up on both sides."""
    told, _ = numbers
    for side in (told["without_halley"], told["with_halley"]):
        assert side["calls"] == CALLS
        assert side["succeeded"] + side["given_up"] + side["unusable"] == CALLS
        assert side["succeeded"] <= side["possible"] < CALLS


@pytest.mark.parametrize("promise", ["pointless", "early", "paid_twice"])
def test_with_halley_nothing_of_this_happens(numbers, promise):
    """No hopeless retry, nothing sooner than asked, nothing bought twice."""
    told, _ = numbers
    assert told["with_halley"][promise] == 0


def test_without_halley_it_does(numbers):
    """The same calls without halley: retries that can never succeed, and no request id."""
    told, _ = numbers
    bare = told["without_halley"]
    assert bare["pointless"] > 0
    assert bare["ids_kept"] == 0 < bare["ids_told"]
    assert told["with_halley"]["ids_kept"] > 0


def test_its_records_say_what_the_ledger_says(numbers, records, halley):
    """As many attempts; and what failed, why, and what to do is one command away."""
    told, _ = numbers
    shown = halley("report", records, "--json")
    report = json.loads(shown.out)
    assert (shown.code, shown.err) == (0, "")
    assert report["totals"]["attempts"] == told["with_halley"]["attempts"]
    assert {"invalid_key", "model_not_found"} <= {row["kind"] for row in report["failing"]}
    assert all(row["advice"] for row in report["failing"])


def test_progress_in_a_pipe_goes_to_stderr(numbers):
    """Without a terminal there are plain lines, one every two seconds."""
    _, err = numbers
    assert "halley: without halley " in err
    assert "\x1b" not in err


def test_without_the_sdk(halley, monkeypatch):
    """One line that says what to install, exit code 2."""
    monkeypatch.setattr("halley.cli.demo.find_spec", lambda name: None)
    shown = halley("demo")
    assert (shown.code, shown.out) == (2, "")
    assert shown.said == 'halley: the demo needs the openai SDK: pip install "halley[demo]"'


@pytest.mark.parametrize(
    ("args", "env", "message"),
    [
        (("--calls", "5"), {}, "5 is not in the range 10<=x<=1000"),
        ((), {"HALLEY": "off"}, "HALLEY=off is set"),
    ],
)
def test_bad_input(halley, args, env, message):
    """What was found and what is allowed."""
    shown = halley("demo", *args, env=env)
    assert shown.code == 2
    assert message in shown.said


def test_ctrl_c():
    """Ctrl-C in the middle: exit code 130 soon, no traceback of any thread."""
    child = subprocess.Popen(
        command_line("demo", "--calls", "300"),
        env=environment({"PYTHONUNBUFFERED": "1"}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    )
    with child:
        lines = [child.stderr.readline(), child.stderr.readline()]
        child.send_signal(signal.SIGINT)
        started = time.monotonic()
        out, err = child.communicate(timeout=20)
    assert b"calls ended" in lines[1]
    assert (child.returncode, out) == (130, b"")
    assert b"Traceback" not in err
    assert time.monotonic() - started < 5
