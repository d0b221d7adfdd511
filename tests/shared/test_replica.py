"""Copies of one law: whatever order reports come in, all members end with the same."""

from __future__ import annotations

import json
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.law import Law
from halley.core.signals import Binds, Event, Signal, Why
from halley.shared.exchanger import EVERY_S
from halley.shared.replica import SETTLES_S, Replica
from halley.shared.store import Answer, StoreError, Wants

BINDS = (Binds.NOTHING, Binds.REQUESTS)
WHEN = attrgetter("now")


def answer(now: float, seq: int, *reports: list[Signal], snapshot=None) -> Answer:
    """What a store says, through JSON as on the wire."""
    said = json.loads(json.dumps(reports))
    told = tuple(tuple(tuple(fields) for fields in report) for report in said)
    through = None if snapshot is None else json.loads(json.dumps(snapshot))
    return Answer(now, "life", seq, through, told, {"a": Wants(0, 0, 0.0)}, 0.0)


@st.composite
def signals(draw: st.DrawFn) -> list[Signal]:
    """Sends at distinct times, some of them refused a tenth of a second later."""
    gaps = draw(st.lists(st.integers(1, 60), min_size=1, max_size=30))
    told: list[Signal] = []
    at = 100.0
    for gap in gaps:
        at += gap / 64
        told.append(Signal(Event.SENT, at, at, draw(st.sampled_from(BINDS)), 1.0, 3))
        if draw(st.booleans()):
            told.append(Signal(Event.REFUSED, at + 0.1, at, Binds.NOTHING, 1.0, 3, Why.UNKNOWN))
    return sorted(told, key=lambda signal: signal.now)


def applied(told: list[Signal]) -> dict[str, object]:
    law = Law(ramp=True)
    for signal in told:
        law.apply(signal)
    return law.state()


@given(signals(), st.data())
def test_the_order_of_reports_does_not_matter(told: list[Signal], data: st.DataObject) -> None:
    """Two members each report their own; the law hears all in the order of time."""
    replica, law = Replica(Law(ramp=True)), Law(ramp=True)
    due: list[tuple[float, list[Signal]]] = []
    for member in (0, 1):
        report: list[Signal] = []
        for signal in told:
            if data.draw(st.integers(0, 1), label=f"member {member} or nobody") != member:
                continue
            if not report or signal.now - report[0].now > EVERY_S:
                report = []
                due.append((signal.now + EVERY_S, report))
            report.append(signal)
    everything = sorted((signal for _, report in due for signal in report), key=WHEN)
    for seq, (now, report) in enumerate(sorted(due, key=lambda one: one[0]), 1):
        law = replica.follow(answer(now, seq, report))
    assert law.state() == applied(everything)


@given(signals(), st.integers(0, 100))
def test_a_snapshot_is_as_good_as_having_followed(told: list[Signal], cut: int) -> None:
    """Also with what has not settled yet."""
    at = min(cut, len(told) - 1)
    old, new = Replica(Law(ramp=True)), Replica(Law())
    old.follow(answer(told[at].now, 1, told[: at + 1]))
    snapshot = old.state()
    rest = told[at + 1 :]
    followed = old.follow(answer(told[-1].now, 2, rest))
    started = new.follow(answer(told[-1].now, 2, rest, snapshot=snapshot))
    assert followed.state() == started.state() == applied(told)


def test_what_comes_too_late_is_taken_as_of_the_last_moment() -> None:
    """A law never goes back in time."""
    replica = Replica(Law(ramp=True))
    first, late = (Signal(Event.SENT, at, at, Binds.REQUESTS) for at in (110.0, 100.0))
    replica.follow(answer(110.0 + SETTLES_S, 1, [first]))
    law = replica.follow(answer(120.0, 2, [late]))
    assert law.sent_at == 110.0


@pytest.mark.parametrize(
    "snapshot",
    [
        pytest.param({}, id="no law"),
        pytest.param({"law": {"requests": 3}, "open": []}, id="another law"),
        pytest.param({"law": Law().state(), "open": [[99, 0.0]]}, id="no signal"),
    ],
)
def test_what_is_unreadable_is_as_good_as_no_answer(snapshot: dict[str, object]) -> None:
    """Somebody else wrote into the lane: the calls go on."""
    with pytest.raises(StoreError, match="unreadable"):
        Replica(Law()).follow(answer(1.0, 0, snapshot=snapshot))
