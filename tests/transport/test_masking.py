"""Requests that hang on failures show no key; those of a success and the caller's own do."""

from __future__ import annotations

import copy
import pickle
from base64 import b64encode
from contextlib import suppress
from functools import partial
from socket import create_server
from traceback import TracebackException

import httpx2
import pytest

import halley
from halley.core.credentials import Key
from halley.core.secret import MASK, Secret
from halley.transport.masking import credentials, is_credential, private, without_credentials
from tests.lines import CHAT, QUICK, Answer, Line, failing, fault, stream

KEY = "sk-" + "m4" * 24
HEADERS = {
    "authorization": f"Bearer {KEY}",
    "x-api-key": KEY,
    "Ocp-Apim-Subscription-Key": KEY,
    "cookie": f"theme=dark; session={KEY}",
    "x-title": "my title",
}
URL = f"{CHAT}?key={KEY}&alt=sse"


def everything(request) -> str:
    """What a request shows to whoever looks closely."""
    headers = f"{dict(request.headers)} {request.headers.raw} {request.url}"
    return f"{headers} {request!r} {pickle.dumps(request).decode('latin-1')}"


@pytest.mark.parametrize("status", [400, 401, 503])
def test_the_request_of_a_failed_call_shows_no_key(line: Line, status: int):
    """Schemes, other headers, path and body are as they were."""
    caller = line.client(failing(status), policy=QUICK.override({"attempts": 2}))
    response = caller.post(URL, headers=HEADERS)
    assert KEY not in everything(response.request)
    assert response.request.headers["authorization"] == f"Bearer {MASK}"
    assert response.request.headers["x-title"] == "my title"
    assert response.request.url.path == "/v1/chat/completions"
    assert response.request.url.params["alt"] == "sse"
    assert b"hello" in response.request.content
    assert all(sent.headers["x-api-key"] == KEY for sent in caller.sent)


def test_nor_does_the_request_of_a_fault(line: Line):
    """The exception as it came, with another request on it."""
    caller = line.client(fault("ReadTimeout"), policy=QUICK.override({"attempts": 1}))
    with pytest.raises(line.error("ReadTimeout")) as caught:
        caller.post(URL, headers=HEADERS)
    assert KEY not in everything(caught.value.request)


def test_the_request_of_a_success_is_the_one_that_was_sent(line: Line):
    """It costs nothing to leave it alone."""
    response = line.client(Answer()).post(headers=HEADERS)
    assert response.request.headers["authorization"] == f"Bearer {KEY}"


def test_nor_does_the_request_of_a_stream(line: Line):
    """What fails inside it becomes the SDK's own error, with this request on it."""
    opened = line.client(stream()).open(URL, headers=HEADERS)
    assert KEY not in everything(opened.response.request)
    opened.rest()
    opened.close()


@pytest.mark.parametrize("answers", [(failing(400),), (fault("ReadError"),)], ids=["400", "fault"])
def test_the_callers_own_request_can_be_sent_again(line: Line, answers):
    """It is his, and keeps its key."""
    caller = line.client(*answers, Answer(), policy=QUICK.override({"attempts": 1}))
    request = caller.client.build_request("POST", URL, headers=HEADERS, json={"a": 1})
    try:
        caller.do(caller.client.send, request)
    except line.error("ReadError"):
        pass
    assert request.headers["x-api-key"] == KEY
    caller.do(caller.client.send, request)
    assert caller.sent[1].headers["authorization"] == f"Bearer {KEY}"
    assert KEY in caller.sent[1].url


@pytest.mark.parametrize("answer", [fault("ReadError"), failing(400)], ids=["fault", "400"])
def test_what_stainless_has_built_is_masked_in_place(line: Line, answer: Answer):
    """SDKs keep that very request on their exception and in their frames, and send it once."""
    caller = line.client(answer, policy=QUICK.override({"attempts": 1}))
    headers = {**HEADERS, "x-stainless-lang": "python"}
    request = caller.client.build_request("POST", URL, headers=headers, json={"a": 1})
    with suppress(line.error("ReadError")):
        caller.do(caller.client.send, request)
    assert KEY in caller.sent[0].url
    assert KEY not in everything(request)


