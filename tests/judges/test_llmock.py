"""An outside judge: `llmock` breaks the answers, watches the client, and has nothing to object to.

llmock (PyPI, MIT) is a server that misbehaves as it is told and grades its client: FAIL for a
`Retry-After` that was not kept, a retry of what cannot succeed, a storm of retries, a cut stream
taken for an answer; WARN for no backoff, for giving up too early, for sitting through a stall, for
reading on after a broken chunk. Strict: no WARN either.

It sees requests, not exceptions. So where a stream breaks after a part of the answer was delivered,
it asks for another request, and the application here sends one when halley says that this is safe.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from anyio.from_thread import start_blocking_portal
from llmock.pytest_plugin import LLMock

import halley
from halley.core.policy import Policy
from halley.drivers.chance import Chance

QUICK = Policy(backoff_base_s=0.05, idle_timeout_s=0.4, budget_floor_per_s=100.0)
JITTER_S = 0.05
"""In the place of up to a second."""
PACE_MS = 30
ANSWER = "It is Halley's comet that comes back, every seventy-six years or so, and next in 2061."
"""Long and slow enough that a client which hangs up at a fault does so before the end: a stream
that was sent to its end is an answer to the judge, and another request another call."""
BUFFERED = QUICK.override({"rescue": "buffer"})
ASK: dict[str, Any] = {
    "model": "gpt-5-mini",
    "messages": [{"role": "user", "content": "Which comet comes back?"}],
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "orbit",
            "parameters": {
                "type": "object",
                "properties": {"comet": {"type": "string"}},
                "required": ["comet"],
            },
        },
    }
]
STREAM_FAULTS: dict[str, Callable[[LLMock, int], Any]] = {
    "disconnect": lambda llmock, at: llmock.disconnect(after_chunks=at),
    "truncate": lambda llmock, at: llmock.truncate(after_chunks=at),
    "corrupt": lambda llmock, at: llmock.corrupt(after_chunks=at),
    "stall": lambda llmock, at: llmock.stall(after_chunks=at, seconds=1.5),
}
BEFORE_ANY_TEXT, IN_THE_TEXT = (0, 1), (2, 4)
"""Chunks after which a stream breaks; the first one has a role and no text."""
SYNC, ASYNC = "sync", "async"


class Application:
    """A program on the openai SDK, in either colour, with halley beneath it."""

    def __init__(self, portal: Any, policy: Policy | None) -> None:
        self._portal = portal
        made = openai.OpenAI() if portal is None else openai.AsyncOpenAI()
        self._client: Any = made if policy is None else halley.protect(made, policy)

    def ask(self, **more: Any) -> Any:
        """One question, its answer whole."""
        return self._call(self._client.chat.completions.create, **ASK, **more)

    def read(self, **more: Any) -> str:
        """One question, its answer streamed: the text and the arguments of tools."""
        stream = self.ask(stream=True, **more)
        threads = self._portal is None
        chunks = list(stream) if threads else self._portal.call(self._listed, stream)
        deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
        calls = [call for delta in deltas for call in delta.tool_calls or ()]
        arguments = "".join(call.function.arguments or "" for call in calls)
        return "".join(delta.content or "" for delta in deltas) + arguments

    def read_again(self, llmock: LLMock, **more: Any) -> str:
        """The same, once more if it was interrupted and may be started again.

        Not before the server is done with the first, so that the judge sees one call.
        """
        try:
            return self.read(**more)
        except openai.APIConnectionError as error:
            interrupted = error.__cause__
            assert isinstance(interrupted, halley.StreamInterrupted)
            assert interrupted.safe_to_restart
            assert llmock.requests
            return self.read(**more)

    def close(self) -> None:
        self._call(self._client.close)

    def _call(self, function: Callable[..., Any], **options: Any) -> Any:
        if self._portal is None:
            return function(**options)

        async def call() -> Any:
            return await function(**options)

        return self._portal.call(call)

    @staticmethod
    async def _listed(stream: Any) -> list[Any]:
        return [chunk async for chunk in stream]


Start = Callable[..., Application]


@pytest.fixture(autouse=True)
def _jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every draw of halley's be the same."""
    monkeypatch.setattr(Chance, "__call__", lambda _self: JITTER_S)


@pytest.fixture(params=[SYNC, ASYNC])
def start(request: pytest.FixtureRequest, llmock: LLMock) -> Iterator[Start]:
    """Start an application; it is closed at the end."""
    assert llmock.url
    applications: list[Application] = []

    def started(portal: Any, policy: Policy | None = QUICK) -> Application:
        applications.append(Application(portal, policy))
        return applications[-1]

    if request.param == SYNC:
        yield lambda policy=QUICK: started(None, policy)
        for application in applications:
            application.close()
        return
    with start_blocking_portal() as portal:
        yield lambda policy=QUICK: started(portal, policy)
        for application in applications:
            application.close()


def judged(llmock: LLMock, *, faults: int) -> None:
    """So many faults were met, and the judge has nothing to say about them."""
    assert llmock.verdict().faults == faults
    llmock.assert_resilient(strict=True)


