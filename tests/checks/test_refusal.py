"""Preflight in the engine: off costs nothing, warn only says it, refuse sends nothing."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import httpx2
import openai
import pytest

import halley
from halley.checks import shape
from halley.checks.finding import Finding
from halley.checks.refusal import TOLD_MAX, answer
from halley.core.classify import classify
from halley.core.model import Action, Kind, Reply, StopReason
from halley.core.policy import Policy, PolicyError
from halley.providers import TABLES

from .bodies import GOOD, PATHS, request

KEY = "sk-" + "k" * 32
WRONG = {"model": "m", "messages": [{"role": "usr", "content": "hello"}], "temprature": 1}
ROOT = "https://api.cometapi.com"


def history_of(subject):
    """The history of a call, which there must be."""
    found = halley.history(subject)
    assert found is not None
    return found


def runtime_of(caller):
    """What the calls of a client share."""
    return caller.client._transport._runtime


class TestRefuse:
    """`validate = "refuse"`."""

    def test_nothing_is_sent_and_the_record_says_why(self, line, caplog):
        """One attempt that never left, action fix_request, final, by the rule `preflight`."""
        caller = line.client(policy=Policy(validate="refuse"))
        with caplog.at_level(logging.INFO, "halley"):
            response = caller.post(json=WRONG)
        assert caller.sent == []
        assert response.status_code == 400
        assert response.headers["x-should-retry"] == "false"
        (attempt,) = history_of(response).attempts
        assert attempt.action is Action.FIX_REQUEST
        assert attempt.stop_reason is StopReason.FINAL
        (record,) = [one.halley for one in caplog.records]
        assert (record["rule"], record["action"], record["stop_reason"]) == (
            "preflight.refused",
            "fix_request",
            "final",
        )

    def test_a_good_body_and_one_with_warnings_are_sent(self, line):
        """What a gateway may take is not refused."""
        caller = line.client(policy=Policy(validate="refuse"))
        caller.post(json=GOOD["chat"])
        caller.post(json={**GOOD["chat"], "enable_thinking": True})
        assert len(caller.sent) == 2

    def test_options_switch_it_on_for_a_block(self, line):
        """Off outside, refused inside."""
        caller = line.client()
        with halley.options(validate="refuse"):
            assert caller.post(json=WRONG).status_code == 400
        assert caller.post(json=WRONG).status_code == 200

    def test_repair_does_not_touch_what_preflight_refused(self, line):
        """The refusal is halley's own: there is nobody to ask again."""
        caller = line.client(policy=Policy(validate="refuse", repair=True))
        response = caller.post(json={**GOOD["chat"], "temperature": "hot"})
        assert len(history_of(response).attempts) == 1

    def test_it_needs_no_permit_and_teaches_the_pacer_nothing(self, line):
        """What is not sent stands in no queue, and no server admitted it."""
        caller = line.client(policy=Policy(validate="refuse", in_flight_max=1))
        assert caller.post(json=WRONG).status_code == 400
        assert len(runtime_of(caller).engine.lanes) == 0

    def test_it_is_no_probe_of_an_open_breaker(self, line):
        """It is refused for what it is, and the next call may probe at once."""
        caller = line.client(policy=Policy(validate="refuse", breaker_failures=1))
        shared, target = runtime_of(caller), (ROOT, "m")
        now = shared.clock.now()
        for at in (now - 10.0, now - 5.0):
            shared.engine.breakers.failed(target, at, probe=False)
        assert caller.post(json=WRONG).status_code == 400
        breaker = shared.engine.breakers.opened(target, now)
        assert breaker.reserve(now, now) == now

    def test_it_takes_no_turn_of_a_key(self, line):
        """Not even one that is dead, for which it would hear of the key and not of its mistake."""
        keys = [halley.Key(alias="main", secret=halley.Secret(KEY))]
        caller = line.client(policy=Policy(validate="refuse", keys=keys))
        response = caller.post(json=WRONG)
        assert [attempt.key for attempt in history_of(response).attempts] == [None]

    def test_the_sdk_raises_its_own_error(self):
        """openai: BadRequestError with code, param, and a message that points at the field."""
        http_client = halley.Client(policy=Policy(validate="refuse"))
        client = openai.OpenAI(
            api_key=KEY, base_url="http://127.0.0.1:9/v1", http_client=http_client, max_retries=2
        )
        with client, pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(**{name: WRONG[name] for name in ("model", "messages")})
        assert (caught.value.code, caught.value.param) == ("halley_preflight", "messages[0].role")
        assert "messages[0].role: expected one of" in caught.value.message
        assert len(history_of(caught.value).attempts) == 1

    def test_a_protected_sdk_raises_its_own_error(self):
        """The answer stands on a request, as the SDK expects of every response."""
        client = halley.protect(
            openai.OpenAI(api_key=KEY, base_url="http://127.0.0.1:9/v1"), Policy(validate="refuse")
        )
        with client, pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(**{name: WRONG[name] for name in ("model", "messages")})
        assert caught.value.code == "halley_preflight"

    def test_protect_refuses_too(self):
        """Beneath a client that was made elsewhere."""
        sent = []
        transport = httpx2.MockTransport(lambda one: sent.append(one) or httpx2.Response(200))
        with httpx2.Client(transport=transport) as bare:
            client = halley.protect(bare, Policy(validate="refuse"))
            assert client.post(ROOT + PATHS["chat"], json=WRONG).status_code == 400
        assert sent == []


