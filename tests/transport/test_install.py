"""Ready clients keep everything their family can do, with halley beneath every way out."""

from __future__ import annotations

from pathlib import Path

import pytest

import halley
from halley.core.policy import PolicyError
from halley.transport.aio import AsyncTransport
from halley.transport.install import UnsupportedClientError, install
from halley.transport.sync import Transport
from tests.lines import CHAT, Answer, Caller, Line, Upstream, failing


def beneath(caller: Caller, url: str) -> object:
    """The transport that a client takes for a URL."""
    return caller.client._transport_for_url(caller.line.module.URL(url))


def test_mounts_lead_through_halley(line: Line):
    """A call to a mounted host is retried by the mount's own transport; None means the default."""
    mounted = Upstream(line.module, [failing(503), Answer()])
    caller = line.client(mounts={"all://b.test": mounted.transport, "all://c.test": None})
    assert caller.post("https://b.test/v1/x").status_code == 200
    assert (len(mounted.sent), len(caller.sent)) == (2, 0)
    caller.post("https://c.test/v1/x")
    assert len(caller.sent) == 1


def test_proxies_lead_through_halley(line: Line, monkeypatch: pytest.MonkeyPatch):
    """Named by the user or by the environment, which can exempt hosts."""
    halleys = (Transport, AsyncTransport)
    named = line.client(transport=None, proxy="http://127.0.0.1:9")
    assert isinstance(beneath(named, CHAT), halleys)
    assert beneath(named, CHAT) is not named.client._transport
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "b.test")
    found = line.client(transport=None)
    assert isinstance(beneath(found, CHAT), halleys)
    assert beneath(found, CHAT) is not found.client._transport
    assert beneath(found, "https://b.test") is found.client._transport


def test_a_dead_proxy_is_a_fault_before_anything_was_sent(line: Line):
    """The call really goes through it, and its refusal is retried."""
    caller = line.client(
        transport=None, proxy="http://127.0.0.1:9", policy=halley.Policy(attempts=2)
    )
    with pytest.raises(line.error("ConnectError")) as caught:
        caller.post("http://a.test/v1/x")
    assert len(halley.history(caught.value).attempts) == 2


def test_http2_can_be_asked_for(line: Line):
    """The flag reaches the pool beneath."""
    pytest.importorskip("h2")
    caller = line.client(transport=None, http2=True)
    inner = caller.client._transport._context
    assert inner._pool._http2


def test_a_custom_transport_is_entered_and_left(line: Line):
    """With the client, once, as without halley."""
    upstream = Upstream(line.module, [Answer()])
    client = line.do(lambda: line.kind(transport=upstream.transport))

    def enter():
        return client.__aenter__() if line.is_async else client.__enter__()

    def leave():
        nothing = (None, None, None)
        return client.__aexit__(*nothing) if line.is_async else client.__exit__(*nothing)

    line.do(enter)
    assert (upstream.entered, upstream.left, upstream.closed) == (1, 0, 0)
    line.do(leave)
    assert (upstream.entered, upstream.left, upstream.closed) == (1, 1, 1)


def test_closing_twice_is_as_without_halley(line: Line):
    """The second close does nothing, and a closed client says so."""
    caller = line.client()
    caller.close()
    caller.close()
    assert caller.upstream.closed == 1
    with pytest.raises(RuntimeError, match="closed"):
        caller.post()


def test_hooks_run_once_a_call(line: Line):
    """They are the client's: above halley they see the call, not its attempts."""
    seen = []

    def hook(subject):
        seen.append(type(subject).__name__)

    async def async_hook(subject):
        hook(subject)

    chosen = async_hook if line.is_async else hook
    hooks = {"request": [chosen], "response": [chosen]}
    caller = line.client(failing(503), Answer(), event_hooks=hooks)
    assert caller.post().status_code == 200
    assert seen == ["Request", "Response"]
    assert len(caller.sent) == 2


def test_a_hook_may_read_the_response(line: Line):
    """And the caller still gets it."""

    def hook(response):
        response.read()

    async def async_hook(response):
        await response.aread()

    chosen = async_hook if line.is_async else hook
    caller = line.client(failing(400, b'{"error":"x"}'), event_hooks={"response": [chosen]})
    assert caller.post().content == b'{"error":"x"}'


