"""The key ring: which key a call goes with, and what a refusal says of it."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from halley.core.classify import classify
from halley.core.credentials import Credential, Key, keys_of
from halley.core.errors import PolicyError
from halley.core.keys import ACCOUNT_S, CAP_S, JOIN_S, RELOAD_EVERY_S, KeyRing
from halley.core.model import Action, Failure, Kind, Origin, Scope, StopReason
from halley.core.policy import Policy
from halley.core.secret import Secret
from halley.providers import TABLES

from .worlds import CHAT, OK, error, trace, world

INVALID = error(401, message="invalid token")
BROKE = error(403, message="user quota is not enough")
CAPPED = error(403, code="pre_consume_token_quota_failed", message="token quota is not enough")
DAILY = error(
    429,
    message="You have exhausted your capacity on this model.",
    details=[
        {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "QUOTA_EXHAUSTED"},
        {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7200s"},
    ],
)
FAST = error(429, headers={"retry-after": "20"})


def ring(*aliases: str, account: str = "") -> KeyRing:
    return KeyRing(Credential(alias, account, hash(alias)) for alias in aliases)


def failure_of(reply) -> Failure:
    found = classify(CHAT, reply, TABLES)
    assert found is not None
    return found


def policy(*aliases: str, **changes) -> Policy:
    """A policy with keys whose texts nobody looks at."""
    keys = [{"alias": alias, "secret": Secret(f"text of {alias}")} for alias in aliases]
    return Policy(keys=keys, **changes)


class TestPicking:
    def test_keys_take_turns(self):
        """Nothing is known of any: each carries its share."""
        keys = ring("a", "b", "c")
        assert Counter(keys.pick("m", 0.0) for _ in range(30)) == {"a": 10, "b": 10, "c": 10}

    def test_the_one_whose_lane_is_free_goes_first(self):
        """Free quota decides before turns do."""
        keys, free_at = ring("a", "b"), {"a": 7.0, "b": 3.0}
        assert [keys.pick("m", 2.0, free_at.__getitem__) for _ in range(3)] == ["b"] * 3

    def test_a_cooling_key_comes_last_and_is_still_there(self):
        keys = ring("a", "b")
        keys.cool("a", 20.0)
        assert {keys.pick("m", 1.0) for _ in range(4)} == {"b"}
        keys.cool("b", 30.0)
        assert keys.pick("m", 1.0) == "a"
        assert not keys.another("a", "m", 1.0)
        assert keys.another("a", "m", 30.0)

    def test_a_later_refusal_never_shortens_a_rest(self):
        keys = ring("a", "b")
        keys.cool("a", 20.0)
        keys.cool("a", 5.0)
        assert keys.pick("m", 10.0) == "b"


class TestLearning:
    def test_an_invalid_key_is_retired_for_good(self):
        keys = ring("a", "b")
        assert keys.learn("a", "m", failure_of(INVALID), 0.0)
        assert {keys.pick("m", at) for at in (0.0, 1e6, 1e9)} == {"b"}

    def test_a_cap_bars_a_key_until_it_resets(self):
        """Until the server's time, or an hour where it names none."""
        keys = ring("a")
        assert keys.learn("a", "m", failure_of(CAPPED), 0.0)
        assert keys.pick("m", CAP_S - 1) is None
        assert keys.pick("m", CAP_S) == "a"

    def test_an_account_without_money_stops_all_its_keys_and_no_other(self):
        keys = KeyRing([Credential("a", "x", 1), Credential("b", "x", 2), Credential("c", "y", 3)])
        assert keys.learn("a", "m", failure_of(BROKE), 0.0)
        assert {keys.pick("m", 1.0) for _ in range(3)} == {"c"}
        assert {keys.pick("m", ACCOUNT_S) for _ in range(3)} == {"a", "b", "c"}

    def test_a_quota_of_an_account_bars_all_its_keys_for_the_model(self):
        """Google counts a day's requests by project and model, and says when the next begins."""
        keys = KeyRing([Credential("a", "x", 1), Credential("b", "x", 2), Credential("c", "y", 3)])
        assert keys.learn("a", "m", failure_of(DAILY), 0.0)
        assert {keys.pick("m", 7000.0) for _ in range(3)} == {"c"}
        assert {keys.pick("n", 1.0) for _ in range(3)} == {"a", "b", "c"}
        assert {keys.pick("m", 7200.0) for _ in range(3)} == {"a", "b", "c"}

    def test_a_disabled_account_stops_all_its_keys(self):
        disabled = Failure(Kind.ACCOUNT, Action.STOP, Origin.UPSTREAM, Scope.ACCOUNT, "r", 403)
        keys = KeyRing([Credential("a", "x", 1), Credential("b", "x", 2), Credential("c", "y", 3)])
        assert keys.learn("b", "m", disabled, 0.0)
        assert {keys.pick("m", 1.0) for _ in range(3)} == {"c"}
        assert keys.no_key("m", 1.0).why.endswith("tried again in 59 s)")

    @pytest.mark.parametrize("kind", [Kind.PERMISSION, Kind.REGION])
    def test_what_else_an_account_may_not_says_nothing_of_its_keys(self, kind: Kind):
        failure = Failure(kind, Action.STOP, Origin.UPSTREAM, Scope.ACCOUNT, "r", 403)
        assert not ring("a").learn("a", "m", failure, 0.0)

    def test_keys_are_of_one_account_unless_they_say_otherwise(self):
        keys = ring("a", "b")
        keys.learn("a", "m", failure_of(BROKE), 0.0)
        assert keys.pick("m", 1.0) is None

    def test_no_money_does_not_revive_what_was_retired(self):
        keys = ring("a", "b")
        keys.learn("a", "m", failure_of(INVALID), 0.0)
        keys.learn("b", "m", failure_of(BROKE), 0.0)
        assert {keys.pick("m", ACCOUNT_S) for _ in range(2)} == {"b"}

    def test_a_cap_does_not_revive_what_was_retired(self):
        """Two calls in flight with one key: the second one's word is the milder."""
        keys = ring("a")
        keys.learn("a", "m", failure_of(INVALID), 0.0)
        keys.learn("a", "m", failure_of(CAPPED), 0.1)
        assert keys.pick("m", 2 * CAP_S) is None
        assert keys.no_key("m", 1.0).why == "no key is left (a: refused as invalid)"

    def test_a_failure_of_an_exchanged_text_says_nothing_of_the_new_one(self):
        """Calls that were in flight with it when the keys were loaded."""
        keys = ring("a")
        old = keys.text_of("a")
        keys.learn("a", "m", failure_of(INVALID), 0.0, text=old)
        keys.loaded([Credential("a", "", hash("new"))], 1)
        assert keys.learn("a", "m", failure_of(INVALID), 0.1, text=old)
        assert keys.pick("m", 0.1) == "a"
        assert keys.learn("a", "m", failure_of(INVALID), 0.2, text=keys.text_of("a"))
        assert keys.pick("m", 0.2) is None

    def test_a_bar_says_until_when_and_hides_no_retirement(self):
        denied = Failure(Kind.PERMISSION, Action.ROTATE_KEY, Origin.GATEWAY, Scope.KEY, "r", 403)
        keys = ring("a", "b")
        keys.learn("a", "m", failure_of(INVALID), 0.0)
        for alias in ("a", "b"):
            keys.learn(alias, "m", denied, 0.0)
        assert keys.no_key("m", 600.0).why == (
            "no key is left for m (a: refused as invalid; "
            "b: not permitted for m, tried again in 3000 s)"
        )

    def test_a_key_that_may_not_use_a_model_is_barred_for_that_model(self):
        denied = Failure(Kind.PERMISSION, Action.ROTATE_KEY, Origin.GATEWAY, Scope.KEY, "r", 403)
        keys = ring("a")
        assert keys.learn("a", "m", denied, 0.0)
        assert keys.pick("m", 1.0) is None
        assert keys.pick("other", 1.0) == "a"

    @pytest.mark.parametrize("reply", [error(400), error(500), error(503), FAST, error(404)])
    def test_nothing_else_says_anything_of_a_key(self, reply):
        keys = ring("a")
        assert not keys.learn("a", "m", failure_of(reply), 0.0)
        assert keys.pick("m", 0.0) == "a"

    def test_two_calls_that_fail_at_once_retire_one_key(self):
        """The second finds it retired; nothing else changes."""
        keys = ring("a", "b", "c")
        for _ in range(2):
            keys.learn("a", "m", failure_of(INVALID), 0.0)
        assert {keys.pick("m", 0.0) for _ in range(4)} == {"b", "c"}

    def test_why_there_is_none_names_every_alias(self):
        keys = KeyRing([Credential("a", "x", 1), Credential("b", "y", 2)])
        keys.learn("a", "m", failure_of(INVALID), 0.0)
        keys.pick("m", 0.0)
        keys.learn("b", "m", failure_of(BROKE), 0.0)
        status, why = keys.no_key("m", 10.0)
        assert status == 403
        assert why == (
            "no key is left (a: refused as invalid; "
            "b: its account is out of money, tried again in 50 s)"
        )


