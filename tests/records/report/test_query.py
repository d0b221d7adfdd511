"""Every figure of the report is what the plainest code counts from the same records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pytest

from halley.records.report.figures import Report, advice_on, as_fields
from halley.records.report.load import Log, loaded
from halley.records.report.query import SLICES_MAX, report, width_s
from halley.records.report.select import Selection, _where, conditions
from tests.records.report import oracle
from tests.records.report.test_load import GOOD, RETRY


@pytest.fixture(scope="module")
def log(day) -> Iterator[Log]:
    with loaded([str(day[0])]) as opened:
        yield opened


@pytest.fixture(scope="module")
def counted(log: Log) -> Report:
    return report(log)


@pytest.fixture(scope="module")
def records(day):
    return day[1]


def test_the_day_has_something_of_everything(counted: Report):
    """Else the tests below would prove little."""
    assert len(counted.failing) >= 8
    assert {row.what for row in counted.waste} == {"ambiguous", "hopeless", "thrown_away"}
    assert {row.stream for row in counted.streams} == {"complete", "closed", "interrupted"}
    assert {row.key for row in counted.decisions} == {"main", "batch", None}


def test_totals(counted: Report, records):
    """Calls, attempts, how they ended, and from when to when."""
    expected = oracle.totals(records)
    assert {name: getattr(counted.totals, name) for name in expected} == expected
    assert counted.totals.amplification == expected["attempts"] / expected["calls"]
    assert counted.totals.wait_s == pytest.approx(sum(record["wait_s"] for record in records))


def test_what_failed(counted: Report, records):
    """By kind and action: attempts, calls that met it, ended with it, got over it."""
    names = ("attempts", "calls_met", "given_up", "recovered")
    found = {
        (row.kind, row.action): {name: getattr(row, name) for name in names}
        for row in counted.failing
    }
    assert found == oracle.failing(records)
    assert [row.given_up for row in counted.failing] == sorted(
        (row.given_up for row in counted.failing), reverse=True
    )


def test_why_calls_were_given_up(counted: Report, records):
    """By the reason that the last record of each names, the most frequent first."""
    assert {row.stop_reason: row.calls_met for row in counted.stopped} == oracle.stopped(records)
    assert sum(row.share for row in counted.stopped) == pytest.approx(1)
    counts = [row.calls_met for row in counted.stopped]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) >= 3


def test_a_call_left_or_answered_was_not_given_up(read):
    """Only the last reason of those that were counts; one without a reason counts as that."""
    refused = {**GOOD, "call_id": "b", "action": "stop"}
    left = {**GOOD, "call_id": "c", "action": "retry", "stop_reason": "cancelled"}
    stopped = report(read(GOOD, refused, left)).stopped
    assert [(row.stop_reason, row.calls_met, row.share) for row in stopped] == [(None, 1, 1.0)]


def test_the_advice_names_the_model_if_only_one_met_it(counted: Report):
    """As the advice of a single failure does."""
    (row,) = (row for row in counted.failing if row.kind == "model_not_found")
    assert row.advice == (
        "Choose another model: no one serves this one (gpt-5-minni) for this key. Check the"
        " spelling against the list of models."
    )


def test_decisions_by_kind_model_and_key(counted: Report, records):
    """And each one's share of what was sent to that model with that key."""
    found = {(row.kind, row.model, row.key, row.action): row for row in counted.decisions}
    assert {name: row.attempts for name, row in found.items()} == oracle.decisions(records)
    sent = Counter((record["model"], record["key"]) for record in records)
    for (_, model, key, _), row in found.items():
        assert row.share == row.attempts / sent[model, key]


def test_waits(counted: Report, records):
    """By what they came after; and those for a permit."""
    expected = oracle.waits(records)
    assert {row.kind: row.waits for row in counted.waits} == {
        kind: len(values) for kind, values in expected.items()
    }
    for row in counted.waits:
        values = expected[row.kind]
        assert row.total_s == pytest.approx(sum(values))
        assert row.max_s == max(values)
        if len(values) > 1:
            assert row.p95_s == pytest.approx(oracle.percentile(values, 95))


def test_latency(counted: Report, records):
    """Of the answered attempt, of the whole call, and to the first content."""
    answered = [call for call in oracle.calls_of(records) if oracle.is_answered(call)]
    assert sum(row.answered for row in counted.latency) == len(answered)
    for row in counted.latency:
        calls = [call for call in answered if call[-1]["model"] == row.model]
        attempts = [call[-1]["elapsed_s"] for call in calls]
        wholes = [oracle.took_s(call) for call in calls]
        firsts = [call[-1]["first_s"] for call in calls if call[-1]["first_s"] is not None]
        assert row.p50_s == pytest.approx(oracle.percentile(attempts, 50))
        assert row.p99_s == pytest.approx(oracle.percentile(attempts, 99))
        assert row.call_p95_s == pytest.approx(oracle.percentile(wholes, 95))
        if len(firsts) > 1:
            assert row.first_p95_s == pytest.approx(oracle.percentile(firsts, 95))
        assert (row.first_p50_s is None) == (not firsts)


