"""The demo's judge: who came back sooner than asked, and which request id was told last."""

import json

import pytest

from halley.cli.demo.judge import Judge
from halley.simulator import SimRequest, fail, script
from halley.simulator.keys import VALID
from halley.simulator.ledger import CALL_HEADER

ASKED_S = 2.0


def chat(call):
    body = {"model": "gpt-5-mini", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {VALID}", CALL_HEADER: call}
    return SimRequest("POST", "/v1/chat/completions", "", headers, json.dumps(body).encode())


def judge(status):
    return Judge(profile="calm", seed=0, script=script(fail(status, retry_after=ASKED_S)))


@pytest.mark.parametrize(
    ("status", "call", "later_s", "early"),
    [
        (429, "a", 1.0, 1),
        (429, "a", 3.0, 0),
        (429, "b", 1.0, 1),
        (429, "b", 0.05, 0),
        (429, "b", 3.0, 0),
        (503, "a", 1.0, 1),
        (503, "b", 1.0, 0),
    ],
)
def test_who_is_early(status, call, later_s, early):
    """A 429 is told to the key, a 503 to the call; what was underway could not know."""
    seen = judge(status)
    reply = seen.handle(chat("a"), 0.0)
    seen.handle(chat(call), reply.duration_s + later_s)
    assert seen.early == early


def test_the_last_request_id():
    """The id of the last answer to a call or its polls; None when it carried none."""
    seen = Judge(profile="calm", seed=0, script=script(fail(503), fail("nginx_504")))
    told = seen.handle(chat("a.1"), 0.0)
    assert seen.last_id["a"].encode() in told.body
    seen.handle(chat("a.2"), 1.0)
    assert seen.last_id["a"] is None