def test_no_frame_of_a_fault_shows_a_request_with_a_key_of_the_ring(line: Line):
    """The request that was sent is a copy with that key, and its URL is in its `repr`."""
    ring = "gw-" + "R7t" * 12
    policy = QUICK.override({"attempts": 2, "keys": [Key(alias="a", secret=Secret(ring))]})
    caller = line.client(fault("ReadError"), fault("ReadError"), policy=policy)
    with pytest.raises(line.error("ReadError")) as caught:
        caller.post(URL, headers=HEADERS)
    assert ring in caller.sent[1].url
    whole = TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [str(frame.locals) for frame in whole.stack if frame.filename != __file__]
    assert any("key=" in shown for shown in frames)
    assert not any(ring in shown for shown in frames)


@pytest.mark.parametrize("answer", [fault("ReadError"), failing(400)], ids=["fault", "400"])
def test_nor_does_a_password_in_the_url_show(line: Line, answer: Answer):
    """A gateway behind basic authentication; its name and all else of the URL stay."""
    caller = line.client(answer, policy=QUICK.override({"attempts": 1}))
    try:
        request = caller.post(f"https://me:{KEY}@gateway.test/v1/chat/completions").request
    except line.error("ReadError") as error:
        request = error.request
    assert KEY in caller.sent[0].url
    assert KEY not in everything(request)
    assert (request.url.username, request.url.path) == ("me", "/v1/chat/completions")


@pytest.mark.parametrize("ends", ["\n", " \n", "\r\n", "\nanother"], ids=repr)
def test_nor_does_the_error_of_a_header_that_no_library_sends(ends: str):
    """h11 quotes it: in its own error, in two more above it, and in the frames of all of them."""
    headers = {"authorization": f"Bearer {KEY}{ends}"}
    with create_server(("127.0.0.1", 0)) as listener, halley.Client(headers=headers) as client:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/models"
        with pytest.raises(httpx2.LocalProtocolError) as caught:
            client.get(url)
    whole = TracebackException.from_exception(caught.value, capture_locals=True)
    told = "".join(line for line in whole.format() if __file__ not in line)
    assert told.count("Illegal header value") >= 2
    assert KEY not in told
    assert KEY not in pickle.dumps(caught.value).decode("latin-1")
    history = halley.history(caught.value)
    assert history is not None
    assert len(history.attempts) == 1


def test_a_note_on_a_fault_shows_no_key(line: Line):
    """Somebody's transport explains too much."""

    def explained() -> None:
        error = line.error("ReadError")(f"sent {KEY} in vain")
        error.add_note(f"with {KEY[:20]}")
        raise error

    answer = Answer(before=explained)
    caller = line.client(answer, policy=QUICK.override({"attempts": 1}))
    with pytest.raises(line.error("ReadError")) as caught:
        caller.post(headers=HEADERS)
    assert str(caught.value) == f"sent {'*' * len(KEY)} in vain"
    assert caught.value.__notes__ == [f"with {'*' * 20}"]


def test_a_fault_that_says_no_key_is_the_one_that_was_raised(line: Line):
    """Its text, its frames and its causes are left alone."""
    caller = line.client(fault("ReadError"), policy=QUICK.override({"attempts": 1}))
    with pytest.raises(line.error("ReadError")) as caught:
        caller.post(headers=HEADERS)
    assert str(caught.value) == "played"
    names = [frame.name for frame in TracebackException.from_exception(caught.value).stack]
    assert "answer" in names


def test_hooks_and_auth_flows_see_the_key(line: Line):
    """They run before the call has ended, and may need it."""
    seen = []

    def plain(response) -> None:
        seen.append(response.request.headers["x-api-key"])

    async def hook(response) -> None:
        plain(response)

    hooks = {"response": [hook if line.is_async else plain]}
    line.client(failing(401), event_hooks=hooks).post(headers=HEADERS)
    assert seen == [KEY]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("authorization", True),
        ("Proxy-Authorization", True),
        ("x-goog-api-key", True),
        ("xi-api-key", True),
        ("helicone-auth", True),
        ("cf-aig-authorization", True),
        ("x-amz-security-token", True),
        ("cookie", True),
        ("content-type", False),
        ("idempotency-key", False),
        ("x-stainless-retry-count", False),
        (":authority", False),
        ("traceparent", False),
    ],
)
def test_a_credential_is_known_by_the_name_of_its_header(name: str, *, expected: bool):
    """Any name that speaks of one."""
    assert is_credential(name.encode()) is expected