class TestLoading:
    def test_once_per_interval(self):
        keys = ring("a")
        assert keys.begin_load(0.0)
        keys.loaded([Credential("a", "", hash("a"))], 1)
        assert not keys.begin_load(RELOAD_EVERY_S - 0.1)
        assert keys.begin_load(RELOAD_EVERY_S)

    def test_a_call_may_join_a_load_that_has_begun(self):
        """Until it is over, or seems lost."""
        keys = ring("a")
        assert keys.begin_load(0.0)
        assert keys.begin_load(1.0)
        assert not keys.begin_load(JOIN_S)

    def test_a_new_text_is_a_new_key_and_the_old_text_is_not(self):
        keys = ring("a", "b")
        for alias in "ab":
            keys.learn(alias, "m", failure_of(INVALID), 0.0)
        keys.loaded([Credential("a", "", hash("a")), Credential("b", "", hash("new"))], 1)
        assert {keys.pick("m", 0.0) for _ in range(3)} == {"b"}

    def test_what_another_call_has_taken_over_is_not_taken_again(self):
        """Else the second of two loads would revive what has died since the first."""
        keys = ring("a")
        keys.loaded([Credential("a", "", hash("new"))], 1)
        keys.learn("a", "m", failure_of(INVALID), 0.0)
        keys.loaded([Credential("a", "", hash("newer"))], 1)
        assert keys.pick("m", 0.0) is None


