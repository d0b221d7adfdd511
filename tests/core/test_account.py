"""What was admitted: added up, taken back, and as a rate of the last one to two seconds."""

from __future__ import annotations

from halley.core.account import Account, Lately


def test_what_was_refused_is_taken_back():
    account = Account()
    account.add(1, 30.0)
    account.add(1, 12.0)
    account.add(-1, -30.0)
    assert account == Account(count=1, cost=12.0)


def test_the_rate_is_of_the_present_second_and_the_one_before():
    """Ten in the first second, four in the next half: fourteen in one and a half."""
    lately = Lately()
    for number in range(10):
        lately.sent(10.0 + number / 10)
    for number in range(4):
        lately.sent(11.0 + number / 8)
    assert lately.rate_per_s(11.5) == 14 / 1.5


def test_a_gap_of_two_seconds_is_long_ago():
    lately = Lately()
    lately.sent(10.0)
    lately.sent(12.0)
    lately.refused()
    assert lately.rate_per_s(12.0) == 0.0