def test_the_judge_can_say_no(llmock: LLMock):
    """Without halley, half an answer is an answer."""
    llmock.truncate(after_chunks=3)
    application = Application(None, None)
    application.read()
    application.close()
    assert [finding.code for finding in llmock.verdict().findings] == ["truncated_stream_accepted"]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_asked_again(llmock: LLMock, start: Start, status: int):
    """Once is enough when it has passed."""
    llmock.fail(status)
    assert start().ask().choices
    judged(llmock, faults=1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_cannot_succeed_is_not_asked_again(llmock: LLMock, start: Start, status: int):
    """The error of the SDK, after one request."""
    llmock.fail(status)
    with pytest.raises(openai.APIStatusError) as caught:
        start().ask()
    assert caught.value.status_code == status
    assert len(llmock.requests) == 1
    judged(llmock, faults=1)


def test_a_prompt_that_is_too_long(llmock: LLMock, start: Start):
    """It is as long the next time."""
    llmock.context_overflow()
    with pytest.raises(openai.BadRequestError):
        start().ask()
    judged(llmock, faults=1)


def test_the_wait_of_the_server_is_kept(llmock: LLMock, start: Start):
    """Twice, to the fraction of a second."""
    llmock.rate_limit(times=2, retry_after=0.6)
    assert start().ask().choices
    judged(llmock, faults=2)


def test_a_quota_is_kept(llmock: LLMock, start: Start):
    """Ten a second: more at once than fit are refused once at most, and all are answered."""
    llmock.limits(rpm=600)
    application = start()
    for _ in range(5):
        assert application.ask().choices
    llmock.assert_resilient(strict=True)


def test_an_outage_is_given_up_with_growing_waits(llmock: LLMock, start: Start):
    """Each is longer than the one before; after five requests the error is told."""
    llmock.outage()
    with pytest.raises(openai.InternalServerError):
        start().ask()
    assert len(llmock.requests) == 5
    judged(llmock, faults=5)


def test_a_slow_answer_is_waited_for(llmock: LLMock, start: Start):
    """So is a slow first token: slow is not broken."""
    llmock.delay(0.3).slow_first_token(0.3)
    application = start()
    started = time.monotonic()
    assert application.ask().choices
    assert application.read()
    assert time.monotonic() - started >= 0.6
    assert len(llmock.requests) == 2
    llmock.assert_resilient(strict=True)


@pytest.mark.parametrize("at", BEFORE_ANY_TEXT)
@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_a_stream_that_breaks_before_any_text(llmock: LLMock, start: Start, fault: str, at: int):
    """It is sent for again without a word."""
    STREAM_FAULTS[fault](llmock, at)
    llmock.reply(ANSWER, times=2).pace(PACE_MS)
    assert start().read() == ANSWER
    assert len(llmock.requests) == 2
    judged(llmock, faults=1)


@pytest.mark.parametrize("at", IN_THE_TEXT)
@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_a_stream_that_breaks_in_the_text(llmock: LLMock, start: Start, fault: str, at: int):
    """The application learns of it, and starts again because it is told that it may."""
    STREAM_FAULTS[fault](llmock, at)
    llmock.reply(ANSWER, times=2).pace(PACE_MS)
    assert start().read_again(llmock) == ANSWER
    assert len(llmock.requests) == 2
    judged(llmock, faults=1)


@pytest.mark.parametrize("at", [1, 4])
@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_a_buffered_stream_never_breaks(llmock: LLMock, start: Start, fault: str, at: int):
    """Delivered when it is whole: wherever it breaks, it is sent for again without a word."""
    STREAM_FAULTS[fault](llmock, at)
    llmock.reply(ANSWER, times=2).pace(PACE_MS)
    assert start(BUFFERED).read() == ANSWER
    assert len(llmock.requests) == 2
    judged(llmock, faults=1)


@pytest.mark.parametrize("fault", STREAM_FAULTS)
def test_a_tool_call_that_breaks(llmock: LLMock, start: Start, fault: str):
    """Half of the arguments are no arguments."""
    STREAM_FAULTS[fault](llmock, 3)
    llmock.call_tool("orbit", {"comet": ANSWER}, times=2).pace(PACE_MS)
    arguments = start().read_again(llmock, tools=TOOLS)
    assert json.loads(arguments) == {"comet": ANSWER}
    judged(llmock, faults=1)


def test_arguments_that_do_not_parse(llmock: LLMock, start: Start):
    """A finish reason does not make them whole: reported, and started again."""
    llmock.break_tool_call("malformed_arguments")
    assert json.loads(start().read_again(llmock, tools=TOOLS))
    assert len(llmock.requests) == 2
    llmock.assert_resilient(strict=True)


def test_a_tool_that_was_never_offered_is_the_applications_affair(llmock: LLMock, start: Start):
    """The answer is whole: nothing is sent again, nothing is changed."""
    llmock.break_tool_call("unknown_tool")
    (call,) = start().ask(tools=TOOLS).choices[0].message.tool_calls
    assert call.function.name != "orbit"
    assert len(llmock.requests) == 1
    llmock.assert_resilient(strict=True)