def test_base_url_headers_and_query_are_merged(line: Line):
    """As ever, in every attempt."""
    caller = line.client(
        failing(503),
        Answer(),
        base_url="https://a.test/v1/",
        headers={"x-a": "1"},
        params={"q": "2"},
    )
    assert caller.post("chat/completions").status_code == 200
    assert [s.url for s in caller.sent] == ["https://a.test/v1/chat/completions?q=2"] * 2
    assert [s.headers["x-a"] for s in caller.sent] == ["1"] * 2


def test_cookies_are_kept_and_sent(line: Line):
    """Also those of a reply that was an error."""
    refused = Answer(
        400, (b"{}",), {"content-type": "application/json", "set-cookie": "c=9; Path=/"}
    )
    caller = line.client(refused, Answer(), cookies={"b": "8"})
    caller.post()
    caller.post()
    assert caller.sent[0].headers["cookie"] == "b=8"
    assert sorted(caller.sent[1].headers["cookie"].split("; ")) == ["b=8", "c=9"]


def test_auth_signs_the_call_once_and_every_attempt_carries_it(line: Line):
    """An auth flow is asked for one signature a call."""
    signed = []

    class Signature(line.module.Auth):
        def auth_flow(self, request):
            signed.append(request)
            request.headers["authorization"] = f"Sig {len(signed)}"
            yield request

    caller = line.client(failing(503), Answer(), auth=Signature())
    assert caller.post().status_code == 200
    assert [s.headers["authorization"] for s in caller.sent] == ["Sig 1", "Sig 1"]


def test_an_auth_that_answers_a_challenge_still_does(line: Line):
    """Digest: the 401 passes halley, and the second leg is a call with all its time again."""
    busy = failing(503, retry_after="20")
    challenge = failing(401, www_authenticate='Digest realm="r", nonce="n", algorithm=MD5')
    auth = line.module.DigestAuth("user", "pass")
    policy = halley.Policy(deadline_s=30)
    caller = line.client(busy, challenge, Answer(), auth=auth, policy=policy, timeout=60)
    assert caller.post().status_code == 200
    assert caller.sent[2].headers["authorization"].startswith("Digest ")
    first, second, third = (sent.timeouts["read"] for sent in caller.sent)
    assert second < 10
    assert 29 < first <= 30
    assert 29 < third <= 30


def test_off_is_a_plain_pass_through(line: Line, monkeypatch: pytest.MonkeyPatch):
    """No retry, no header, no extension: the client is the family's own."""
    monkeypatch.setenv("HALLEY", " OFF ")
    caller = line.client(failing(503))
    response = caller.post()
    assert len(caller.sent) == 1
    assert response.status_code == 503
    assert "x-should-retry" not in response.headers
    assert "halley" not in response.extensions
    assert caller.client._transport is caller.upstream.transport
    assert halley.history(response) is None


def test_off_is_read_when_a_client_is_made(line: Line, monkeypatch: pytest.MonkeyPatch):
    """What is made before stays as it was, and any other word means on."""
    caller = line.client(failing(503), Answer())
    monkeypatch.setenv("HALLEY", "off")
    assert caller.post().status_code == 200
    monkeypatch.setenv("HALLEY", "on")
    assert line.client(failing(503), Answer()).post().status_code == 200


def test_the_environment_names_a_policy_file(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """`HALLEY_POLICY`, unless the program names another; a bad one is an error when made."""
    file = tmp_path / "halley.toml"
    file.write_text("attempts = 2\n")
    monkeypatch.setenv("HALLEY_POLICY", str(file))
    caller = line.client(failing(503), policy=None)
    caller.post()
    assert len(caller.sent) == 2
    other = line.client(failing(503), policy=halley.Policy(attempts=3))
    other.post()
    assert len(other.sent) == 3
    file.write_text("attempts = 0\n")
    with pytest.raises(PolicyError, match=r"halley\.toml: attempts: expected a whole number"):
        line.client(policy=None)


def test_a_policy_file_can_be_named_by_path(line: Line, tmp_path: Path):
    """As text or as a path."""
    file = tmp_path / "mine.toml"
    file.write_text("attempts = 1\n")
    for policy in (file, str(file)):
        caller = line.client(failing(503), policy=policy)
        caller.post()
        assert len(caller.sent) == 1


FOREIGN = type("Client", (), {"_transport": None, "_mounts": {}})
CHANGED = type("Client", (), {"__module__": "httpx2"})


@pytest.mark.parametrize("client", [object(), FOREIGN(), CHANGED()])
def test_a_client_it_cannot_stand_beneath_is_refused(client: object):
    """Whole or not at all, and with what was expected."""
    with pytest.raises(UnsupportedClientError, match="expected the transports in _transport"):
        install(client, None)
