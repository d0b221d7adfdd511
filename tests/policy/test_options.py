"""`halley.options`: settings for the calls inside a `with`, and for no others."""

from __future__ import annotations

import asyncio
import threading

import pytest

import halley
from halley.core.policy import SETTINGS, Policy, PolicyError
from halley.policy.options import effective
from halley.testing import no_wait
from tests.lines import CHAT, Answer, Line, failing

SHARED = [name for name, setting in SETTINGS.items() if setting.shared]


def attempts() -> int:
    """What a call made here and now would be allowed."""
    return effective(Policy()).attempts


def test_it_holds_inside_and_not_after():
    """Also when the block is left by an exception."""
    with halley.options(attempts=2):
        assert attempts() == 2
    assert attempts() == 5
    with pytest.raises(ZeroDivisionError), halley.options(attempts=2):
        1 / 0  # noqa: B018
    assert attempts() == 5


def test_the_inner_one_wins_and_the_outer_one_returns():
    """Fields that the inner one does not name are the outer one's."""
    with halley.options(attempts=2, deadline_s=30):
        with halley.options(attempts=3):
            inside = effective(Policy())
            assert (inside.attempts, inside.deadline_s) == (3, 30.0)
        assert attempts() == 2


def test_it_changes_the_clients_policy_and_nothing_else():
    """What is not named comes from the client."""
    mine = Policy(attempts=7, deadline_s=9)
    with halley.options(deadline_s=30):
        assert effective(mine) == Policy(attempts=7, deadline_s=30)
    assert effective(mine) is mine


@pytest.mark.parametrize("name", SHARED)
def test_what_belongs_to_the_client_is_refused(name: str):
    """All calls of a client share it."""
    with (
        pytest.raises(PolicyError, match=f"{name}: belongs to all calls of the client"),
        halley.options(**{name: 1}),
    ):
        pass


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"atempts": 1}, "atempts: no such setting, did you mean attempts"),
        ({"attempts": 0}, "attempts: expected a whole number from 1 to 20, got 0"),
        ({"backoff": "quick"}, "backoff: expected one of"),
    ],
)
def test_an_error_is_raised_where_it_is_written(changes: dict[str, object], message: str):
    """At the `with`, not at some call inside it; and nothing is left behind."""
    with pytest.raises(PolicyError, match=message), halley.options(**changes):
        pytest.fail("the block was entered")
    assert attempts() == 5


def test_calls_inside_follow_it(line: Line):
    """A client made before, of either family and colour."""
    caller = line.client(failing(503))
    with halley.options(attempts=2):
        caller.post()
    assert len(caller.sent) == 2
    caller.post()
    assert len(caller.sent) == 2 + 5


def test_other_threads_keep_their_own():
    """The context is the thread's."""
    found: list[int] = []
    with halley.options(attempts=2):
        thread = threading.Thread(target=lambda: found.append(attempts()))
        thread.start()
        thread.join()
    assert found == [5]


def test_tasks_keep_theirs():
    """Two tasks at the same time, and a child that inherits."""

    async def main() -> None:
        barrier = asyncio.Barrier(2)

        async def task(number: int) -> int:
            with halley.options(attempts=number):
                await barrier.wait()
                child = asyncio.create_task(asyncio.sleep(0, attempts()))
                await barrier.wait()
                return await child

        assert await asyncio.gather(task(2), task(3)) == [2, 3]
        assert attempts() == 5

    asyncio.run(main())


def test_a_call_keeps_the_options_it_began_with():
    """Leaving the block while a call is on its way changes nothing for it."""

    async def main() -> int:
        caller = Line("httpx2", "asyncio").client(failing(503), policy=Policy())
        with halley.options(attempts=2):
            call = asyncio.ensure_future(caller.client.post(CHAT))
            await asyncio.sleep(0)
        await call
        await caller.client.aclose()
        return len(caller.sent)

    with no_wait():
        assert asyncio.run(main()) == 2


def test_its_answers_are_the_clients(line: Line):
    """An option does not make a client of its own: one budget, one set of lanes."""
    caller = line.client(failing(429), Answer())
    with halley.options(attempts=2):
        caller.post()
    assert len(caller.lanes) == 1
