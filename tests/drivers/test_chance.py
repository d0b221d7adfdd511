"""Rule 9: randomness that is nobody else's."""

from __future__ import annotations

import os
import random
import warnings

import pytest

from halley.drivers.chance import Chance


def test_the_users_seed_has_no_influence():
    """Two programs seeded alike do not draw alike."""
    random.seed(1)
    first = [Chance()() for _ in range(3)]
    random.seed(1)
    assert [Chance()() for _ in range(3)] != first


def test_the_users_draws_are_not_moved():
    """A retry leaves the user's simulation where it was."""
    random.seed(1)
    expected = random.random()
    random.seed(1)
    chance = Chance()
    for _ in range(10):
        chance()
    assert random.random() == expected


def test_a_seed_of_its_own_repeats():
    """For tests: the same draws every time, in [0, 1)."""
    one, other = Chance(7), Chance(7)
    draws = [one() for _ in range(100)]
    assert draws == [other() for _ in range(100)]
    assert all(0 <= u < 1 for u in draws)
    assert len(set(draws)) == 100
    assert Chance(8)() != draws[0]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_children_draw_differently():
    """Workers made from one parent do not come back at the same instant."""
    chance = Chance()
    chance()
    drawn = {_in_child(chance) for _ in range(3)}
    drawn.add(chance())
    assert len(drawn) == 4


def _in_child(chance: Chance) -> float:
    """What a forked child draws next."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other threads: the child only draws
        pid = os.fork()
    if pid == 0:
        os.write(writing, repr(chance()).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return float(told.read())
