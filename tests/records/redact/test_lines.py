"""Line by line: a key that goes over many of them."""

from __future__ import annotations

import pytest

from halley.records.redact import Redactor
from halley.records.redact.lines import Lines
from tests.records.corpus.making import pem


@pytest.mark.parametrize("prefix", ["", "  ", "> "])
@pytest.mark.parametrize("ended", [True, False])
def test_a_private_key_is_masked_row_by_row(prefix: str, *, ended: bool):
    """Indented, quoted, and when its end never comes."""
    rows = pem("lines", "RSA PRIVATE KEY").split("\n")
    lines = Lines(Redactor())
    shown = [lines.line(prefix + row) for row in (rows if ended else rows[:-1])]
    assert all(row not in text for row, text in zip(rows[1:-1], shown[1:], strict=False))
    assert lines.line("request id: req_1, and on it goes") == "request id: req_1, and on it goes"


def test_a_key_in_one_line_hides_only_itself():
    """What follows is ordinary again."""
    lines = Lines(Redactor())
    assert lines.line(pem("one").replace("\n", "\\n")) == "<redacted>"
    assert lines.line("deadbeef") == "deadbeef"
