"""Several keys under the real SDKs: the dead one is left, the answer comes, no key is shown."""

from __future__ import annotations

import traceback

import pytest

from halley import history, protect
from halley.core.credentials import Key
from halley.core.model import Action
from halley.core.policy import Policy
from halley.core.secret import Secret
from halley.simulator import fail, keys, serve
from halley.simulator.faults import error_frame

from .kits import MARKS, Kit, only, simulator, status_of

pytestmark = MARKS

OWN = "sk-of-the-client-itself-invalid"
DEAD, DRY, GOOD = (
    Key(alias="dead", account="one", secret=Secret(keys.INVALID)),
    Key(alias="dry", account="two", secret=Secret(keys.BROKE)),
    Key(alias="good", account="three", secret=Secret(keys.VALID)),
)


def policy(*ring: Key) -> Policy:
    return Policy(keys=ring, backoff="full_jitter", backoff_base_s=0.01)


async def test_a_call_goes_on_with_the_next_key(kit: Kit) -> None:
    """A dead key, an account without money, a good one: one call, three sends, one answer."""
    with serve(simulator()) as server:
        client = protect(kit.client(server, key=OWN), policy(DEAD, DRY, GOOD))
        answer = await kit.ask(client)
        again = await kit.ask(client)
        await kit.close(client)
    assert "Halley" in answer
    assert "Halley" in again
    sent = [(entry.key, entry.status) for entry in server.ledger.calls]
    assert sent == [("invalid", 401), ("broke", 403), ("valid", 200), ("valid", 200)]


async def test_streams_go_on_with_the_next_key_too(kit: Kit) -> None:
    """The refusal comes before the stream."""
    with serve(simulator()) as server:
        client = protect(kit.client(server, key=OWN), policy(DEAD, GOOD))
        answer = await kit.stream(client)
        await kit.close(client)
    assert "Halley" in answer
    assert [entry.key for entry in server.ledger.calls] == ["invalid", "valid"]


async def test_with_no_key_left_the_sdk_raises_its_own_error(kit: Kit) -> None:
    """First the server's words, then halley's, both as the SDK's error of a 401."""
    with serve(simulator()) as server:
        client = protect(kit.client(server, key=OWN), policy(DEAD))
        first, second = await kit.failure(client), await kit.failure(client)
        await kit.close(client)
    assert type(first) is type(second)
    assert status_of(first) == status_of(second) == 401
    assert "no key is left (dead: refused as invalid); nothing was sent" in str(second)
    assert len(server.ledger.calls) == 1
    for error in (first, second):
        (attempt,) = history(error).attempts  # type: ignore[union-attr]
        assert (attempt.key, attempt.action) == (
            "dead" if error is first else None,
            Action.ROTATE_KEY,
        )


async def test_no_error_shows_a_key_of_the_ring(kit: Kit) -> None:
    """Its text, its cause, and a traceback."""
    with serve(simulator()) as server:
        client = protect(kit.client(server, key=OWN), policy(DEAD))
        error = await kit.failure(client)
        await kit.close(client)
    shown = "".join(traceback.format_exception(error)) + repr(error)
    assert keys.INVALID not in shown


@only("openai", "anthropic")
async def test_the_history_of_a_stream_that_fails_survives_the_ring(kit: Kit) -> None:
    """An error inside it is the SDK's own, made of the request that carried the key of the ring."""
    with serve(simulator(fail(error_frame("middle")))) as server:
        client = protect(kit.client(server, key=OWN), policy(GOOD))
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each SDK has its own
            await kit.stream(client)
        await kit.close(client)
    found = history(caught.value)
    assert found is not None
    assert [attempt.key for attempt in found.attempts] == ["good"]
