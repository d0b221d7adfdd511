"""What the caller gets when halley gives up, and how long an attempt may take (rules 5, 6, 7)."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import zlib

import pytest

import halley
from halley.core.model import StopReason
from halley.drivers.clock import Clock
from halley.records.redact.known import masked
from halley.transport.exchange import Fields, TimeLeft
from halley.transport.masking import credentials
from halley.transport.request import described
from tests.lines import CHAT, JSON, QUICK, Answer, Line, failing, fault

KEY = "sk-" + "k" * 32
BEARER = {"authorization": f"Bearer {KEY}"}
ERROR = json.dumps({"error": {"message": "no (request id: 2026AbC123)", "code": "x"}}).encode()
ADDED = {"x-should-retry", "x-request-id", "request-id"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 503, 524])
def test_a_final_reply_is_unchanged_but_for_added_headers(line: Line, status: int):
    """Status and bytes are the server's; only the veto and the request id are added."""
    sent = [
        ("content-type", "application/json"),
        ("location", "/kept"),
        ("x-odd", "1"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
    ]
    response = line.client(Answer(status, (ERROR[:9], ERROR[9:]), sent)).post(headers=BEARER)
    assert (response.status_code, response.content) == (status, ERROR)
    kept = [(n, v) for n, v in response.headers.multi_items() if n not in ADDED]
    assert kept == sent
    assert response.headers["x-should-retry"] == "false"
    assert response.headers["x-request-id"] == "2026AbC123"


def test_a_compressed_error_stays_byte_for_byte(line: Line):
    """What passes below the client's decoder is what the server sent."""
    packed = gzip.compress(ERROR)
    opened = line.client(failing(400, packed, content_encoding="gzip")).open()
    assert b"".join(opened.rest()) == packed
    assert opened.response.headers["content-encoding"] == "gzip"
    opened.close()


def test_the_servers_own_wish_to_be_retried_is_overruled(line: Line):
    """After the last attempt the SDK above must not start again."""
    response = line.client(failing(503, x_should_retry="true")).post()
    assert len(halley.history(response).attempts) == 5
    assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_is_never_followed(line: Line, status: int, method: str):
    """Without `Location` no client can turn a POST into a GET, and the key goes nowhere else."""
    caller = line.client(
        failing(status, b"moved", location="https://b.test/"), follow_redirects=True
    )
    response = caller.do(caller.client.request, method, CHAT)
    assert response.status_code == status
    assert response.content == b"moved"
    assert "location" not in response.headers
    assert len(caller.sent) == 1


def test_the_location_of_a_success_stays(line: Line):
    """201 names what was made."""
    created = Answer(201, (b'{"id":"x"}',), {**JSON, "location": "/v1/files/x"})
    response = line.client(created).post("https://api.cometapi.com/v1/files")
    assert response.headers["location"] == "/v1/files/x"


@pytest.mark.parametrize("header", ["authorization", "x-api-key", "x-goog-api-key", "api-key"])
def test_an_echoed_key_is_masked_and_nothing_else(line: Line, header: str):
    """Body and headers keep their length, their other bytes, and the number of their fields."""
    body = f'{{"error":{{"message":"bad key {KEY}, été"}}}}'.encode()
    heads = [("content-type", "application/json"), ("content-length", str(len(body)))]
    heads += [("x-echo", f"key {KEY}"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    value = f"Bearer {KEY}" if header == "authorization" else KEY
    response = line.client(Answer(401, (body,), heads)).post(headers={header: value})
    stars = "*" * len(KEY)
    assert response.content == body.replace(KEY.encode(), stars.encode())
    kept = [(n, v) for n, v in response.headers.multi_items() if n not in ADDED]
    assert kept == [(n, v.replace(KEY, stars)) for n, v in heads]


def test_a_key_in_the_query_is_masked_as_it_reads(line: Line):
    """Gemini's `?key=`, percent-encoded in the URL and plain in the echo."""
    key = "AIza+" + "x" * 20
    body = f'{{"error":"API key {key} not valid"}}'.encode()
    response = line.client(failing(400, body)).post(params={"key": key})
    assert key.encode() not in response.content
    assert len(response.content) == len(body)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", " GZIP ", "br"])
def test_a_key_in_a_compressed_echo_is_masked(line: Line, encoding: str):
    """The body is then delivered unpacked, and says so."""
    body = f'{{"error":"bad key {KEY}"}}'.encode()
    pack = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding.strip().lower())
    pack = pack or pytest.importorskip("brotli").compress
    packed = pack(body)
    answer = failing(401, packed, content_encoding=encoding, content_length=str(len(packed)))
    response = line.client(answer).post(headers=BEARER)
    assert response.content == body.replace(KEY.encode(), b"*" * len(KEY))
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == str(len(body))


def test_a_success_that_holds_the_key_is_left_alone(line: Line):
    """An answer is the user's: only what halley gave up on is touched."""
    body = f'{{"choices":[{{"message":{{"content":"{KEY}"}}}}]}}'.encode()
    assert line.client(Answer(chunks=(body,))).post(headers=BEARER).content == body


def test_a_key_in_an_error_that_is_too_large_to_hold_keeps_its_length(line: Line):
    """What is in hand is masked; the rest passes, and `content-length` stays true."""
    body = KEY.encode() + b"x" * (9 << 20)
    chunks = [body[at : at + (1 << 20)] for at in range(0, len(body), 1 << 20)]
    answer = Answer(500, chunks, {**JSON, "content-length": str(len(body))})
    response = line.client(answer).post(headers=BEARER)
    assert response.content == body.replace(KEY.encode(), b"*" * len(KEY))
    assert response.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("text", ["余额不足".encode(), "余额".encode("gbk"), b"\xff"])
def test_header_bytes_in_any_encoding_do_not_raise(line: Line, text: bytes):
    """Gateways write Chinese into headers: UTF-8, GBK, or neither; the bytes stay."""
    heads = [(b"content-type", b"application/json"), (b"x-msg", text)]
    heads.append((b"x-echo", KEY.encode() + text))
    response = line.client(Answer(401, (b"{}",), heads)).post(headers=BEARER)
    raw = dict(response.headers.raw)
    assert (raw[b"x-msg"], raw[b"x-echo"]) == (text, b"*" * len(KEY) + text)


@pytest.mark.parametrize(
    "name",
    ["ConnectError", "ReadError", "ReadTimeout", "RemoteProtocolError", "LocalProtocolError"],
)
def test_a_fault_is_the_exception_as_it_came(line: Line, name: str):
    """The very object of the last attempt, whatever came before it."""
    caller = line.client(failing(503), fault(name))
    with pytest.raises(line.error(name)) as caught:
        caller.post()
    assert caught.value is caller.upstream.raised[-1]


@pytest.mark.parametrize(
    ("path", "header"), [("/v1/chat/completions", "x-request-id"), ("/v1/messages", "request-id")]
)
@pytest.mark.parametrize("status", [200, 400])
def test_a_request_id_is_put_where_the_sdk_looks(line: Line, path: str, header: str, status: int):
    """From another header or from the text, on successes and failures."""
    body = ANSWERS[path] if status == 200 else ERROR
    answer = Answer(status, (body,), {**JSON, "x-oneapi-request-id": "one-1"})
    response = line.client(answer).post(f"https://api.cometapi.com{path}")
    assert response.headers[header] == "one-1"


ANSWERS = {
    "/v1/chat/completions": b'{"choices":[{"message":{"content":"x"}}]}',
    "/v1/messages": b'{"type":"message","content":[{"type":"text","text":"x"}]}',
}


def test_the_name_of_another_sdk_is_not_enough(line: Line):
    """Anthropic's reads `request-id`, and a gateway sent OpenAI's name: the error has both."""
    refused = failing(400, ERROR, x_request_id="req-2")
    response = line.client(refused).post("https://api.cometapi.com/v1/messages")
    assert response.headers["request-id"] == response.headers["x-request-id"] == "req-2"


@pytest.mark.parametrize(
    ("path", "header"), [("/v1/chat/completions", "x-request-id"), ("/v1/messages", "request-id")]
)
def test_a_request_id_that_is_there_is_not_replaced(line: Line, path: str, header: str):
    """The name the SDK reads was filled by the server."""
    heads = {**JSON, "x-oneapi-request-id": "one-1", header: "req-2"}
    response = line.client(Answer(400, (ERROR,), heads)).post(f"https://api.cometapi.com{path}")
    assert response.headers.get_list(header) == ["req-2"]


def test_no_phase_of_an_attempt_outlasts_the_deadline(line: Line):
    """Longer timeouts are cut to what is left, shorter ones of the user's are kept."""
    module = line.module
    mine = module.Timeout(5.0, read=300.0, pool=None)
    caller = line.client(policy=halley.Policy(deadline_s=60), timeout=mine)
    caller.post()
    timeouts = caller.sent[0].timeouts
    assert (timeouts["connect"], timeouts["write"]) == (5.0, 5.0)
    assert 59 < timeouts["read"] <= 60
    assert 59 < timeouts["pool"] <= 60


def test_what_is_left_shrinks_from_attempt_to_attempt(line: Line):
    """Attempts and waits draw on one deadline."""
    caller = line.client(
        failing(503, retry_after="20"), Answer(), policy=halley.Policy(deadline_s=60), timeout=None
    )
    caller.post()
    first, second = (sent.timeouts["read"] for sent in caller.sent)
    assert 59 < first <= 60
    assert 38 < second <= 40


def test_a_phase_that_begins_late_gets_what_is_left_then():
    """Each lookup reads the clock: connecting slowly leaves less for reading, never nothing."""
    time = [0.0]
    left = TimeLeft({"connect": 5.0, "read": 300.0}, 10.0, lambda: time[0])
    assert dict(left) == {"connect": 5.0, "read": 10.0, "write": 10.0, "pool": 10.0}
    time[0] = 8.0
    assert dict(left) == {"connect": 2.0, "read": 2.0, "write": 2.0, "pool": 2.0}
    time[0] = 99.0
    assert 0 < left["read"] < 0.01
    with pytest.raises(KeyError):
        left["rest"]


def test_the_users_own_objects_are_not_changed(line: Line):
    """The request of the user has its extensions back, the dict in them is as it was."""
    caller = line.client(policy=halley.Policy(deadline_s=1))
    extensions = {"timeout": {"connect": 9, "read": 9, "write": 9, "pool": 9}, "mine": object()}
    before = {**extensions, "timeout": dict(extensions["timeout"])}
    request = caller.client.build_request("POST", CHAT, json={}, extensions=extensions)
    own = request.extensions
    caller.do(caller.client.send, request)
    assert caller.sent[0].timeouts["read"] <= 1
    assert request.extensions is own
    assert own == before
    assert extensions == before


def test_the_next_wait_is_not_begun_when_it_does_not_fit(
    line: Line, monkeypatch: pytest.MonkeyPatch
):
    """Give up now, with the real error: no sleep happens."""
    slept = []
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: slept.append(seconds))
    monkeypatch.setattr(Clock, "asleep", lambda _, seconds: slept.append(seconds))
    response = line.client(failing(503, retry_after="9"), policy=halley.Policy(deadline_s=8)).post()
    assert (response.status_code, slept) == (503, [])
    assert halley.history(response).stop_reason is StopReason.DEADLINE


def test_a_wait_longer_than_the_user_allows_is_reported(line: Line):
    """`server_wait`: the reply says how long, and nothing is cut short."""
    response = line.client(failing(429, retry_after="121")).post()
    found = halley.history(response)
    assert found.stop_reason is StopReason.SERVER_WAIT
    assert found.attempts[0].decision.wait_s == 121


def test_a_request_is_described_without_its_query_or_key():
    """What a decision may know: the key only as a number, the query not at all."""
    with Line("httpx2", "threads") as line:
        request = line.module.Request(
            "POST", "https://a.test:8443/v1/x?key=secret-key&q=1", headers=BEARER, json={"a": 1}
        )
    seen = described(request, replayable=True)
    assert (seen.method, seen.origin, seen.path) == ("POST", "https://a.test:8443", "/v1/x")
    assert (seen.body, seen.content_type) == (b'{"a":1}', "application/json")
    assert seen.key not in (0, None)
    assert KEY not in repr(seen)
    assert "secret-key" not in repr(seen)
    assert described(request, replayable=False).body is None


def key_seen(url: str = "https://a.test/", **headers: str) -> int:
    with Line("httpx2", "threads") as line:
        request = line.module.Request("GET", url, headers=headers)
    return described(request, replayable=True).key


def test_a_key_is_the_same_number_in_every_process_and_wherever_it_stands():
    """Processes that share a pacer must know that it is the same key (blake2b, 8 bytes)."""
    number = key_seen(authorization=f"Bearer {KEY}")
    script = (
        "import sys; from halley.transport.request import fingerprint; "
        "print(fingerprint(sys.stdin.read()))"
    )
    there = subprocess.run(
        [sys.executable, "-c", script], input=KEY, capture_output=True, text=True, check=True
    )
    assert number == int(there.stdout)
    assert (
        number == key_seen(**{"x-api-key": KEY}) == key_seen(f"https://a.test/?key={KEY}&alt=sse")
    )
    assert number != key_seen(authorization=f"Bearer {KEY}x")


def test_short_words_are_no_keys():
    """`Bearer x` must not turn every x of a body into an asterisk."""
    with Line("httpx2", "threads") as line:
        request = line.module.Request(
            "GET", "https://a.test/?key=abc", headers={"x-api-key": "short"}
        )
    assert list(credentials(request)) == []
    assert masked(b"nothing to do", []) == b"nothing to do"


def test_of_repeated_fields_the_first_counts():
    """Names in any case, values in latin-1, absent fields as asked."""
    fields = Fields([(b"X-A", b"1"), (b"x-a", b"2"), (b"X-B", b"\xe9")])
    assert (fields["x-a"], fields.get("x-b"), fields.get("x-c", "none")) == ("1", "é", "none")
    assert ("x-a" in fields, "x-c" in fields, 3 in fields) == (True, False, False)
    assert (sorted(fields), len(fields)) == (["x-a", "x-b"], 2)


@pytest.mark.parametrize("encoding", ["br", "zstd", "snappy", "gzip"])
def test_damaged_compressed_errors_are_decided_on_their_status(line: Line, encoding: str):
    """Nothing raises in halley, and the bytes pass as they are."""
    junk = b"\x1f\x8b\x00 not really compressed" * 50
    caller = line.client(
        failing(503, junk, content_encoding=encoding), policy=QUICK.override({"attempts": 2})
    )
    opened = caller.open()
    assert b"".join(opened.rest()) == junk
    assert [a.status for a in halley.history(opened.response).attempts] == [503, 503]
    opened.close()
