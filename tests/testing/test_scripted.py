"""Scripted upstreams without a socket, for tests of users."""

from __future__ import annotations

import pytest

import halley
from halley.core.model import FaultKind
from halley.testing import fail, ok, upstream
from tests.lines import ASK, CHAT, Caller, Line

KEY = {"authorization": "Bearer sk-" + "a" * 32}


def caller(line: Line, *steps, **options) -> tuple[Caller, object]:
    """A client above a scripted upstream, and its ledger."""
    world = upstream(*steps, family_name=line.family, **options)
    return line.client(transport=world.transport), world.ledger


def test_steps_are_played_in_order_and_then_the_profile(line: Line):
    """Statuses and endings alike; the ledger counts what arrived."""
    client, ledger = caller(line, fail(503), fail("reset"), fail("close"), fail("cut"), ok())
    response = client.post(headers=KEY)
    assert response.json()["choices"]
    found = [a.status or a.fault for a in halley.history(response).attempts]
    assert found == [503, FaultKind.READ, FaultKind.PROTOCOL, FaultKind.PROTOCOL, 200]
    assert len(ledger.calls) == 5


def test_a_server_that_says_nothing_times_out_at_once(line: Line):
    """Nobody waits two minutes in a test."""
    client, _ = caller(line, fail("hang"), ok())
    found = halley.history(client.post(headers=KEY)).attempts
    assert [a.status or a.fault for a in found] == [FaultKind.READ_TIMEOUT, 200]


def test_streams_come_in_chunks_and_can_be_cut(line: Line):
    """As events, the cut one with the library's own exception."""
    client, _ = caller(line, ok(), fail("cut_stream"), ok())
    ask = {**ASK, "stream": True}
    opened = client.open(json=ask, headers=KEY)
    chunks = opened.rest()
    opened.close()
    assert len(chunks) > 2
    assert chunks[-1] == b"data: [DONE]\n\n"
    cut = client.open(json=ask, headers=KEY)
    with pytest.raises(line.error("RemoteProtocolError")):
        cut.rest()
    cut.close()


@pytest.mark.parametrize("family", ["httpx2", "httpx"])
def test_it_serves_plain_clients_too(family: str):
    """Under a client that is protected afterwards, or not at all."""
    world = upstream(fail(503), family_name=family)
    with Line(family, "threads").module.Client(transport=world.transport) as plain:
        assert plain.post(CHAT, json=ASK, headers=KEY).status_code == 503


def test_the_same_seed_gives_the_same_answers():
    """Ids and words come from the seed."""

    def answer(seed: int) -> bytes:
        world = upstream(seed=seed)
        with halley.Client(transport=world.transport) as client:
            return client.post(CHAT, json=ASK, headers=KEY).content

    assert answer(1) == answer(1)
    assert answer(1) != answer(2)
