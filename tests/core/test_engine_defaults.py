"""What halley does with no configuration at all (DESIGN §2), and the documented table."""

from __future__ import annotations

import pytest

from halley.core.model import Action, Fault, FaultKind, Reply, Request, StopReason
from halley.core.policy import Policy

from .worlds import CHAT, JSON, LOST, OK, POLL, REFUSED_CONNECTION, VIDEO, error, one, trace, world

HTML_524 = Reply(
    524,
    {"content-type": "text/html", "server": "cloudflare", "cf-ray": "8f2c1d7a8b3e4c55-HKG"},
    b"<html><title>api.cometapi.com | 524: A timeout occurred</title></html>",
)
INVALID = error(500, code="invalid_request", message="field messages is required")


class TestTheDocumentedTable:
    """CometAPI, "Error codes and retry strategy": status or signal, retried or not."""

    @pytest.mark.parametrize(
        ("reply", "action"),
        [
            pytest.param(error(400, message="bad"), Action.FIX_REQUEST, id="400"),
            pytest.param(error(401, message="invalid token"), Action.ROTATE_KEY, id="401"),
            pytest.param(INVALID, Action.FIX_REQUEST, id="500 with invalid_request"),
        ],
    )
    def test_these_are_sent_once(self, reply, action):
        """No second attempt, and the decision says what to do instead."""
        call = one(reply)
        assert call.sends == [0.0]
        assert call.history.attempts[0].action is action
        assert call.history.stop_reason is StopReason.FINAL

    def test_403_is_usually_not_retried(self):
        """Unsupported fields or no access: no status 403 alone is sent again."""
        call = one(error(403, message="unsupported field"))
        assert call.sends == [0.0]
        assert not call.history.attempts[0].action.retryable

    @pytest.mark.parametrize(
        "outcome",
        [
            pytest.param(error(429), id="429"),
            pytest.param(error(500), id="500"),
            pytest.param(error(503), id="503"),
            pytest.param(error(504), id="504"),
            pytest.param(HTML_524, id="524"),
            pytest.param(Fault(FaultKind.READ_TIMEOUT), id="read timeout"),
            pytest.param(Fault(FaultKind.CONNECT_TIMEOUT), id="connect timeout"),
            pytest.param(Fault(FaultKind.WRITE_TIMEOUT), id="write timeout"),
            pytest.param(Fault(FaultKind.POOL_TIMEOUT), id="pool timeout"),
        ],
    )
    def test_these_are_retried_after_the_backoff(self, outcome):
        """The second send comes after 1 s and before 2 s: never at once."""
        call = one(outcome, OK)
        assert call.answered
        assert 1.0 <= call.sends[1] < 2.0

    def test_429_lowers_the_rate_of_everything_that_shares_the_limit(self):
        """Fifty calls at once against ten a second all succeed: the rate follows the limit."""
        bucket = Bucket(rate=10.0, burst=1.0)
        virtual = world(bucket.answer)
        calls = [virtual.call(CHAT) for _ in range(50)]
        virtual.run()
        assert all(call.answered for call in calls)

    def test_429s_do_not_draw_on_the_retry_budget(self):
        """Forty refusals at once are more than the budget's ten, and none is given up for it."""
        bucket = Bucket(rate=10.0, burst=10.0)
        virtual = world(bucket.answer)
        calls = [virtual.call(CHAT) for _ in range(50)]
        virtual.run()
        assert bucket.refused >= 40
        assert all(call.answered for call in calls)