class Ring(RuleBasedStateMachine):
    """No key that is dead, barred or stopped is ever picked, whatever happens in between."""

    def __init__(self):
        super().__init__()
        self.keys = KeyRing(Credential(a, a[0], 0) for a in ("x1", "x2", "y1"))
        self.dead: dict[str, float] = dict.fromkeys(("x1", "x2", "y1"), -math.inf)
        self.texts: dict[str, int] = {}
        self.now = 0.0

    @rule(seconds=st.floats(0.0, 2 * CAP_S))
    def wait(self, seconds):
        self.now += seconds

    @rule(alias=st.sampled_from(["x1", "x2", "y1"]))
    def invalid(self, alias):
        self.keys.learn(alias, "m", failure_of(INVALID), self.now)
        self.dead[alias] = math.inf

    @rule(alias=st.sampled_from(["x1", "x2", "y1"]))
    def broke(self, alias):
        self.keys.learn(alias, "m", failure_of(BROKE), self.now)
        for other in self.dead:
            if other[0] == alias[0]:
                self.dead[other] = max(self.dead[other], self.now + ACCOUNT_S)

    @rule(alias=st.sampled_from(["x1", "x2", "y1"]), seconds=st.floats(0.0, 100.0))
    def cool(self, alias, seconds):
        self.keys.cool(alias, self.now + seconds)

    @precondition(lambda self: all(until > self.now for until in self.dead.values()))
    @rule(texts=st.tuples(*[st.integers(1, 2)] * 3))
    def load(self, texts):
        new = dict(zip(self.dead, texts, strict=True))
        self.keys.loaded(
            [Credential(alias, alias[0], text) for alias, text in new.items()],
            self.keys.generation + 1,
        )
        for alias, text in new.items():
            if text != self.texts.get(alias):
                self.dead[alias] = -math.inf
        self.texts = new

    @invariant()
    def only_live_keys_are_picked(self):
        picked = self.keys.pick("m", self.now)
        live = {alias for alias, until in self.dead.items() if until <= self.now}
        assert (picked in live) if live else picked is None


TestRing = Ring.TestCase


class Gateway:
    """Answers by key; an alias with no entry is good."""

    def __init__(self, **replies):
        self.replies, self.seen = replies, []

    def answer(self, request, _now):
        self.seen.append(request.key)
        return self.replies.get(request.key, OK), 0.1