def test_what_a_request_carries(line: Line):
    """Credentials without their schemes; what else is private; what may be shown is neither."""
    basic = "dXNlcjpjb3JyZWN0LWhvcnNl"
    request = line.module.Request(
        "POST",
        f"{URL}&q=private-query&page=12345678",
        headers={
            **HEADERS,
            "proxy-authorization": f"Basic {basic}",
            "x-request-id": "req_12345678",
        },
    )
    keys = {secret.reveal() for secret in credentials(request)}
    assert keys == {KEY, basic, "correct-horse", f"session={KEY}"}
    others = {secret.reveal() for secret in private(request)}
    assert {"private-query", "my title"} <= others
    assert not {"req_12345678", "12345678", "sse"} & others
    assert KEY not in repr((credentials(request), private(request)))


def test_a_request_without_keys_stays_itself(line: Line):
    """There is nothing to mask."""
    request = line.module.Request("GET", CHAT, headers={"x-title": "a"})
    assert without_credentials(request) is request


FIELDS = {
    "headers": {"x-api-key": KEY, "x-title": "a"},
    "params": {"key": KEY, "alt": "sse"},
    "cookies": {"session": KEY},
}


@pytest.mark.parametrize("changed", [False, True], ids=["made with", "added"])
def test_what_a_ready_client_adds_to_every_request_shows_no_credential(
    line: Line, *, changed: bool
):
    """In `vars`, and so in whatever shows objects; it is sent as it is, and is what it was."""
    client = line.client(Answer(), **({} if changed else FIELDS)).client
    if changed:
        client.headers.update(FIELDS["headers"])
        client.cookies.update(FIELDS["cookies"])
    assert KEY not in repr(vars(client))
    assert "'x-title': 'a'" in repr(client.headers)
    sent = client.build_request("GET", CHAT).headers
    assert (sent["x-api-key"], sent["cookie"]) == (KEY, f"session={KEY}")


def test_nor_does_a_protected_client(line: Line):
    """Neither its view nor the client itself."""
    made = line.module.AsyncClient if line.is_async else line.module.Client
    client = line.do(partial(made, **FIELDS))
    beneath = halley.protect(client)
    assert KEY not in repr(vars(client)) + repr(vars(beneath))
    request = beneath.build_request("GET", CHAT)
    assert request.url.params["key"] == request.headers["x-api-key"] == KEY
    assert request.headers["cookie"] == f"session={KEY}"


def test_headers_and_parameters_of_a_ready_client_are_like_those_of_the_library(line: Line):
    """They compare, are copied and pickled as those; parameters are keys of dictionaries."""
    module, client = line.module, line.client(Answer(), **FIELDS).client
    params = module.QueryParams(FIELDS["params"])
    assert client.params == params == client.params
    assert client.params != module.QueryParams("a=1")
    assert {client.params: 1}[params] == 1
    assert isinstance(client.headers, module.Headers)
    assert client.headers == module.Headers(client.headers)
    for value in (client.headers, client.params):
        again = pickle.loads(pickle.dumps(value))
        assert type(again) in {module.Headers, module.QueryParams}
        assert again == value
        assert copy.deepcopy(value) == value


def test_a_policy_that_cannot_be_read_shows_no_field(line: Line):
    """The traceback of the client's own frames, with locals."""
    with pytest.raises(halley.PolicyError) as caught:
        line.client(Answer(), policy="/none/such.toml", **FIELDS)
    whole = TracebackException.from_exception(caught.value, capture_locals=True)
    shown = [str(frame.locals) for frame in whole.stack if "halley/transport" in frame.filename]
    assert shown
    assert not any(KEY in text for text in shown)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_frame_shows_a_key_or_the_password_of_a_proxy(line: Line, scheme: str):
    """Those of httpcore hold headers: of a tunnel, or of a request that a proxy is to forward."""
    with create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    proxy = f"http://me:{KEY[:20]}@127.0.0.1:{port}"
    login = b64encode(f"me:{KEY[:20]}".encode()).decode()
    policy = QUICK.override({"attempts": 1})
    caller = line.client(transport=None, proxy=proxy, headers=HEADERS, policy=policy)
    with pytest.raises(line.error("ConnectError")) as caught:
        caller.post(f"{scheme}://a.test/v1/models")
    whole = TracebackException.from_exception(caught.value, capture_locals=True)
    told = "".join(text for text in whole.format() if __file__ not in text)
    assert "http_proxy.py" in told
    assert login not in told
    assert KEY not in told
