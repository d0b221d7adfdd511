"""The demo's table: both sides in their columns, and colours that mean something."""

from halley.cli.demo.counts import Counts
from halley.cli.demo.show import table

BARE = Counts(300, 250, 230, 68, 1, 2, 600, 30, 100, 3, 60, 0, 16.25)
WITH = Counts(300, 250, 240, 60, 8, 0, 400, 0, 0, 0, 50, 50, 24.0)

EXPECTED = """\
                                        without halley     with halley
succeeded                                   230 of 250      240 of 250
given up with an error                              68              60
of them videos, which may be bought                  1               8
answered, but not usable                             2               0
requests sent                                      600             400
calls retried that could never succeed              30               0
requests sooner than the server asked              100               0
videos paid for twice                                3               0
request ids that reached the program           0 of 60        50 of 50
wall time                                       16.2 s          24.0 s"""


def test_the_table():
    """Every promise has its line."""
    assert table(BARE, WITH, colour=False) == EXPECTED


def test_red_and_green():
    """Only what is right or wrong has a colour, and the columns stay where they are."""
    lines = table(BARE, WITH, colour=True).splitlines()
    coloured = [line for line in lines if "\x1b[31m" in line or "\x1b[32m" in line]
    assert len(coloured) == 4
    assert all("\x1b[31m" in line and "\x1b[32m" in line for line in coloured)
