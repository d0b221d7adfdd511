"""Repair: one change, the one that was asked for, and nothing else of the body."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from halley.core.classify import classify
from halley.core.effects import Send, Wait
from halley.core.model import Action, Origin, Reply, Request, StopReason
from halley.core.policy import Policy
from halley.core.repair import KEPT, RENAMES, repair
from halley.providers import TABLES
from tests.lines import Answer

from .test_engine_rules import steps_of
from .worlds import CHAT, JSON, OK, error, one

BODY = (
    b'{"model":"m", "messages":[{"role":"user","content":"h\xc3\xa9llo \\u00e9"}],\n'
    b'  "max_tokens" : 9, "temperature":0.50,"top_p":1e-1, "seed":123456789012345678901234567890,'
    b' "enable_thinking":true, "user":"u"}'
)
MOVED = "Unsupported parameter: 'max_tokens' is not supported with this model. "
MOVED += "Use 'max_completion_tokens' instead."


def refusal(message: str, status: int = 400, **fields: object) -> Reply:
    """What a server says about a field."""
    return error(status, **{"message": message, "type": "invalid_request_error", **fields})


def repaired(reply: Reply, body: bytes = BODY, done: tuple[str, ...] = (), path: str = ""):
    """The repair of a body that was refused like this."""
    request = Request("POST", "", path or CHAT.path, body, "application/json")
    failure = classify(request, reply, TABLES)
    assert failure is not None
    return repair(request, failure, reply.body, done)


def change_of(reply: Reply, **options) -> str | None:
    """What would be changed, in words."""
    found = repaired(reply, **options)
    return found and found.change


@pytest.mark.parametrize(
    ("reply", "change"),
    [
        # vercel/ai@ed857f5 packages/openai fixtures
        (
            refusal(MOVED, param="max_tokens", code="unsupported_parameter"),
            "max_tokens -> max_completion_tokens",
        ),
        (refusal(MOVED), "max_tokens -> max_completion_tokens"),
        (refusal(MOVED, 500, code="invalid_request"), "max_tokens -> max_completion_tokens"),
        (
            refusal(
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the "
                "default (1) value is supported.",
                param="temperature",
                code="unsupported_value",
            ),
            "temperature removed",
        ),
        (
            refusal("Unrecognized request argument supplied: enable_thinking"),
            "enable_thinking removed",
        ),
        # CometAPI documents 403 as "remove unsupported fields"
        (refusal("Unknown field `enable_thinking` for this model", 403), "enable_thinking removed"),
        (refusal("top_p: Extra inputs are not permitted"), "top_p removed"),
        # docs.x.ai: their names are in camel case
        (refusal("Argument not supported on this model: topP"), "top_p removed"),
        (refusal("不支持参数: temperature"), "temperature removed"),
        (
            refusal("Unknown parameter: 'user'. Use 'safety_identifier' instead."),
            "user -> safety_identifier",
        ),
    ],
)
def test_the_change_is_the_one_that_the_refusal_asks_for(reply, change):
    """Renamed where it says the new name, removed where it does not."""
    assert change_of(reply) == change


@pytest.mark.parametrize(
    "reply",
    [
        refusal("temperature must be between 0 and 2", param="temperature"),
        refusal("max_tokens is too large: 90000. This model supports at most 4096"),
        refusal("Unsupported parameter: 'messages' is not supported", param="messages"),
        refusal("Unsupported value: 'messages[0].role' does not support 'user' with this model."),
        refusal("Unsupported value", param="messages[0].role", code="unsupported_value"),
        refusal("Unknown parameter: 'tools'", param="tools"),
        refusal("Unsupported parameter: 'model'", param="model"),
        refusal("Unsupported parameter: 'max_tokens' is not supported.", param="max_tokens"),
        refusal("Unknown parameter: 'nothing_of_the_kind'"),
        refusal("This user is not allowed to do that", 403),
        refusal("The model `m` does not exist", 404, code="model_not_found"),
        refusal("Unsupported parameter: 'temperature'", 429),
        refusal("Unsupported parameter: 'temperature'", 502),
        error(401, message="Unknown parameter 'temperature'"),
        Reply(400, {}, b"temperature?"),
        Reply(400, {}, b""),
    ],
    ids=lambda reply: f"{reply.status} {reply.body[:80]!r}",
)
def test_what_asks_for_no_change_that_may_be_made_gets_none(reply):
    """Wrong values, fields that carry the request itself, other failures, plain words."""
    assert change_of(reply) is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"temperature",
        b"[1]",
        b'{"temperature": 1',
        b'{"temperature": 1} {}',
        b'{"temperature": 1, "temperature": 2}',
        b'{"a\xff": 1, "temperature": 1}',
        b"[" * 100_000,
        b"--x\r\ncontent-disposition: form-data; name=temperature\r\n\r\n1\r\n--x--",
    ],
    ids=lambda body: repr(body)[:40],
)
def test_a_body_that_is_not_one_json_object_is_left_alone(body):
    """Forms, cut bodies, two values under one name."""
    assert change_of(refusal("Unknown parameter: 'temperature'"), body=body) is None


@pytest.mark.parametrize("change", [{"ambiguous": True}, {"origin": Origin.CLIENT}])
def test_what_may_have_been_accepted_or_never_left_is_not_repaired(change):
    """Nobody knows what came of the one; nobody but halley refused the other."""
    request = Request("POST", "", CHAT.path, BODY, "application/json")
    reply = refusal("Unknown parameter: 'temperature'")
    failure = classify(request, reply, TABLES)
    assert failure is not None
    assert repair(request, failure, reply.body) is not None
    assert repair(request, dataclasses.replace(failure, **change), reply.body) is None


def test_a_field_without_a_name_is_not_meant_by_a_refusal_that_names_none():
    """The empty name fits no field."""
    found = repaired(refusal("Unknown parameter: 'temperature'"), body=b'{"":1,"temperature":1}')
    assert found.body == b'{"":1}'


def test_a_request_that_is_signed_over_its_body_is_left_alone():
    """Bedrock would refuse the signature of a changed body."""
    reply = refusal("Unknown parameter: 'temperature'")
    assert change_of(reply, path="/model/anthropic.claude/invoke") is None


def test_a_renamed_field_changes_nothing_but_its_name():
    """Spaces, escapes, big numbers and floats stay as they were, byte for byte."""
    found = repaired(refusal(MOVED))
    assert found.body == BODY.replace(b'"max_tokens"', b'"max_completion_tokens"')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'{"temperature":1,"model":"m"}', b'{"model":"m"}'),
        (b'{"model":"m","temperature":1}', b'{"model":"m"}'),
        (b'{"model":"m", "temperature" : 1 , "n":1}', b'{"model":"m", "n":1}'),
        (b'{\n "model":"m",\n "temperature":1\n}', b'{\n "model":"m"\n}'),
        (b'{"temperature":{"a":[1,"}"]}}', b"{}"),
        (b' {"temperature":1e400,"n":1E400} ', b' {"n":1E400} '),
    ],
)
def test_a_removed_field_goes_with_one_comma(before, after):
    """First, last, alone, with blanks around it."""
    assert repaired(refusal("Unknown parameter: 'temperature'"), body=before).body == after


def test_a_field_is_repaired_once():
    """Neither the old nor the new name is touched again."""
    done = ("max_tokens", "max_completion_tokens")
    back = refusal("Unknown parameter: 'max_completion_tokens'. Use 'max_tokens' instead.")
    assert change_of(back, body=b'{"max_completion_tokens":9}') == (
        "max_completion_tokens -> max_tokens"
    )
    assert change_of(back, body=b'{"max_completion_tokens":9}', done=done) is None
    assert change_of(refusal("top_p: Extra inputs are not permitted"), done=("top_p",)) is None


def test_a_new_name_that_is_taken_is_not_given_twice():
    """With both in the body the old one is kept too: the length of an answer is not for us."""
    body = b'{"max_tokens":9,"max_completion_tokens":8}'
    assert change_of(refusal(MOVED), body=body) is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    body=st.dictionaries(st.text(), VALUES, max_size=6),
    field=st.sampled_from(["temperature", "top_k", "enable_thinking"]),
    value=VALUES,
    at=st.integers(0, 6),
    style=st.fixed_dictionaries(
        {"indent": st.none() | st.integers(0, 2), "ensure_ascii": st.booleans()}
    ),
)
def test_removing_changes_nothing_but_the_one_field(body, field, value, at, style):
    """Every other member keeps its order, its value and its very bytes."""
    members = [pair for pair in body.items() if pair[0] != field]
    at = min(at, len(members))
    text = json.dumps(dict([*members[:at], (field, value), *members[at:]]), **style)
    encoded = text.encode("utf-8", "surrogatepass")
    found = repaired(refusal(f"Unknown parameter: '{field}'"), body=encoded)
    if found is None:  # lone surrogates as bytes are no UTF-8
        assert not style["ensure_ascii"]
        return
    kept = json.dumps(dict(members), **style).encode()
    assert found.body == kept if members else json.loads(found.body) == {}


@given(body=st.binary(max_size=200), reply=st.binary(max_size=200), status=st.integers(300, 599))
def test_no_bytes_make_it_raise(body, reply, status):
    """Any body, any answer."""
    answer = Reply(status, JSON, b'{"error":{"message":"unknown parameter \'a\' ' + reply)
    repaired(answer, body=body)


def test_what_was_asked_for_is_on_the_list_of_what_is_kept():
    """The fields that the issue names as never touched, in both spellings of the wire formats."""
    assert {"messages", "input", "contents", "system", "tools", "model"} <= KEPT
    assert {name.replace("_", "") for name in RENAMES} - {"user"} <= KEPT


class TestInTheEngine:
    """Policy `repair = true`: once more with the change, counted, recorded, without a wait."""

    POLICY = Policy(repair=True)
    REQUEST = Request("POST", "https://api.cometapi.com", CHAT.path, BODY, "application/json")
    TEMPERATURE = refusal("Unknown parameter: 'temperature'")
    TOP_P = refusal("Unknown parameter: 'top_p'")
    SEED = refusal("Unknown parameter: 'seed'")

    def call(self, *outcomes, **policy):
        return one(*outcomes, policy=Policy(**{"repair": True, **policy}), request=self.REQUEST)

    def test_it_is_off_by_default(self):
        """Nothing is changed unless the policy asks for it."""
        call = one(refusal(MOVED), request=self.REQUEST)
        assert [a.repaired for a in call.history.attempts] == [None]
        assert call.history.stop_reason is StopReason.FINAL

    def test_the_changed_body_is_sent_at_once(self):
        """The second Send carries it; the wait between them is none."""
        steps = steps_of(self.POLICY, self.REQUEST)
        assert next(steps) == Send(600.0, 8 * 2**20, 2**18)
        wait = steps.send((1.0, refusal(MOVED)))
        assert isinstance(wait, Wait)
        assert wait.seconds == 0.0
        send = steps.send((1.0, None))
        assert isinstance(send, Send)
        assert send.body == BODY.replace(b'"max_tokens"', b'"max_completion_tokens"')

    def test_it_counts_as_an_attempt_and_says_what_it_changed(self):
        """The first attempt is recorded as what it was, with the change made after it."""
        call = self.call(refusal(MOVED), OK)
        assert call.answered
        assert [(a.number, a.action, a.repaired, a.stop_reason) for a in call.history.attempts] == [
            (1, Action.FIX_REQUEST, "max_tokens -> max_completion_tokens", None),
            (2, Action.OK, None, None),
        ]

    def test_two_repairs_and_no_third(self):
        """The third field that is refused is given back to the caller."""
        call = self.call(self.TEMPERATURE, self.TOP_P, self.SEED)
        assert [a.repaired for a in call.history.attempts] == [
            "temperature removed",
            "top_p removed",
            None,
        ]
        assert call.history.stop_reason is StopReason.FINAL

    def test_a_change_that_does_not_help_is_not_made_again(self):
        """The same refusal after the repair ends the call."""
        call = self.call(self.TEMPERATURE, self.TEMPERATURE)
        assert len(call.history.attempts) == 2
        assert call.history.stop_reason is StopReason.FINAL

    def test_a_name_is_not_given_back(self):
        """Two servers that contradict each other do not play with the request."""
        back = refusal("Unsupported parameter: 'max_completion_tokens'. Use 'max_tokens' instead.")
        call = self.call(refusal(MOVED), back)
        assert [a.repaired for a in call.history.attempts] == [
            "max_tokens -> max_completion_tokens",
            None,
        ]

    def test_no_repair_after_the_last_attempt(self):
        """A repair needs an attempt that is left."""
        call = self.call(self.TEMPERATURE, attempts=1)
        assert [a.repaired for a in call.history.attempts] == [None]

    def test_no_repair_after_the_deadline(self):
        """The reply came too late to send again."""
        steps = steps_of(Policy(repair=True, deadline_s=5), self.REQUEST)
        next(steps)
        assert not isinstance(steps.send((5.0, self.TEMPERATURE)), Wait)

    def test_the_change_is_kept_when_the_changed_request_is_retried(self):
        """After a 503 the repaired body is sent again, not the first one."""
        steps = steps_of(self.POLICY, self.REQUEST)
        next(steps)
        steps.send((0.0, self.TEMPERATURE))
        first = steps.send((0.0, None))
        steps.send((0.0, error(503)))
        assert steps.send((2.0, None)) == first

    def test_a_servers_veto_is_about_the_request_as_it_was(self):
        """`x-should-retry: false` comes with every 400 of Anthropic's."""
        vetoed = self.TEMPERATURE._replace(headers={**JSON, "x-should-retry": "false"})
        assert self.call(vetoed, OK).answered

    def test_a_paid_submit_that_may_have_been_accepted_is_never_repaired(self):
        """500 with a field in its message, nothing else known: reconcile, do not send."""
        body = b'{"model":"sora-2","prompt":"p","seed":1}'
        request = Request(
            "POST", "https://api.cometapi.com", "/v1/videos", body, "application/json"
        )
        lost = error(502, message="unknown parameter 'seed'")
        call = one(lost, policy=self.POLICY, request=request)
        assert [(a.action, a.repaired) for a in call.history.attempts] == [(Action.RECONCILE, None)]


class TestOnTheWire:
    """The real request of each family and colour."""

    def test_the_second_request_differs_in_body_and_length_alone(self, line):
        """Headers and key as before, the length of the new body; the caller's request untouched."""
        refused = Answer(400, (refusal(MOVED).body,))
        caller = line.client(refused, Answer(), policy=Policy(repair=True))
        headers = {"content-type": "application/json", "authorization": "Bearer " + "k" * 32}
        response = caller.post(content=BODY, headers=headers)
        assert response.status_code == 200
        first, second = caller.sent
        changed = BODY.replace(b'"max_tokens"', b'"max_completion_tokens"')
        assert (first.body, second.body) == (BODY, changed)
        assert second.headers == {**first.headers, "content-length": str(len(changed))}
        assert second.url == first.url
        assert response.request.content == BODY
        assert response.request.headers["content-length"] == str(len(BODY))
        assert caller.idle
