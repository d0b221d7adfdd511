"""The lanes of a client: apart from each other, few, and none in a healthy program."""

from __future__ import annotations

import math

import pytest

from halley.core.lanes import LANES_MAX, Lanes
from halley.core.pace import Granted, Lane
from halley.core.signals import Why


class Waiting:
    """A caller in the queue."""

    def wake(self) -> None:
        pass


def lanes(*, in_flight_max: int | None = None, ramp: bool = False) -> Lanes:
    """Those of a fresh client."""
    return Lanes(in_flight_max=in_flight_max, queue_max=10, ramp=ramp)


def opened(of: Lanes, model: str = "a") -> Lane:
    """The lane of a model."""
    return of.lane(("https://h", model, 1))


def test_lanes_are_apart_by_origin_model_and_key():
    """A refusal of one model throttles no other."""
    some = lanes()
    slow = opened(some)
    slow.refused(0.0, 0.0, Why.UNKNOWN, 30.0)
    assert isinstance(opened(some, "b").enter(Waiting(), 0.1, 9.0), Granted)
    assert opened(some) is slow


def test_the_first_lane_remembers_what_was_sent_before_it():
    """Sends are counted before anything is refused, so the first cut knows the rate."""
    some = lanes()
    assert all(some.pass_freely(1.0) for _ in range(50))
    lane = opened(some)
    for _ in range(40):
        lane.refused(1.1, 1.0)
    assert lane.rate_per_s == pytest.approx(0.8 * 10)
    assert not some.pass_freely(2.0)


def test_so_does_every_other_that_is_opened():
    """A lane that is seldom used may be refused first, and the busy one right after it."""
    some = lanes()
    assert all(some.pass_freely(1.0) for _ in range(50))
    opened(some, "seldom").refused(1.1, 1.0)
    busy = opened(some, "busy")
    for _ in range(40):
        busy.refused(1.1, 1.0)
    assert busy.rate_per_s == pytest.approx(0.8 * 10)


def test_a_lane_that_nobody_uses_is_forgotten_and_the_program_is_free_again():
    """A minute after its last refusal; not while a call is in flight."""
    some = lanes()
    lane = opened(some)
    lane.enter(Waiting(), 0.0, math.inf)
    lane.refused(0.1, 0.0)
    assert not some.pass_freely(59.0)
    assert not some.pass_freely(62.0)
    lane.leave()
    assert some.pass_freely(64.0)
    assert len(some) == 0


def test_a_lane_that_a_server_holds_is_not_forgotten():
    """The quiet minute begins when its wait is over: nobody comes back all at once."""
    some = lanes()
    opened(some).refused(0.0, 0.0, Why.UNKNOWN, 90.0)
    assert not some.pass_freely(80.0)
    assert not some.pass_freely(149.0)
    assert some.pass_freely(152.0)


@pytest.mark.parametrize("held", [{"in_flight_max": 3}, {"ramp": True}])
def test_a_cap_or_a_ramp_holds_from_the_first_call(held):
    """Nothing passes without a permit."""
    assert not lanes(**held).pass_freely(0.0)


def test_lanes_are_bounded_and_unused_ones_make_room():
    """A client that sees endless model names does not grow without end."""
    some = lanes()
    busy = opened(some, "busy")
    busy.enter(Waiting(), 0.0, 9.0)
    for number in range(5 * LANES_MAX):
        opened(some, f"model-{number}")
    assert len(some) <= LANES_MAX
    assert opened(some, "busy") is busy