class TestInTheEngine:
    def test_a_401_goes_on_with_the_next_key_at_once(self):
        gateway = Gateway(a=INVALID)
        virtual = world(gateway.answer, policy("a", "b"))
        call = virtual.call(CHAT)
        virtual.run()
        assert gateway.seen == ["a", "b"]
        assert call.sends == [0.0, 0.1]
        assert [(a.key, a.action) for a in call.history.attempts] == [
            ("a", Action.ROTATE_KEY),
            ("b", Action.OK),
        ]

    def test_calls_that_fail_at_once_do_not_rotate_past_a_good_key(self):
        """Ten calls on a dead key: it is retired once, and the next one serves them all."""
        gateway = Gateway(a=INVALID)
        virtual = world(gateway.answer, policy("a", "b"))
        virtual._runtime.engine.ring.cool("b", 0.05)  # all ten begin with a
        calls = [virtual.call(CHAT) for _ in range(10)]
        virtual.run()
        assert Counter(gateway.seen) == {"a": 10, "b": 10}
        assert all(call.answered for call in calls)

    def test_a_dead_key_is_not_sent_again(self):
        gateway = Gateway(a=INVALID)
        virtual = world(gateway.answer, policy("a", "b"))
        for at in range(5):
            virtual.call(CHAT, at=float(at))
        virtual.run()
        assert gateway.seen.count("a") == 1

    def test_the_last_keys_own_error_reaches_the_caller(self):
        gateway = Gateway(a=INVALID, b=INVALID)
        virtual = world(gateway.answer, policy("a", "b"))
        call = virtual.call(CHAT)
        virtual.run()
        assert gateway.seen == ["a", "b"]
        assert call.outcome == INVALID
        assert call.history.stop_reason is StopReason.FINAL

    def test_the_next_call_is_not_sent_and_hears_why(self):
        gateway = Gateway(a=INVALID)
        virtual = world(gateway.answer, policy("a"))
        virtual.call(CHAT)
        late = virtual.call(CHAT, at=1.0)
        virtual.run()
        assert gateway.seen == ["a"]
        assert trace(late) == ["1: 401 invalid_key -> rotate_key stop final"]
        assert b"no key is left (a: refused as invalid); nothing was sent" in late.outcome.body

    def test_a_429_rests_the_key_and_another_goes_on(self):
        gateway = Gateway(a=FAST)
        virtual = world(gateway.answer, policy("a", "b"))
        calls = [virtual.call(CHAT, at=float(at)) for at in range(4)]
        virtual.run()
        assert gateway.seen == ["a", "b", "b", "b", "b"]
        assert calls[0].sends == [0.0, 0.1]

    def test_a_429_for_longer_than_a_call_waits_goes_on_with_another_key(self):
        """Ten minutes of rest for one key are no reason to give up with a fresh one in hand."""
        gateway = Gateway(a=error(429, headers={"retry-after": "600"}))
        virtual = world(gateway.answer, policy("a", "b"))
        calls = [virtual.call(CHAT, at=float(at)) for at in range(3)]
        virtual.run()
        assert gateway.seen == ["a", "b", "b", "b"]
        assert all(call.answered for call in calls)

    def test_a_quota_that_is_used_up_goes_on_with_another_account(self):
        gateway = Gateway(a=DAILY)
        keys = [
            {"alias": name, "secret": Secret(f"text of {name}"), "account": name} for name in "ab"
        ]
        virtual = world(gateway.answer, Policy(keys=keys))
        calls = [virtual.call(CHAT, at=float(at)) for at in range(3)]
        virtual.run()
        assert gateway.seen == ["a", "b", "b", "b"]
        assert all(call.answered for call in calls)

    def test_with_no_other_key_it_ends_the_call(self):
        gateway = Gateway(a=error(429, headers={"retry-after": "600"}))
        virtual = world(gateway.answer, policy("a"))
        call = virtual.call(CHAT)
        virtual.run()
        assert call.history.stop_reason is StopReason.SERVER_WAIT

    def test_a_429_on_the_last_attempt_rests_the_key_for_the_calls_after_it(self):
        gateway = Gateway(a=error(429))
        virtual = world(gateway.answer, policy("a", "b", attempts=1, backoff_base_s=10))
        for at in range(5):
            virtual.call(CHAT, at=float(at))
        virtual.run()
        assert gateway.seen == ["a", "b", "b", "b", "b"]

    def test_calls_in_flight_at_a_load_do_not_retire_the_new_text(self):
        """Two calls meet the 401 of the old text, before and after the new one was loaded."""
        texts = iter(["old", "new"])
        keys = [Key(alias="a", load=lambda: next(texts))]
        replies = iter([(INVALID, 0.1), (INVALID, 0.2), (OK, 1.0), (OK, 1.0)])
        virtual = world(lambda *_: next(replies), Policy(keys=keys))
        calls = [virtual.call(CHAT), virtual.call(CHAT)]
        virtual.run()
        assert [call.answered for call in calls] == [True, True]

    def test_with_no_other_key_a_429_waits_as_the_server_said(self):
        gateway = Gateway(a=FAST)
        virtual = world(gateway.answer, policy("a", attempts=2))
        call = virtual.call(CHAT)
        virtual.run()
        assert call.sends[1] >= 20.1

    def test_no_money_is_not_tried_with_the_next_key_of_the_account(self):
        gateway = Gateway(a=BROKE)
        virtual = world(gateway.answer, policy("a", "b"))
        call = virtual.call(CHAT)
        virtual.run()
        assert gateway.seen == ["a"]
        assert call.history.attempts[-1].action is Action.TOP_UP

    def test_keys_are_loaded_when_all_are_dead_and_the_call_goes_on(self):
        """The 401 of the old text is followed by the new one, in the same call."""
        texts = iter(["old", "new"])
        keys = [Key(alias="a", load=lambda: next(texts))]
        replies = iter([INVALID, OK])
        virtual = world(lambda *_: (next(replies), 0.1), Policy(keys=keys))
        call = virtual.call(CHAT)
        virtual.run()
        assert call.answered
        assert [a.status for a in call.history.attempts] == [401, 200]

    def test_a_load_that_brings_the_same_text_sends_nothing(self):
        loads = []
        keys = [Key(alias="a", load=lambda: loads.append(1) or "same")]
        virtual = world(lambda *_: (INVALID, 0.1), Policy(keys=keys))
        calls = [virtual.call(CHAT, at=20.0 * n) for n in range(5)]
        virtual.run()
        assert sum(len(call.sends) for call in calls) == 1
        assert len(loads) == 1 + 2, "once when made, then once a minute"

    def test_a_rotation_counts_as_an_attempt(self):
        gateway = Gateway(**dict.fromkeys("abc", INVALID))
        virtual = world(gateway.answer, policy("a", "b", "c", attempts=2))
        call = virtual.call(CHAT)
        virtual.run()
        assert gateway.seen == ["a", "b"]
        assert call.outcome == INVALID


