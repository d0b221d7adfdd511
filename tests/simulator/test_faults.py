"""Every fault by name: it can be played, and it does what it is called."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from halley.simulator import Acceptance, Ending, fail, faults
from halley.simulator.faults import FAULTS, Refuse, SpoilStream


def play(caller, what, **more):
    """The reply and the ledger's entry of one scripted chat completion."""
    call = caller(script=[fail(what)])
    reply = call(**more)
    return reply, call.simulator.ledger.calls[0]


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_leaves_its_mark(caller, name):
    """The ledger names it, and only refusals are not billed."""
    fault = FAULTS[name]
    _, entry = play(caller, name, stream=isinstance(fault, SpoilStream))
    assert entry.fault == name
    assert entry.billed is not isinstance(fault, Refuse)


@pytest.mark.parametrize(
    ("status", "name"),
    [(301, "redirect"), (429, "saturated"), (503, "busy"), (524, "cloudflare_524")],
)
def test_a_status_stands_for_its_usual_fault(caller, status, name):
    """The number is a short name."""
    reply, entry = play(caller, status)
    assert (reply.status, entry.fault) == (status, name)


@pytest.mark.parametrize("status", [400, 402, 408, 409, 422, 425, 499, 507, 599])
def test_any_status_can_be_had(caller, status):
    """A status without a row of its own is an upstream error the gateway could not read."""
    reply, _ = play(caller, status)
    assert reply.status == status
    assert json.loads(reply.body)["error"]["code"] == "bad_response_status_code"


@pytest.mark.parametrize(
    ("name", "ending"),
    [
        ("reset", Ending.RESET_BEFORE),
        ("close", Ending.CLOSE_BEFORE),
        ("hang", Ending.STALL),
        ("lost_reset", Ending.RESET_BEFORE),
    ],
)
def test_silence(caller, name, ending):
    """No head, no byte, and the ledger has no status."""
    reply, entry = play(caller, name)
    assert (reply.ending, reply.status, reply.body, entry.status) == (ending, 0, b"", None)


@pytest.mark.parametrize(
    ("name", "status"), [("lost_502", 502), ("lost_504", 504), ("lost_524", 524)]
)
def test_a_lost_answer_is_billed_and_ambiguous(caller, name, status):
    """The caller sees a failure; the account pays."""
    reply, entry = play(caller, name)
    assert (reply.status, entry.outcome) == (status, Acceptance.AMBIGUOUS)
    assert entry.llm_tokens > 0


def test_cut_promises_more_than_it_sends(caller):
    """Half of the body under the length of the whole."""
    reply, _ = play(caller, "cut")
    assert reply.ending is Ending.CUT
    assert 0 < len(reply.body) < int(reply.header("content-length"))


@pytest.mark.parametrize("name", ["truncated_json", "choices_null", "html_200", "error_200"])
def test_a_200_that_is_no_success(caller, name):
    """Status and length are right; the content is not a completion."""
    reply, _ = play(caller, name)
    assert (reply.status, reply.header("content-length")) == (200, str(len(reply.body)))
    try:
        value = json.loads(reply.body)
    except ValueError:
        value = {}
    assert not value.get("choices")


def test_gzip_unpacks_to_the_good_answer(caller):
    """A packed answer is a good answer."""
    reply, entry = play(caller, "gzip")
    assert json.loads(gzip.decompress(reply.body))["choices"]
    assert (reply.header("content-encoding"), entry.outcome) == ("gzip", Acceptance.ACCEPTED)


def test_a_huge_error_shares_one_chunk(caller):
    """Many mebibytes on the wire, one in memory, valid JSON as a whole."""
    reply, _ = play(caller, faults.huge_error(mebibytes=3))
    assert int(reply.header("content-length")) == len(reply.body) > 3 << 20
    assert len({id(chunk) for chunk in reply.chunks}) == 3
    assert json.loads(reply.body)["error"]["type"] == "comet_api_error"


def test_a_gzip_bomb_grows_a_thousandfold(caller):
    """A few kibibytes on the wire unpack to mebibytes."""
    reply, _ = play(caller, faults.gzip_bomb(mebibytes=4))
    assert len(reply.body) < 8192
    assert len(zlib.decompress(reply.body, 16 + zlib.MAX_WBITS)) == 4 << 20


def test_the_key_is_echoed_only_by_its_own_fault(caller):
    """`echo_key` repeats the whole key; the ordinary 401 and the ledger never do."""
    call, key = caller(script=[fail("echo_key"), fail(401)]), "sk-" + "Qx9" * 12
    echo, plain = call(key=key), call(key=key)
    assert key in echo.body.decode()
    assert key not in plain.body.decode()
    assert key not in repr(call.simulator.ledger.calls)


def test_two_documents_in_one_body(caller):
    """The limiter of 2025-04 forgot to return: two JSON documents, one after the other."""
    reply, _ = play(caller, "two_documents")
    first, end = json.JSONDecoder().raw_decode(reply.body.decode())
    assert first == json.loads(reply.body.decode()[end:])


def test_an_error_labelled_as_a_stream(caller):
    """A 429 with a JSON body whose type says event-stream."""
    reply, _ = play(caller, "sse_labelled_error")
    assert (reply.status, reply.header("content-type")) == (429, "text/event-stream")
    assert json.loads(reply.body)["error"]


@pytest.mark.parametrize(("name", "verdict"), [("should_retry_false", "false")])
def test_the_servers_veto(caller, name, verdict):
    """The header speaks for itself."""
    reply, _ = play(caller, name)
    assert reply.header("x-should-retry") == verdict


@pytest.mark.parametrize("name", ["nginx_504", "cloudflare_524", "lost_reset", "slow"])
def test_timeouts_take_their_time(caller, name):
    """What is the end of a long wait comes after a long wait."""
    assert play(caller, name)[0].latency_s > 1.0
    assert play(caller, "busy")[0].latency_s < 1.0


def test_a_fault_that_finds_nothing_is_not_claimed(caller):
    """Cutting a stream behind its end leaves a good answer."""
    reply, entry = play(caller, faults.cut_stream(999), stream=True)
    assert (reply.ending, entry.fault, entry.outcome) == (
        Ending.COMPLETE,
        "",
        Acceptance.ACCEPTED,
    )


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"model": "gpt-5", "messages": [1], "stream": True}),
        ("/v1/responses", {"model": "gpt-5", "input": "x", "stream": True}),
        ("/v1/messages", {"model": "claude-haiku-4-5", "messages": [1], "stream": True}),
    ],
)
def test_an_error_frame_is_in_the_dialect_of_its_stream(caller, path, body):
    """The last event of a stream that failed is an error, and nothing says it was whole."""
    reply = caller(script=[fail("error_middle")])(path, body)
    last = json.loads(reply.chunks[-1].data.split(b"data: ")[1])
    assert "error" in (last.get("type"), *last)
    assert b"[DONE]" not in reply.body
    assert b"message_stop" not in reply.body
    assert b"response.completed" not in reply.body
