"""What reaches a terminal: colours only where wanted, and nothing that rewrites the screen."""

import io
import sys

import pytest

from halley.cli.terminal import columns, note, one_line, printable, wants_colour


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("stream", "env", "wanted"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": ""}, True),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
    ],
)
def test_colours_are_for_terminals(stream, env, wanted, monkeypatch):
    """no-color.org: a NO_COLOR that is not empty turns colours off, and so does a pipe."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert wants_colour(stream) is wanted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, tiếng Việt, 彗星", "plain, tiếng Việt, 彗星"),
        ("lines\nand\ttabs", "lines\nand\ttabs"),
        ("\x1b]0;title\x07 \x9b31m \x08\x08 \u202eevil", "]0;title 31m  evil"),
    ],
)
def test_control_characters_do_not_reach_the_screen(text, shown):
    """Escape sequences, backspaces and direction marks lose what makes them work."""
    assert printable(text) == shown


def test_a_note_is_one_line_on_stderr(capsys):
    """Whatever it is made of, a note takes one line, and none of it goes to stdout."""
    note("halley: one\ntwo\r\nthree")
    assert capsys.readouterr() == ("", "halley: one two three\n")
    assert one_line("  a \n b ") == "a b"


def test_only_a_terminal_has_columns(monkeypatch):
    """As many as COLUMNS says; a pipe takes lines of any length."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert columns() is None
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert columns() == 40