class Bucket:
    """A token bucket; a refusal takes 0.1 s, an answer 1.5 s."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst, self.level, self.last, self.refused = rate, burst, burst, 0.0, 0

    def answer(self, _request, now):
        self.level = min(self.burst, self.level + (now - self.last) * self.rate)
        self.last = now
        if self.level < 1.0:
            self.refused += 1
            return error(429), 0.1
        self.level -= 1.0
        return OK, 1.5


def test_five_attempts_with_the_documented_backoff_and_no_sleep_after_the_last():
    """Delay = min(30, 2**attempt) + random(), attempt from 0; the fifth answer ends the call."""
    call = one(*[error(503)] * 5)
    gaps = [later - earlier for earlier, later in zip(call.sends, call.sends[1:], strict=False)]
    assert len(call.sends) == 5
    assert all(low <= gap < low + 1 for low, gap in zip([1, 2, 4, 8], gaps, strict=True))
    assert call.ended == call.sends[-1]
    assert call.history.stop_reason is StopReason.ATTEMPTS


def test_every_attempt_counts_in_the_library_429s_too():
    """Five refusals end a call."""
    call = one(*[error(429)] * 5)
    assert len(call.sends) == 5
    assert call.history.stop_reason is StopReason.ATTEMPTS


def test_the_budget_is_ten_in_hand_and_a_fifth_of_the_calls():
    """A hundred calls at once against a dead server: ten and a fifth of them are retried."""
    virtual = world(lambda *_: (error(503), 0.1))
    calls = [virtual.call(CHAT) for _ in range(100)]
    virtual.run(until=0.5)
    stopped = [c for c in calls if c.history and c.history.stop_reason is StopReason.BUDGET]
    assert len(stopped) == 100 - (10 + 20)


def test_a_healthy_program_is_never_slowed():
    """A thousand calls at once all leave at once, with no cap and no ramp."""
    virtual = world(lambda *_: (OK, 1.0))
    calls = [virtual.call(CHAT) for _ in range(1000)]
    virtual.run()
    assert {call.sends[0] for call in calls} == {0.0}


def test_the_deadline_is_ten_minutes():
    """Whatever a policy does not say is as documented."""
    policy = Policy()
    assert (policy.deadline_s, policy.server_wait_s_max, policy.backoff_cap_s) == (600, 120, 30)


class TestPaidSubmits:
    """What was bought is never bought again without the caller."""

    @pytest.mark.parametrize(
        "outcome",
        [LOST, Fault(FaultKind.READ_TIMEOUT), Fault(FaultKind.PROTOCOL), error(504), HTML_524],
        ids=["reset", "read timeout", "disconnect", "504", "524"],
    )
    def test_an_ambiguous_failure_is_reconciled_and_not_sent_again(self, outcome):
        """Sent, and nobody knows whether it was accepted."""
        call = one(outcome, request=VIDEO)
        assert call.sends == [0.0]
        assert call.history.attempts[0].action is Action.RECONCILE

    @pytest.mark.parametrize("outcome", [REFUSED_CONNECTION, error(429)], ids=["refused", "429"])
    def test_a_safe_failure_is_retried(self, outcome):
        """Nothing was accepted, so nothing can be bought twice."""
        assert one(outcome, OK, request=VIDEO).answered

    def test_a_poll_is_always_safe(self):
        """Asking about a task buys nothing."""
        assert one(LOST, error(502), OK, request=POLL).answered


def test_a_task_still_at_work_is_an_answer():
    """`queued` is delivered to the caller, who decides when to ask again."""
    queued = Reply(200, JSON, b'{"id":"task_1","object":"video","status":"queued","progress":0}')
    call = one(queued, request=POLL)
    assert call.answered
    assert call.sends == [0.0]


def test_a_bad_day_reads_like_this():
    """One trace by eye: a reset, an overload, a refusal with a wait, then the answer."""
    overloaded = error(503)
    call = one(LOST, overloaded, error(429, {"retry-after": "7"}), OK, seed=1)
    assert [line.split(" wait ")[0] for line in trace(call)] == [
        "1: read connection -> retry",
        "2: 503 overloaded -> retry",
        "3: 429 rate_limit -> retry",
        "4: 200 -> ok",
    ]


class TestA429OfAnUpstreamChannel:
    """The gateway's channel is saturated; this key and model have no limit of their own."""

    SATURATED = Reply(
        429,
        {**JSON, "retry-after": "2"},
        '{"error":{"message":"当前分组上游负载已饱和，请稍后再试","type":"comet_api_error"}}'.encode(),
    )

    def test_everyone_waits_as_told_and_nobody_is_paced_after_that(self):
        """One refusal holds the lane for two seconds; then all go at once."""
        outcomes = iter([self.SATURATED] + [OK] * 50)
        virtual = world(lambda *_: (next(outcomes), 0.1))
        calls = [virtual.call(CHAT, at=0.0)] + [virtual.call(CHAT, at=1.0) for _ in range(20)]
        virtual.run()
        assert all(call.answered for call in calls)
        assert {call.sends[0] for call in calls[1:]} == {2.1}

    def test_it_does_not_draw_on_the_retry_budget(self):
        """A hundred of them at once are all retried."""
        outcomes = iter([self.SATURATED] * 100 + [OK] * 100)
        virtual = world(lambda *_: (next(outcomes), 0.1))
        calls = [virtual.call(CHAT) for _ in range(100)]
        virtual.run()
        assert all(call.answered for call in calls)


class TestRedirects:
    """On an API path a redirect is a wrong base URL; elsewhere a GET may be sent on."""

    MOVED = Reply(302, {"location": "https://cdn.example/video.mp4"}, b"")

    def test_a_post_is_never_sent_on(self):
        """It is given up as a path mistake."""
        call = one(self.MOVED)
        assert trace(call) == ["1: 302 wrong_path -> fix_request stop final"]

    def test_a_download_may_be(self):
        """The content of a video may lie somewhere else."""
        request = Request("GET", "https://api.cometapi.com", "/v1/videos/task_1/content")
        assert one(self.MOVED, request=request).answered


def test_a_row_of_the_policy_decides_before_all_others():
    """What halley would not retry is retried, what it would is not, and the rule says why."""
    policy = Policy(
        rules=[
            {"name": "ours.asleep", "kind": "overloaded", "status": [418], "texts": ["come back"]},
            {"name": "status.409", "kind": "conflict", "status": [409], "action": "stop"},
        ]
    )
    asleep = one(error(418, message="Come back later"), OK, policy=policy)
    assert asleep.answered
    assert asleep.history.attempts[0].failure.rule == "policy.ours.asleep"
    conflict = one(error(409), policy=policy)
    assert conflict.history.attempts[0].failure.rule == "policy.status.409"
    assert trace(conflict) == ["1: 409 conflict -> stop stop final"]
    assert not one(error(418, message="Come back later")).answered
