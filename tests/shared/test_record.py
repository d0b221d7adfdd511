"""What an exchange does to the record of a lane: in Python, and the same in Redis."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halley.shared.record import Record, exchange
from halley.shared.redis import RedisStore
from halley.shared.store import MEMBER_S, Answer, Report, Wants
from tests.shared.servers import Server

LANE = "0123456789abcdef"
BUSY = Wants(3, 2, 1.5)


def report(member: str = "a", wants: Wants | None = BUSY, **changes) -> Report:
    first = Report(member, wants, (), 0.0, "", 0, {"law": f"of {member}"})
    return first._replace(**changes)


class Stores:
    """The same exchanges, in a record and in Redis; their answers must be equal."""

    def __init__(self, url: str) -> None:
        self.now = 1000.0
        self._record: Record | None = None
        self._redis = RedisStore(url, now=lambda: self.now)

    def exchange(self, sent: Report) -> Answer:
        self._record, answer = exchange(self._record, sent, self.now)
        there = self._redis.exchange(LANE, sent)
        assert there == answer
        return answer

    def close(self) -> None:
        self._redis.close()


@pytest.fixture
def stores(url: str) -> Iterator[Stores]:
    with closing(Stores(url)) as opened:
        yield opened


class TestTheFirstMember:
    def test_brings_the_law_that_all_start_from(self, stores: Stores) -> None:
        """The store has none; whoever comes next gets this one."""
        first = stores.exchange(report("a"))
        stores.now += 5
        second = stores.exchange(report("b"))
        assert first.snapshot == second.snapshot == {"law": "of a"}
        assert first.epoch == second.epoch
        assert second.seq == 0


class TestReports:
    def test_reach_everybody_once_and_in_order(self, stores: Stores) -> None:
        """A member that follows gets what came since, its own report included."""
        began = stores.exchange(report("a", signals=((1, -0.5),)))
        assert began.reports == (((1, -0.5),),)
        stores.now += 1
        stores.exchange(report("b", signals=((2, -0.25),)))
        stores.now += 1
        told = stores.exchange(report("a", signals=((3, 0.0),), epoch=began.epoch, seq=1))
        assert told.snapshot is None
        assert told.reports == (((2, -0.25),), ((3, 0.0),))
        assert told.seq == 3

    def test_are_folded_into_the_snapshot_of_a_member_that_is_ahead(self, stores: Stores) -> None:
        """The log keeps what is not in it; who lags behind starts from the new snapshot."""
        began = stores.exchange(report("a", signals=((1,),)))
        ahead = report("a", epoch=began.epoch, seq=1, state={"law": "folded"})
        assert stores.exchange(ahead).reports == ()
        late = stores.exchange(report("b", signals=((2,),)))
        assert late.snapshot == {"law": "folded"}
        assert late.reports == (((2,),),)
        assert late.seq == 2

    def test_of_another_life_of_the_record_start_over(self, stores: Stores) -> None:
        """Redis lost its memory meanwhile: what a member followed is gone, and it is told."""
        began = stores.exchange(report("a", signals=((1,),)))
        stranger = stores.exchange(report("b", epoch="another", seq=7))
        assert stranger.snapshot == {"law": "of a"}
        assert stranger.epoch == began.epoch
        assert len(stranger.reports) == 1


class TestMembers:
    def test_are_those_that_were_heard_of_lately(self, stores: Stores) -> None:
        """A killed one is gone after its time, not before."""
        stores.exchange(report("killed"))
        stores.now += MEMBER_S - 0.001
        assert set(stores.exchange(report("a")).members) == {"killed", "a"}
        stores.now += 0.001
        assert stores.exchange(report("a", Wants(0, 1, 0.5))).members == {"a": Wants(0, 1, 0.5)}

    def test_leave_at_once_when_they_say_so(self, stores: Stores) -> None:
        """And what they met last is still told."""
        stores.exchange(report("a"))
        left = stores.exchange(report("a", None, signals=((1,),)))
        assert left.members == {}
        assert len(stores.exchange(report("b")).reports) == 1


class TestAServersWait:
    def test_holds_everybody_until_the_longest_is_over(self, stores: Stores) -> None:
        """One that ends sooner does not cut it."""
        stores.exchange(report("a", held_until=1010.0))
        assert stores.exchange(report("b", held_until=1005.0)).held_until == 1010.0
        stores.now += 1
        assert stores.exchange(report("b")).held_until == 1010.0


STEPS = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from([None, BUSY, Wants(0, 0, 0.0)]),
        st.integers(0, 3),
        st.sampled_from([0.0, 0.0, 1002.5, 1001.25]),
        st.booleans(),
        st.sampled_from([0.0, 0.25, 1.0, MEMBER_S]),
    ),
    max_size=25,
)
numbers = itertools.count()


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_redis_and_the_record_say_the_same_whatever_happens(
    redis_server: Server, steps: list[tuple]
) -> None:
    """Members that come, follow, forget and leave in any order."""
    known: dict[str, tuple[str, int]] = {}
    with closing(Stores(f"{redis_server.url}?prefix=any{next(numbers)}")) as stores:
        for member, wants, signals, held_until, forgets, pause_s in steps:
            epoch, seq = ("", 0) if forgets else known.get(member, ("", 0))
            told = stores.exchange(
                Report(
                    member, wants, ((7, -0.125),) * signals, held_until, epoch, seq, {"seq": seq}
                )
            )
            known[member] = (told.epoch, told.seq)
            stores.now += pause_s
