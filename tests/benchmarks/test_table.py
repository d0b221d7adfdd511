"""The table tells who missed what, by the worst seed."""

from __future__ import annotations

from benchmarks.goodput.measure import Result
from benchmarks.goodput.rows import Row, Target
from benchmarks.goodput.table import Summary, markdown, terminal

ROW = Row(
    name="A",
    summary="ten a second",
    make=lambda seed: seed,  # not called
    target=Target(goodput=0.98, refused=0.02),
)
GOOD, BAD = Result(0.99, 0.01, 0.0), Result(0.97, 0.01, 0.25, lost=1)


def test_a_row_holds_when_every_seed_holds_every_target():
    """Means do not hide a seed."""
    assert Summary(ROW, "halley", (GOOD, GOOD)).missed() == []
    assert Summary(ROW, "halley", (GOOD, GOOD, GOOD, BAD)).missed() == [
        "goodput 97.0 %, wanted ≥ 98.0 %",
        "lost 1, wanted ≤ 0",
    ]


def test_the_terminal_shows_means_and_the_verdict():
    """The verdict under halley's line alone."""
    text = terminal([Summary(ROW, "halley", (GOOD, BAD)), Summary(ROW, "peer", (BAD,))])
    assert "98.0 %" in text
    assert text.count("MISSED") == 1


def test_markdown_has_a_column_for_each_upstream_and_a_line_for_each_client():
    """And halley's beside its targets, above."""
    text = markdown([Summary(ROW, "halley", (GOOD,)), Summary(ROW, "peer", (BAD,))])
    assert "| halley | 99 / 0.010 |" in text
    assert "| peer | 97 / 0.010 / **25** |" in text
    assert "goodput ≥ 98.0 %, 429s/ok ≤ 0.020, lost ≤ 0 | yes |" in text


def test_who_was_stopped_is_marked():
    """Its figures end where it was."""
    stopped = Summary(ROW, "peer", (Result(1.0, 99.0, 0.0, ran_away_s=12.0),))
    assert "stopped at 12 s" in terminal([stopped])
    assert "†" in markdown([stopped])
