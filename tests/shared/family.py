"""A process, its fork, one client, no store: `python -m tests.shared.family WHAT ORIGIN`.

Both print a line of JSON about what they saw.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable

import halley
from halley.core.lanes import Lanes
from tests.shared.clients import BODY, HEADERS, PATH

SECONDS = 4.0


def lanes(client: halley.Client) -> Lanes:
    return client._transport._runtime.engine.lanes


def told(name: str, **seen: object) -> None:
    """Print a line in one write: the other one prints too."""
    os.write(1, f"{json.dumps({'name': name, **seen})}\n".encode())


def busy(client: halley.Client, name: str) -> None:
    """Four callers for a while; then say which share there was, and how many calls were good."""
    statuses: list[int] = []
    end = time.monotonic() + SECONDS

    def call() -> None:
        while time.monotonic() < end:
            statuses.append(client.post(PATH, json=BODY, headers={"x-worker": name}).status_code)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    time.sleep(SECONDS - 0.5)
    (lane,) = lanes(client).open.values()
    share = lane.share
    for caller in callers:
        caller.join()
    told(name, share=share, good=statuses.count(200), calls=len(statuses))


def calm(client: halley.Client, name: str) -> None:
    """A few calls that are all admitted; then say how many lanes there are."""
    for _ in range(3):
        assert client.post(PATH, json=BODY, headers={"x-worker": name}).status_code == 200
    told(name, lanes=len(lanes(client)))


def warned(client: halley.Client, name: str) -> None:
    """The child is refused; the parent calls until it knows that there is a limit."""
    if name == "child":
        for _ in range(3):
            client.post(PATH, json=BODY, headers={"x-worker": name})
        time.sleep(SECONDS)
        return
    end = time.monotonic() + SECONDS
    rate = None
    while rate is None and time.monotonic() < end:
        time.sleep(0.1)
        assert client.post(PATH, json=BODY, headers={"x-worker": name}).status_code == 200
        rate = next((lane.rate_per_s for lane in lanes(client).open.values()), None)
    told(name, knows=rate is not None)


SCENES: dict[str, tuple[Callable[[halley.Client, str], None], str]] = {
    "busy": (busy, "ramp"),
    "calm": (calm, "after_refusal"),
    "warned": (warned, "after_refusal"),
}


def main(what: str, origin: str) -> None:
    scene, pace = SCENES[what]
    policy = halley.Policy(pace=pace, deadline_s=30)
    client = halley.Client(policy=policy, headers=HEADERS, base_url=origin)
    assert client.post(PATH, json=BODY, headers={"x-worker": "parent"}).status_code == 200
    child = os.fork()
    scene(client, "parent" if child else "child")
    client.close()
    if child:
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main(*sys.argv[1:])