class TestWarn:
    """`validate = "warn"`."""

    def test_the_fields_are_logged_once_and_the_request_is_sent(self, line, caplog):
        """A retried call warns once, with names of fields and no value."""
        caller = line.client(policy=Policy(validate="warn"))
        with caplog.at_level(logging.WARNING, "halley"):
            assert caller.post(json=WRONG).status_code == 200
        assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
            ("WARNING", "POST /v1/chat/completions preflight: messages[0].role, temprature")
        ]
        assert json.loads(caller.sent[0].body) == WRONG

    def test_a_good_body_is_silent(self, line, caplog):
        """Nothing found, nothing said."""
        caller = line.client(policy=Policy(validate="warn"))
        with caplog.at_level(logging.WARNING, "halley"):
            caller.post(json=GOOD["chat"])
        assert caplog.records == []


class TestOff:
    """`validate = "off"`, the default."""

    def test_nothing_is_checked(self, line):
        """A body that is wrong is the server's affair."""
        caller = line.client()
        caller.post(json=WRONG)
        assert len(caller.sent) == 1

    def test_nothing_is_imported(self):
        """A call without preflight loads neither the schemas' package nor preflight."""
        code = """if True:
            import sys, httpx2, halley
            transport = httpx2.MockTransport(lambda request: httpx2.Response(400, json={}))
            halley.Client(transport=transport).post("http://x/v1/chat/completions", json={})
            assert not {"jsonschema_rs", "halley.checks.preflight"} & sys.modules.keys()
        """
        subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


def test_a_client_that_cannot_check_is_not_made(monkeypatch):
    """One line when the client is made, not at the first call."""
    monkeypatch.setattr(shape, "find_spec", lambda _name: None)
    message = r'^validate: checking bodies needs jsonschema-rs: pip install "halley\[validate\]"$'
    with pytest.raises(PolicyError, match=message):
        halley.Client(policy=Policy(validate="warn"))


@pytest.mark.parametrize("name", PATHS)
def test_a_refusal_has_the_form_of_the_endpoints_errors(name):
    """Every shape's error is classified by halley's own row, as nobody's but the client's fault."""
    body = answer([Finding("error", "model", "required, but missing")]).body(PATHS[name])
    reply = Reply(400, {"content-type": "application/json"}, body)
    failure = classify(request(b"{}", name), reply, TABLES)
    assert failure is not None
    assert (failure.rule, failure.kind) == ("preflight.refused", Kind.INVALID_REQUEST)
    assert "model: required, but missing" in json.loads(body)["error"]["message"]


def test_a_long_list_of_findings_is_counted():
    """Five are told, the rest is a number."""
    errors = [Finding("error", f"messages[{n}].role", "required, but missing") for n in range(9)]
    message = answer(errors).message
    assert message.count("required, but missing") == TOLD_MAX
    assert "; and 4 more (nothing was sent)" in message