def test_streams_and_waste(counted: Report, records):
    """How streams ended, what was ambiguous or for nothing."""
    ended = Counter(record["stream"] for record in records if record["stream"])
    assert {row.stream: row.attempts for row in counted.streams} == ended
    assert sum(row.share for row in counted.streams) == pytest.approx(1)
    kinds = Counter(record["kind"] for record in records)
    found = {row.what: row.attempts for row in counted.waste}
    assert found["ambiguous"] == sum(record["ambiguous"] for record in records)
    assert found["thrown_away"] == kinds["bad_reply"] + kinds["stream_cut"]
    assert found["hopeless"] == sum(
        kinds[kind] for kind in ("balance", "invalid_request", "model_not_found")
    )


def test_slices_add_up_to_the_whole(counted: Report):
    """No call falls between two of them, and none of them is missing."""
    slices = counted.slices
    assert sum(each.offered for each in slices) == counted.totals.calls
    assert sum(each.answered for each in slices) == counted.totals.answered
    assert sum(each.attempts for each in slices) == counted.totals.attempts
    assert {b.at_ms - a.at_ms for a, b in pairwise(slices)} == {counted.slice_s * 1000}
    assert len(slices) <= SLICES_MAX


@pytest.mark.parametrize("span_s", [0.001, 1, 119, 120, 86_400, 40 * 86_400])
def test_a_slice_is_as_long_as_it_must_be(span_s: float):
    """Neither too many of them, nor too few once there is enough time."""
    assert span_s / width_s(span_s) <= SLICES_MAX - 1
    assert width_s(span_s) == 1 or span_s / width_s(span_s) > SLICES_MAX / 4


def test_what_changed_is_seen(counted: Report):
    """The account ran dry and a model was misspelt in the last tenth of the day."""
    new = {(row.what, row.name) for row in counted.changes if row.before is None}
    assert new == {
        ("kind", "balance"),
        ("kind", "model_not_found"),
        ("model", "gpt-5-minni"),
    }
    (failed,) = (row for row in counted.changes if row.what == "failed")
    assert failed.after > 5 * failed.before


def test_every_row_leads_to_its_calls(log: Log, counted: Report):
    """What stands in `calls` selects as many as the row counts."""
    for row in (*counted.failing, *counted.stopped, *counted.waste):
        where, values = _where(Selection(conditions=conditions(row.calls)))
        found = log.rows(f"SELECT count(*) FROM calls WHERE {where}", values)
        assert found == [(row.calls_met,)], row
    for row in counted.failing:
        ended = {"outcome": "given_up", "last_kind": row.kind, "last_action": row.action}
        where, values = _where(Selection(conditions=ended))
        found = log.rows(f"SELECT count(*) FROM calls WHERE {where}", values)
        assert found == [(row.given_up,)], row


def test_a_call_that_got_no_permit_is_a_failure_of_its_own(read):
    """It has no kind; the advice says what it is."""
    refused = {**GOOD, "status": None, "action": "retry", "stop_reason": "deadline"}
    (row,) = report(read(refused)).failing
    assert (row.kind, row.given_up, row.attempts) == (None, 1, 1)
    assert row.advice.startswith("No permit came before the deadline")


def test_one_call_is_a_report(read):
    """Without a length of time, an answer or a change."""
    counted = report(read(RETRY))
    assert (counted.totals.calls, counted.totals.unfinished) == (1, 1)
    assert (counted.latency, counted.changes, counted.streams) == ((), (), ())
    assert len(counted.slices) == 1


def test_words_that_halley_does_not_know_are_counted(read):
    """A log of a later version, or of somebody's joke."""
    odd = {"kind": "solar_flare", "action": "pray", "stop_reason": "final"}
    (row,) = report(read({**GOOD, **odd})).failing
    assert (row.kind, row.action, row.given_up) == ("solar_flare", "pray", 1)
    assert row.advice == advice_on("solar_flare", "pray") != ""


def test_figures_are_json_with_their_properties(counted: Report):
    """For `--json`: shares, advice and how to list the calls come along."""
    fields = as_fields(counted)
    assert fields["totals"]["amplification"] == counted.totals.amplification
    assert fields["failing"][0]["advice"] == counted.failing[0].advice
    assert fields["failing"][0]["calls"] == "kind=balance,action=top_up"
