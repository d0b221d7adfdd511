"""Profiles as data, and what a run under each of them looks like."""

from __future__ import annotations

import pytest

from halley.simulator import PROFILES, Profile, Simulator
from halley.simulator.profile import Outage


def run(call, count, **more):
    for number in range(count):
        call(now=number * 0.05, call=f"call-{number}", **more)
    return call.simulator.ledger.calls


def test_the_profiles_there_are():
    """The names that the command line and the docs use."""
    assert set(PROFILES) == {"calm", "demo", "rough", "ratelimit", "outage", "streams"}
    assert all(profile.summary for profile in PROFILES.values())


def test_an_unknown_profile_names_the_others():
    """A typing mistake is answered with the list."""
    with pytest.raises(ValueError, match=r"unknown profile 'clam': expected one of calm, demo"):
        Simulator(profile="clam")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"faults": {"busi": 0.1}}, "unknown fault 'busi'"),
        ({"faults": {"busy": 0.7, "reset": 0.4}}, "faults: expected shares that add up"),
        ({"paid": {"busy": -0.1}}, "paid: busy: expected a share of 0 to 1, got -0.1"),
        ({"faults": {"html_200": 0.1}}, "html_200: final, so a repeat must meet it too"),
        ({"paid": {"key_invalid": 0.1}}, "expected it in `permanent` or `barred`"),
        ({"barred": {"gpt-5": "busy"}}, "barred: gpt-5: expected a final refusal, got busy"),
        ({"barred": {"gpt-5": "cut"}}, "expected a final refusal, got cut"),
        ({"barred": {"gpt-5": "quota"}}, "unknown fault 'quota'"),
        ({"outages": (Outage(0, 1, "cut"),)}, "expected one that refuses, got 'cut'"),
    ],
)
def test_an_impossible_profile_is_refused(options, said):
    """The message names the table, the fault and what is allowed."""
    with pytest.raises(ValueError, match=said):
        Profile("mine", "", **options)


def test_calm_answers_everything(caller):
    """No fault is ever drawn on a calm day."""
    assert {entry.status for entry in run(caller(), 200)} == {200}


def test_shares_come_out_as_written(caller):
    """A fault with a share of 0.3 meets 30 % of 2,000 requests, give or take 4 sigma."""
    call = caller(profile=Profile("third", "", faults={"busy": 0.3}))
    met = sum(entry.fault == "busy" for entry in run(call, 2000))
    assert met == pytest.approx(600, abs=82)


def test_demo_has_some_of_everything(caller):
    """Refusals, lost answers, cut bodies and a few calls that can never succeed."""
    entries = run(caller(profile="demo"), 300)
    faults = {entry.fault for entry in entries}
    assert {"busy", "server_error", "reset", "cut", "invalid_request"} <= faults
    assert 0.6 < sum(entry.status == 200 for entry in entries) / 300 < 0.9


def test_paid_submits_have_shares_of_their_own(caller):
    """The table `paid` is for submits that buy, in the place of `faults`."""
    call = caller(profile=Profile("mine", "", faults={"busy": 1.0}, paid={"lost_524": 1.0}))
    assert call().status == 503
    assert call("/v1/videos", {"model": "sora-2", "prompt": "a comet"}).status == 524


def test_a_permanent_fault_follows_its_call(caller):
    """The same call fails in the same way each time, another call does not."""
    call = caller(profile=Profile("half", "", permanent={"sensitive_words": 0.5}))
    met = [[call(call=f"call-{n}").status for _ in range(5)] for n in range(40)]
    assert all(len(set(statuses)) == 1 for statuses in met)
    assert {statuses[0] for statuses in met} == {200, 500}


def test_a_barred_model_is_barred_for_every_call(caller):
    """A used-up quota is used up for whoever asks, however often; other models go on."""
    call = caller(profile=Profile("used up", "", barred={"gpt-5": "upstream_quota"}))
    chat = {"messages": [{"role": "user", "content": "hi"}]}

    def statuses(model):
        body = {"model": model, **chat}
        return {call(body=body, call=f"{model}-{n % 4}").status for n in range(12)}

    assert statuses("gpt-5") == {429}
    assert statuses("gpt-5-mini") == {200}


@pytest.mark.parametrize("profile", ["demo", "rough"])
def test_what_is_final_stays_so(caller, profile):
    """On no day does a repeat cure what the server called final."""
    call = caller(profile=profile)
    for number in range(400):
        for again in range(3):
            call(now=number + again / 10, call=f"call-{number}")
    cured = [
        entry.fault for entry in call.simulator.ledger.calls if entry.pointless and not entry.fault
    ]
    assert any(entry.pointless for entry in call.simulator.ledger.calls)
    assert cured == []


def test_an_outage_has_a_beginning_and_an_end(caller):
    """It counts from the first request, and speed shortens it."""
    profile = Profile("down", "", outages=(Outage(5.0, 20.0),))
    call = caller(profile=profile)
    assert [call(now=100 + t).status for t in (0, 4.9, 5, 24.9, 25)] == [200, 200, 503, 503, 200]
    fast = caller(profile=profile)
    assert [fast(now=t, speed=10.0).status for t in (0, 0.6, 2.6)] == [200, 503, 200]


def test_streams_go_wrong_only_where_there_are_streams(caller):
    """The profile of streams leaves plain answers alone."""
    assert {entry.fault for entry in run(caller(profile="streams"), 200)} == {""}
    assert len({entry.fault for entry in run(caller(profile="streams"), 300, stream=True)}) > 8


def test_some_503s_tell_a_wait(caller):
    """The share of Retry-After holds for drawn refusals that a wait would cure."""
    profile = Profile("busy", "", faults={"busy": 1.0}, retry_after=1.0)
    assert caller(profile=profile)().header("retry-after") == "1"
