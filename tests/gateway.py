"""A gateway that sends back all that it was ever told, and the faults of the canary matrix.

It plays one script after the other on a simulator: an error with every key and every prompt in its
body and in a header, the same in the middle of a stream, and what else can go wrong.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

from halley.simulator import SimReply, SimRequest, fail, ok
from halley.simulator.faults import Fault, Refuse, SpoilStream
from halley.simulator.model import plain_reply
from halley.simulator.streams import Event, Stream
from tests.sdk.kits import simulator

SERVER_ID = "20261125143000123456789xYzAbCdE"


class Gateway:
    """Plays one script after the other, and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.body = ""
        self.play()

    def play(self, fault: Fault | int | str | None = None, times: int = 9) -> None:
        """From now on answer so, then well."""
        steps = () if fault is None else (fail(fault, times=times),)
        self.simulator = simulator(*steps, ok(times=99))

    def handle(self, request: SimRequest, now: float, *, speed: float = 1.0) -> SimReply:
        """Answer one request."""
        heard = f"{request.query} {dict(request.headers)}"
        self.told, self.body = [*self.told[-2:], heard], request.body.decode()
        return self.simulator.handle(request, now, speed=speed)

    def said(self) -> str:
        """All that it was told lately, as a careless gateway puts it into its error."""
        return f"bad key or body: {' '.join(self.told)} {self.body} (request id: {SERVER_ID})"

    def echo(self, status: int) -> Refuse:
        """An error that says it, in the body and in a header."""

        def reply(_scene: object) -> SimReply:
            error = {"error": {"message": self.said(), "code": "invalid_api_key"}}
            header = ("x-echo", json.dumps(self.told[-1])[:4000])
            return plain_reply(status, json.dumps(error).encode(), "application/json", header)

        return Refuse(f"echo_{status}", reply)

    def echo_in_stream(self, place: int) -> SpoilStream:
        """An error inside a stream that says it, after so many events."""

        def spoiled(stream: Stream) -> Stream:
            said = b'"message": ' + json.dumps(self.said()).encode()
            error = re.sub(rb'"message": ?"[^"]*"', lambda _: said, stream.error)
            return replace(stream, events=(*stream.events[:place], Event(error)))

        return SpoilStream(f"echo_in_stream_{place}", lambda _scene: spoiled)

    def matrix(self) -> list[tuple[Fault | int | str, int]]:
        """Faults, and how often each comes: to the end, or before an answer."""
        echoes = [self.echo(status) for status in (400, 401, 429, 503)]
        streams = [self.echo_in_stream(place) for place in (0, 3)]
        named = ("reset", "truncated_json", "bad_gateway", "error_200", "redirect", "cut")
        final = [*echoes, *streams, 403, 404, 500, *named, "error_middle", "cut_stream", "echo_key"]
        return [*((fault, 9) for fault in final), (503, 1), (echoes[1], 1), ("reset", 1)]
