"""The demo's numbers: what counts as possible, and which videos may have been bought."""

import json

from halley.cli.demo.counts import count
from halley.cli.demo.judge import Judge
from halley.cli.demo.side import Result, Side
from halley.cli.demo.workload import Call, Work
from halley.simulator import SimRequest, fail, script
from halley.simulator.keys import VALID
from halley.simulator.ledger import CALL_HEADER

CALLS = (
    Call("answered", Work.VIDEO, 0.0),
    Call("lost", Work.VIDEO, 0.0),
    Call("refused", Work.VIDEO, 0.0),
    Call("chat", Work.CHAT, 0.0),
    Call("used up", Work.NO_QUOTA, 0.0),
)


def side():
    """A program whose calls have all ended, and a server that refused one video for good."""
    judge = Judge(profile="calm", seed=0, script=script(fail("invalid_request")))
    headers = {"authorization": f"Bearer {VALID}", CALL_HEADER: "refused"}
    body = json.dumps({"model": "sora-2"}).encode()
    judge.handle(SimRequest("POST", "/v1/videos", "", headers, body), 0.0)
    ended = Side(None, judge, CALLS)
    for call in CALLS:
        failed = call.marker != "answered"
        ended.results.append(
            Result(call.marker, usable=not failed, error="APIError" if failed else "")
        )
    return ended


def test_what_is_possible_and_what_is_unclear():
    """A video refused for good is neither possible nor bought; one that was lost may be bought."""
    for counts in count(side(), side()):
        assert (counts.calls, counts.possible, counts.succeeded) == (5, 3, 1)
        assert (counts.given_up, counts.unclear) == (4, 1)
