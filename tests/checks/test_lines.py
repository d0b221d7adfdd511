"""Files of bodies: one, or one a line, and what stands on which line."""

from __future__ import annotations

import io
import json

import pytest

from halley.checks import lines
from halley.checks.lines import file_findings

from .bodies import GOOD, PATHS

GOOD_LINE = json.dumps(GOOD["chat"])


def found(text: str | bytes, path: str = "") -> list[str]:
    """Each finding as ``line:path: message``."""
    content = text if isinstance(text, bytes) else text.encode()
    return [
        f"{number}:{finding}"
        for number, findings in file_findings(io.BytesIO(content), path)
        for finding in findings
    ]


def count(text: str) -> int:
    """How many bodies a file has."""
    return len(list(file_findings(io.BytesIO(text.encode()))))


@pytest.mark.parametrize("shape", PATHS)
def test_the_shape_of_a_body_tells_where_it_goes(shape):
    """No path given: each good body is recognised by its fields."""
    assert found(json.dumps(GOOD[shape])) == []


def test_a_path_outranks_the_shape():
    """A chat body sent to /v1/messages lacks what Anthropic requires."""
    assert found(GOOD_LINE, "/v1/messages") == ["1:max_tokens: required, but missing"]


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("", 0),
        ("\n\n", 0),
        (GOOD_LINE, 1),
        (f"{GOOD_LINE}\n{GOOD_LINE}\n", 2),
        (f"\n{GOOD_LINE}\r\n\r\n{GOOD_LINE}", 2),
        (json.dumps(GOOD["chat"], indent=2), 1),
        (json.dumps(GOOD["chat"], indent=2).replace("\n", "\n\n"), 1),
        ('{"broken"}\n' + GOOD_LINE, 2),
    ],
)
def test_one_body_or_one_a_line_is_told_by_the_first_line(text, bodies):
    """A pretty-printed body is one; lines are bodies even when the first of them is broken."""
    assert count(text) == bodies


def test_a_broken_line_is_named_and_the_rest_goes_on():
    """Line 2 is no JSON, line 4 lacks a field, line 5 is no object."""
    text = f'{GOOD_LINE}\n{{"model" 1}}\n{GOOD_LINE}\n{{"messages": []}}\n[1]\n'
    assert found(text) == [
        "2:body: not JSON: expecting ':' delimiter at column 10",
        "4:model: required, but missing",
        "4:messages: expected at least one, got none",
        "5:body: expected an object, got a list",
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_line_that_ends_too_early_is_named_not_the_one_after_it(end):
    """The parser notices at the end of the line, which is not the start of the next."""
    (finding,) = found(f'{GOOD_LINE}\n{{"model": "m"{end}')
    assert finding == "2:body: not JSON: expecting ',' delimiter at column 14"


def test_in_a_body_of_many_lines_the_line_is_that_of_the_mistake():
    """The missing comma stands on line 3 of the file; blank lines count."""
    assert found('\n{"model": "m"\n "messages": []}') == [
        "3:body: not JSON: expecting ',' delimiter at column 2"
    ]
    assert found('{"model": "m"\n\n\n "messages": []}') == [
        "4:body: not JSON: expecting ',' delimiter at column 2"
    ]


def test_a_batch_line_says_its_own_path():
    """Paths lead into the line: its body is what is checked, for its url."""
    line = {"custom_id": "1", "method": "POST", "url": "/v1/embeddings", "body": {"model": "m"}}
    assert found(json.dumps(line)) == ["1:body.input: required, but missing"]
    assert found(json.dumps({**line, "body": 5})) == ["1:body: expected an object, got a number"]


def test_a_body_of_no_known_shape_asks_for_its_path():
    """Nothing is guessed from nothing; with a path that has no shape it is only JSON."""
    assert found('{"a": 1}') == ["1:body: of no known shape: say its --path"]
    assert found('{"a": 1}', "/v1/videos") == []


def test_a_line_that_is_too_long_is_named_and_the_next_one_read(monkeypatch):
    """Its rest is skipped, not taken for another line."""
    monkeypatch.setattr(lines, "BODY_BYTES_MAX", 200)
    long_line = json.dumps({**GOOD["chat"], "user": "x" * 700})
    (first, second) = found(f"{GOOD_LINE}\n{long_line}\n[1]\n")
    assert first.startswith("2:body: longer than")
    assert second.startswith("3:body: expected an object")


def test_a_file_is_read_as_it_goes():
    """The first body's findings are there before the second line is asked for."""

    class Lines(io.RawIOBase):
        asked = 0

        def readline(self, size=-1):
            self.asked += 1
            return f"{GOOD_LINE}\n".encode()

    source = Lines()
    findings = file_findings(source)
    for _ in range(5):
        next(findings)
    assert source.asked <= 7
