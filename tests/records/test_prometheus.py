"""Metrics: what is counted, under which names, and that no label grows without bound."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics import exposition, parser

import halley
from halley.core.model import (
    Action,
    Attempt,
    Failure,
    FaultKind,
    History,
    Kind,
    Origin,
    Scope,
    StopReason,
    StreamState,
)
from halley.core.usage import Usage
from halley.records.events import Event
from halley.records.prometheus import MODELS_MAX, NO_RETRY_WANTED, Metrics, Names, status_of
from tests.lines import QUICK, Answer, Line, failing, fault, stream
from tests.records.test_canary import KEY_HEADERS, ask, leaked
from tests.records.test_hooks import Heard

BUSY = Failure(Kind.OVERLOADED, Action.RETRY, Origin.GATEWAY, Scope.SERVICE, "status.503", 503)
FAMILIES_MAX = 16


class Counted:
    """Metrics on a registry of their own, read by name and labels."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.metrics = Metrics(self.registry)

    def __getitem__(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of a name by the values of their labels, in the order of the names."""
        return {
            tuple(value for _, value in sorted(sample.labels.items())): sample.value
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name == f"halley_{name}"
        }


@pytest.fixture
def counted() -> Counted:
    """Nothing counted yet."""
    return Counted()


def told(*attempts: Attempt, model: str | None = "m", **fields: Any) -> Event:
    """An event of the last of these attempts."""
    return Event(0.0, "POST", "a.test", "/v1/x", model, History("c", attempts), **fields)


def failed(number: int = 1, **fields: Any) -> Attempt:
    """An attempt that met a 503."""
    given = {"status": 503, "failure": BUSY, "wait_s": 1.5, **fields}
    return Attempt(number, Action.RETRY, 0.5, **given)


def counting(line: Line, counted: Counted, calls: int, *answers: Answer, **options: Any) -> Any:
    """A client whose events are counted; and what waits until those of its calls are."""
    heard = Heard()
    client = line.client(*answers, hooks=[counted.metrics, heard], **options)

    def settled() -> None:
        while calls > sum(event.last for event in seen):
            seen.append(heard.next())

    seen: list[Event] = []
    return client, settled


def test_a_retry_and_the_success_after_it(line: Line, counted: Counted):
    """One call, two attempts, one wait, one failure, and the tokens of the answer."""
    used = b'{"choices":[{"message":{}}],"usage":{"prompt_tokens":5,"completion_tokens":7}}'
    caller, settled = counting(line, counted, 1, failing(503), Answer(chunks=(used,)))
    caller.post()
    settled()
    assert counted["calls_total"] == {("gpt-5-mini", "ok"): 1}
    assert counted["attempts_total"] == {
        ("retry", "api.cometapi.com", "none", "gpt-5-mini", "503"): 1,
        ("ok", "api.cometapi.com", "none", "gpt-5-mini", "200"): 1,
    }
    assert counted["failures_total"] == {("overloaded", "upstream"): 1}
    assert counted["tokens_total"] == {("gpt-5-mini", "input"): 5, ("gpt-5-mini", "output"): 7}
    assert counted["retry_wait_seconds_count"] == {(): 1}
    assert counted["call_retries_sum"] == {(): 1}
    assert counted["attempt_duration_seconds_count"] == {("gpt-5-mini",): 2}
    assert counted["call_duration_seconds_count"] == {("gpt-5-mini",): 1}
    assert counted["retries_refused_total"] == {}


def test_a_call_that_is_given_up_by_a_fault(line: Line, counted: Counted):
    """The fault stands where a status would; why there was no retry is counted."""
    policy = halley.Policy(attempts=1)
    caller, settled = counting(line, counted, 1, fault("ReadTimeout"), policy=policy)
    with pytest.raises(line.error("ReadTimeout")):
        caller.post()
    settled()
    assert counted["calls_total"] == {("gpt-5-mini", "attempts"): 1}
    labels = ("retry", "api.cometapi.com", "none", "gpt-5-mini", "read_timeout")
    assert counted["attempts_total"] == {labels: 1}
    assert counted["retries_refused_total"] == {("attempts",): 1}


def test_an_answer_of_halleys_own_is_no_attempt(line: Line, counted: Counted):
    """A body that preflight refuses is a call, and nothing is sent."""
    policy = QUICK.override({"validate": "refuse"})
    caller, settled = counting(line, counted, 1, policy=policy)
    assert caller.post(json={"model": "gpt-5"}).status_code == 400
    settled()
    assert caller.sent == []
    assert counted["calls_total"] == {("gpt-5", "final"): 1}
    assert counted["attempts_total"] == {}


REASONS = set(StopReason) - {StopReason.FINAL, StopReason.CANCELLED}


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_against_a_retry_is_counted_by_itself(counted: Counted, reason: StopReason):
    """A failure that calls for no retry, and a caller who left, are none."""
    counted.metrics(told(failed(stop_reason=reason)))
    assert counted["retries_refused_total"] == ({(reason.value,): 1} if reason in REASONS else {})
    assert counted["calls_total"] == {("m", reason.value): 1}


def test_a_call_that_never_got_a_permit_was_refused_no_retry(counted: Counted):
    """It is a call that ended, without an attempt; a retry without one is refused."""
    none = Attempt(1, Action.RETRY, 9.0, stop_reason=StopReason.DEADLINE)
    counted.metrics(told(none))
    assert (counted["attempts_total"], counted["retries_refused_total"]) == ({}, {})
    counted.metrics(told(failed(), none._replace(number=2)))
    assert counted["retries_refused_total"] == {("deadline",): 1}
    assert counted["calls_total"] == {("m", "deadline"): 2}


def test_an_attempt_whose_wait_was_cancelled_is_counted_once(counted: Counted):
    """It is told of twice: with its retry, and when the caller left."""
    counted.metrics(told(failed()))
    counted.metrics(told(failed(wait_s=0.0, stop_reason=StopReason.CANCELLED)))
    assert sum(counted["attempts_total"].values()) == 1
    assert counted["calls_total"] == {("m", "cancelled"): 1}


def test_streams_are_counted_by_how_they_ended(line: Line, counted: Counted):
    """And how long their first content took; another body is no stream."""
    whole = b'data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n'
    cut = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
    answers = (stream(whole, b"data: [DONE]\n\n"), stream(cut, error="ReadError"), Answer())
    caller, settled = counting(line, counted, 3, *answers)
    opened = caller.open(json={"model": "m", "stream": True})
    opened.rest()
    opened.close()
    opened = caller.open(json={"model": "m", "stream": True})
    with pytest.raises(line.error("RequestError")):
        opened.rest()
    opened.close()
    caller.post()
    settled()
    assert counted["streams_ended_total"] == {("complete",): 1, ("interrupted",): 1}
    assert counted["time_to_first_content_seconds_count"] == {("m",): 2}


def test_durations_are_attempts_and_waits(counted: Counted):
    """In seconds, in buckets that reach to the default deadline."""
    counted.metrics(told(failed(), Attempt(2, Action.OK, 100.0, 200)))
    assert counted["call_duration_seconds_sum"] == {("m",): 102.0}
    buckets = counted["call_duration_seconds_bucket"]
    assert (buckets["80.0", "m"], buckets["160.0", "m"], buckets["+Inf", "m"]) == (0, 1, 1)
    assert ("640.0", "m") in buckets


def test_ambiguous_and_lost_things_are_counted(counted: Counted):
    """What may have been bought, and what could not be counted."""
    unknown = failed(failure=halley_failure(ambiguous=True))
    counted.metrics(told(unknown, dropped=3))
    assert counted["ambiguous_attempts_total"] == {("m",): 1}
    assert counted["events_dropped_total"] == {(): 3}


def halley_failure(**fields: Any) -> Failure:
    """The busy upstream, otherwise."""
    return Failure(Kind.CONNECTION, Action.RECONCILE, Origin.EDGE, Scope.REQUEST, "read", **fields)


def test_models_and_hosts_beyond_the_first_are_other(counted: Counted):
    """A thousand models make no thousand series; nothing of theirs is lost."""
    for number in range(1000):
        event = told(Attempt(1, Action.OK, 0.1, 200), model=f"m{number}", usage=Usage(1, 1))
        counted.metrics(event._replace(host=f"h{number}"))
    counted.metrics(told(Attempt(1, Action.OK, 0.1, 200), model=None))
    models = {model for model, _ in counted["calls_total"]}
    assert len(models) == MODELS_MAX + 2
    assert counted["calls_total"]["other", "ok"] == 1000 - MODELS_MAX
    assert counted["calls_total"]["none", "ok"] == 1
    assert len({host for _, host, *_ in counted["attempts_total"]}) == 21
    assert sum(counted["tokens_total"].values()) == 2000


@pytest.mark.parametrize(
    ("attempt", "label"),
    [
        (Attempt(1, Action.OK, 0.1, 200), "200"),
        (Attempt(1, Action.STOP, 0.1, 200, fault=FaultKind.READ), "read"),
        (Attempt(1, Action.STOP, 0.1, 1000), "other"),
        (Attempt(1, Action.STOP, 0.1, 99), "other"),
    ],
)
def test_a_status_is_one_that_there_is(attempt: Attempt, label: str):
    """A server's fantasy makes no series."""
    assert status_of(attempt) == label


def test_the_first_names_stay():
    """A label never changes its meaning."""
    names = Names(2)
    assert [names.of(n) for n in ("a", "b", "c", "a", "", None, "b")] == [
        *("a", "b", "other", "a", "none", "none", "b")
    ]


def everything(counted: Counted) -> None:
    """Count one of everything."""
    counted.metrics(told(failed(failure=halley_failure(ambiguous=True))))
    counted.metrics(told(failed(stop_reason=StopReason.BUDGET), usage=Usage(1, 1)))
    streamed = {"stream": StreamState.COMPLETE, "first_s": 0.2}
    counted.metrics(told(Attempt(1, Action.OK, 0.5, 200, **streamed)))


def test_the_page_is_one_that_openmetrics_allows(counted: Counted):
    """Read back by the strict parser: names, suffixes, units, order, one help for a family."""
    everything(counted)
    page = exposition.generate_latest(counted.registry).decode()
    families = list(parser.text_string_to_metric_families(page))
    assert len(families) <= FAMILIES_MAX
    assert all(family.name.startswith("halley_") for family in families)
    assert all(family.documentation.endswith(".") for family in families)
    assert {family.type for family in families} <= {"counter", "histogram", "gauge"}
    assert all(family.samples for family in families)


def test_units_are_base_units(counted: Counted):
    """Seconds by name, and nothing in milliseconds, minutes or percent."""
    names = [family.name for family in counted.registry.collect()]
    assert all(name.endswith("_seconds") for name in names if re.search("duration|wait", name))
    assert not [name for name in names if re.search("milli|_ms|minute|percent|_ratio", name)]


LINTED = shutil.which("promtool") or os.environ.get("HALLEY_PROMTOOL") == "required"


@pytest.mark.skipif(not LINTED, reason="no promtool: install prometheus")
def test_promtool_has_nothing_to_say(counted: Counted):
    """The linter of Prometheus; with HALLEY_PROMTOOL=required, as in CI, it must be there."""
    everything(counted)
    argv = ["promtool", "check", "metrics"]
    done = subprocess.run(
        argv, input=generate_latest(counted.registry), capture_output=True, check=False, timeout=60
    )
    assert (done.stdout + done.stderr, done.returncode) == (b"", 0)


@pytest.mark.filterwarnings("ignore:Setting per-request cookies")
def test_the_page_holds_no_secret(counted: Counted):
    """Of a call with one in every place, echoed by the server."""
    heard = Heard()
    with Line("httpx2", "threads") as line:
        echo: Callable[[Any], Any] = lambda request: line.module.Response(  # noqa: E731
            503, json={"error": {"message": str(dict(request.headers)), "code": str(request.url)}}
        )
        options = {"policy": halley.Policy(attempts=1), "hooks": [counted.metrics, heard]}
        transport = line.module.MockTransport(echo)
        with halley.Client(transport=transport, **options) as client:
            ask(client, "/v1/chat/completions", KEY_HEADERS, stream=False)
    heard.next()
    page = generate_latest(counted.registry).decode()
    assert 'model="gpt-5-mini"' in page
    assert leaked(page) == set()


def test_a_registry_takes_metrics_once():
    """Two of them would count every call twice or half."""
    registry = CollectorRegistry()
    Metrics(registry)
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry)


def test_the_page_names_every_reason_why_a_retry_is_refused():
    """All but those for which none was wanted."""
    page = (Path(__file__).parents[2] / "docs" / "telemetry.md").read_text()
    row = re.search(r"^\| `halley_retries_refused_total` .+ not made: (.+) \|$", page, re.MULTILINE)
    assert row is not None
    named = row[1].replace("`", "").split(", ")
    assert named == [reason for reason in StopReason if reason not in NO_RETRY_WANTED]
