"""The real SDKs, as they are, against the simulator on a socket."""

from __future__ import annotations

import contextlib
import time

import anthropic
import httpx2
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types

from halley.simulator import Simulator, fail, keys, script, serve

MODEL = "gpt-5-mini"
MESSAGES = [{"role": "user", "content": "hello"}]


@pytest.fixture
def server():
    """A calm day, ten times as fast."""
    with serve(Simulator(), speed=10.0) as server:
        yield server


@pytest.fixture
def client(server):
    """The openai SDK with its own retries off."""
    with openai.OpenAI(base_url=server.base_url, api_key=keys.VALID, max_retries=0) as client:
        yield client


def test_openai_chat(client):
    """A completion with usage, the extra field of CometAPI included."""
    reply = client.chat.completions.create(model=MODEL, messages=MESSAGES)
    assert reply.model == MODEL
    assert reply.choices[0].message.content.startswith("Comet Halley")
    assert reply.usage.total_tokens > 0
    assert "latency_checkpoint" in reply.usage.model_extra


def test_openai_chat_stream(client):
    """Deltas, a finish_reason, and usage because it was asked for."""
    with client.chat.completions.create(
        model=MODEL, messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as stream:
        *chunks, last = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks).startswith("Comet Halley")
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert last.usage.total_tokens > 0


def test_openai_responses(client):
    """Whole and streamed, the texts are alike up to the fingerprint of the request."""
    whole = client.responses.create(model=MODEL, input="hello")
    assert (whole.status, whole.output_text[:12]) == ("completed", "Comet Halley")
    with client.responses.create(model=MODEL, input="hello", stream=True) as stream:
        events = list(stream)
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text[:12] == "Comet Halley"


def test_openai_responses_stream_helper(client):
    """The helper that builds the response from its events finds them in order."""
    with client.responses.stream(model=MODEL, input="hello") as stream:
        assert stream.get_final_response().output_text.startswith("Comet Halley")


def test_openai_embeddings(client):
    """The SDK asks for base64 by itself and unpacks it."""
    reply = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"], dimensions=3)
    assert [item.embedding for item in reply.data] == [[1.0, 0.0, 0.0]] * 2


def test_openai_models(client):
    """The list and one of its models."""
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).owned_by == "openai"


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_openai_video_from_submit_to_content(client, server):
    """Submit, poll to the end, then the bytes; bought once."""
    video = client.videos.create(model="sora-2", prompt="a comet", seconds="4")
    assert video.status == "queued"
    deadline = time.monotonic() + 10
    while video.status != "completed" and time.monotonic() < deadline:
        with contextlib.suppress(openai.BadRequestError):  # not visible yet
            video = client.videos.retrieve(video.id)
    assert client.videos.download_content(video.id).content[4:8] == b"ftyp"
    assert len(server.ledger.billed) == 1


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_openai_task_that_is_not_there(client):
    """An unknown task is the SDK's 400, with the bare body of shape D."""
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.retrieve("task_nope")
    assert caught.value.body["code"] == "task_not_exist"


@pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")
def test_openai_retries_of_a_lost_submit_are_paid_twice():
    """The SDK's own retries buy a video again: what the ledger is there to show."""
    with (
        serve(Simulator(script=script(fail("lost_504"))), speed=10.0) as server,
        openai.OpenAI(base_url=server.base_url, api_key=keys.VALID, max_retries=1) as client,
    ):
        client.videos.create(model="sora-2", prompt="a comet", seconds="4")
        (group,) = server.ledger.paid_twice()
    assert [entry.status for entry in group] == [504, 200]


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (keys.INVALID, openai.AuthenticationError),
        (keys.EXHAUSTED, openai.AuthenticationError),
        (keys.CAPPED, openai.PermissionDeniedError),
        (keys.BROKE, openai.PermissionDeniedError),
    ],
)
def test_openai_bad_keys(server, key, error):
    """Each bad key is the SDK's exception of its status."""
    with (
        openai.OpenAI(base_url=server.base_url, api_key=key, max_retries=0) as client,
        pytest.raises(error),
    ):
        client.chat.completions.create(model=MODEL, messages=MESSAGES)


@pytest.mark.parametrize(
    ("what", "error", "timeout_s"),
    [
        (503, openai.InternalServerError, 5.0),
        (429, openai.RateLimitError, 5.0),
        ("reset", openai.APIConnectionError, 5.0),
        ("cut", openai.APIConnectionError, 5.0),
        ("hang", openai.APITimeoutError, 0.3),
    ],
)
def test_openai_faults(what, error, timeout_s):
    """A fault on the wire is the SDK's exception for it."""
    with (
        serve(Simulator(script=script(fail(what)))) as server,
        openai.OpenAI(
            base_url=server.base_url, api_key=keys.VALID, max_retries=0, timeout=timeout_s
        ) as client,
        pytest.raises(error),
    ):
        client.chat.completions.create(model=MODEL, messages=MESSAGES)


def test_openai_takes_a_clean_cut_for_the_end():
    """The SDK does not notice that a stream stopped half way, nor does its loop say so."""
    with (
        serve(Simulator(script=script(fail("cut_clean")))) as server,
        openai.OpenAI(base_url=server.base_url, api_key=keys.VALID, max_retries=0) as client,
        client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True) as stream,
    ):
        assert [chunk.choices[0].finish_reason for chunk in stream][-1] is None


def test_anthropic_messages(server):
    """Whole and streamed; the key goes in x-api-key."""
    with anthropic.Anthropic(base_url=server.url, api_key=keys.VALID, max_retries=0) as client:
        asked = {"model": "claude-haiku-4-5", "max_tokens": 99, "messages": MESSAGES}
        whole = client.messages.create(**asked)
        with client.messages.stream(**asked) as stream:
            final = stream.get_final_message()
    assert whole.content[0].text.startswith("Comet Halley")
    assert (final.stop_reason, final.content[0].text[:12]) == ("end_turn", "Comet Halley")
    assert {entry.key for entry in server.ledger.calls} == {"valid"}


def test_anthropic_sees_the_error_shape_of_its_path(server):
    """An empty account is a 403 whose body is in the Claude form."""
    with (
        anthropic.Anthropic(base_url=server.url, api_key=keys.BROKE, max_retries=0) as client,
        pytest.raises(anthropic.PermissionDeniedError) as caught,
    ):
        client.messages.create(model="claude-haiku-4-5", max_tokens=9, messages=MESSAGES)
    assert caught.value.body["error"]["message"].startswith("user quota is not enough")


def test_genai_generate_content(server):
    """Whole and streamed; the key goes in x-goog-api-key."""
    with httpx2.Client() as http:
        options = types.HttpOptions(base_url=server.url, httpx_client=http)
        client = genai.Client(api_key=keys.VALID, http_options=options)
        asked = {"model": "gemini-2.5-flash", "contents": "hello"}
        whole = client.models.generate_content(**asked)
        chunks = list(client.models.generate_content_stream(**asked))
    assert whole.text.startswith("Comet Halley")
    assert "".join(chunk.text for chunk in chunks).startswith("Comet Halley")
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP


def test_genai_errors(server):
    """A model that is not there is the SDK's server error."""
    with httpx2.Client() as http:
        options = types.HttpOptions(base_url=server.url, httpx_client=http)
        client = genai.Client(api_key=keys.VALID, http_options=options)
        with pytest.raises(genai_errors.ServerError):
            client.models.generate_content(model="gemini-nope", contents="hello")
