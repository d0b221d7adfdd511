"""One side of the demo: the same program on the openai SDK, with halley beneath it or without.

The program is naive on purpose and knows nothing of halley: it calls, it uses the answer, it
catches the SDK's error. What it saw is one half of the numbers, the simulator's ledger the other.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import openai
from openai import OpenAI

import halley
from halley.cli.demo.judge import Judge
from halley.cli.demo.workload import Call, Work
from halley.core.policy import Policy
from halley.simulator import serve
from halley.simulator.keys import INVALID, VALID
from halley.simulator.ledger import CALL_HEADER

MODEL: Final = "gpt-5-mini"
MODEL_UNKNOWN: Final = "gpt-5-turbo-preview"
MODEL_USED_UP: Final = "o4-mini"
CHAT_MODELS: Final = {Work.WRONG_MODEL: MODEL_UNKNOWN, Work.NO_QUOTA: MODEL_USED_UP}
EMBEDDING: Final = "text-embedding-3-small"
VIDEO: Final = "sora-2"
POLL_S: Final = 0.5
POLLS_MAX: Final = 60
PROFILE: Final = "demo"
LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """How a call ended for its caller.

    Attributes:
        usable: It was answered, and the answer can be used.
        error: Name of the exception, "" when none was raised.
        status: HTTP status of the exception, None when it has none.
        request_id: What the exception says in `request_id`.
    """

    marker: str
    usable: bool
    error: str = ""
    status: int | None = None
    request_id: str | None = None


class Side:
    """One of the two programs, at work or done."""

    def __init__(self, program: Program, judge: Judge, calls: Sequence[Call]) -> None:
        self.judge = judge
        self.calls = calls
        self.results: list[Result] = []
        self._program = program
        self._started = self._ended = time.monotonic()

    @property
    def done(self) -> bool:
        """Every call has ended."""
        return len(self.results) == len(self.calls)

    @property
    def wall_s(self) -> float:
        """Seconds from the start to the last end, or to now."""
        return (self._ended if self.done else time.monotonic()) - self._started

    def make(self, call: Call) -> None:
        """Make one call and note how it ended."""
        try:
            result = Result(call.marker, usable=self._program.make(call))
        except Exception as error:  # noqa: BLE001 - whatever the SDK raises is what its caller sees
            status = getattr(error, "status_code", None)
            request_id = getattr(error, "request_id", None)
            result = Result(
                call.marker,
                usable=False,
                error=type(error).__name__,
                status=status,
                request_id=request_id,
            )
        self._ended = time.monotonic()
        self.results.append(result)


def run(
    calls: Sequence[Call], seed: int, policy: Policy, *, seen: Callable[[Side, Side], None]
) -> tuple[Side, Side]:
    """Run the program without halley and with it, at the same time, each on its own simulator.

    Args:
        calls: What the program does.
        seed: Of both simulators.
        policy: Of halley.
        seen: Called with both sides several times a second.
    """
    with (
        _opened(calls, seed, lambda client: client) as bare,
        _opened(calls, seed, lambda client: halley.protect(client, policy)) as protected,
    ):
        started = time.monotonic()
        for call in calls:
            while (left_s := started + call.at_s - time.monotonic()) > 0:
                time.sleep(min(left_s, LOOK_S))
                seen(bare, protected)
            for side in (bare, protected):
                threading.Thread(target=side.make, args=(call,), daemon=True).start()
        while not (bare.done and protected.done):
            time.sleep(LOOK_S)
            seen(bare, protected)
        return bare, protected


@contextmanager
def _opened(
    calls: Sequence[Call], seed: int, protect: Callable[[OpenAI], OpenAI]
) -> Iterator[Side]:
    """Open a side: the SDK with its defaults, but without a proxy from the environment."""
    judge = Judge(profile=PROFILE, seed=seed)
    http_client = openai.DefaultHttpxClient(trust_env=False)
    with (
        serve(judge) as server,
        OpenAI(api_key=VALID, base_url=server.base_url, http_client=http_client) as client,
    ):
        yield Side(Program(protect(client)), judge, calls)


class Program:
    """The code of a user of the SDK. Every method says whether the answer can be used."""

    def __init__(self, client: OpenAI) -> None:
        self._client = client
        self._wrong_key = client.with_options(api_key=INVALID)

    def make(self, call: Call) -> bool:
        """Make one call.

        Raises:
            openai.OpenAIError: as the SDK does.
        """
        marker = {CALL_HEADER: call.marker}
        match call.work:
            case Work.STREAM:
                return self._stream(call, marker)
            case Work.EMBEDDING:
                reply = self._client.embeddings.create(
                    model=EMBEDDING, input=f"comet {call.marker}", extra_headers=marker
                )
                return bool(reply.data)
            case Work.VIDEO:
                return self._video(call, marker)
            case Work.CHAT | Work.WRONG_MODEL | Work.WRONG_REQUEST | Work.WRONG_KEY | Work.NO_QUOTA:
                return self._chat(call, marker)

    def _chat(self, call: Call, marker: dict[str, str]) -> bool:
        client = self._wrong_key if call.work is Work.WRONG_KEY else self._client
        reply = client.chat.completions.create(
            model=CHAT_MODELS.get(call.work, MODEL),
            messages=[] if call.work is Work.WRONG_REQUEST else _messages(call),
            extra_headers=marker,
        )
        return bool(reply.choices and reply.choices[0].message.content)

    def _stream(self, call: Call, marker: dict[str, str]) -> bool:
        finished = False
        with self._client.chat.completions.create(
            model=MODEL, messages=_messages(call), stream=True, extra_headers=marker
        ) as stream:
            for chunk in stream:
                finished = finished or bool(chunk.choices and chunk.choices[0].finish_reason)
        return finished

    def _video(self, call: Call, marker: dict[str, str]) -> bool:
        """Buy a video, then ask for it until it is done; each question is a call of its own."""
        video = self._client.videos.create(
            model=VIDEO, prompt=f"a comet, {call.marker}", extra_headers=marker
        )
        for poll in range(POLLS_MAX):
            if video.status not in ("queued", "in_progress"):
                break
            time.sleep(POLL_S)
            video = self._client.videos.retrieve(
                video.id, extra_headers={CALL_HEADER: f"{call.marker}.{poll}"}
            )
        return video.status == "completed"


def _messages(call: Call) -> list[Any]:
    return [{"role": "user", "content": f"Say hello to comet {call.marker}."}]