class TestThePolicysKeys:
    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ("x", "keys: expected a list of tables, got text of 1 characters, not shown"),
            (["x"], r"keys\[0\]: expected a table, got text of 1 characters, not shown"),
            ([{}], r"keys\[0\].alias: missing"),
            ([{"alias": "a"}], r"keys\[0\]: expected one of env, file, load, secret, got none"),
            (
                [{"alias": "a", "env": "A", "file": "b"}],
                r"keys\[0\]: expected one of env, file, load, secret, got env and file",
            ),
            ([{"alias": "a b", "env": "A"}], r"keys\[0\].alias: expected 1 to 64 letters"),
            ([{"alias": 1, "env": "A"}], r"keys\[0\].alias: expected a text, got int"),
            ([{"alias": "a", "env": 1}], r"keys\[0\].env: expected a text, got int"),
            ([{"alias": "a", "secret": "x"}], r"keys\[0\].secret: expected a Secret, got str"),
            ([{"alias": "a", "load": 1}], r"keys\[0\].load: expected a callable, got int"),
            ([{"alias": "a", "key": "x"}], r"keys\[0\].key: no such field, known are alias, acc"),
            (
                [{"alias": "a", "env": "A"}, {"alias": "a", "env": "B"}],
                r"keys\[1\].alias: 'a' is there already",
            ),
        ],
    )
    def test_a_mistake_is_one_line_that_says_where(self, value, message):
        with pytest.raises(PolicyError, match=f"^{message}"):
            Policy(keys=value)

    def test_a_key_in_a_message_is_not_shown(self):
        """Whoever writes the key itself where its source belongs does not find it in a log."""
        text = "sk-" + "x" * 40
        for wrong in (
            {"alias": text + "!", "env": "A"},
            {"alias": text, "env": "A"},
            {"alias": "a", "env": text},
            {"alias": "a", "secret": text},
            {"alias": "a", text: "A"},
            text,
        ):
            with pytest.raises(PolicyError) as caught:
                Policy(keys=[wrong])
            assert text not in repr(caught.value)

    def test_a_key_is_taken_as_it_is(self):
        key = Key(alias="a", env="A")
        assert keys_of("keys", [key]) == (key,)
