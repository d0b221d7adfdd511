"""A process that makes calls: `python -m tests.shared.worker NAME ORIGIN PACER`.

It says "ready", makes as many calls as it may from the line "go" to the line "end", and prints how
many were answered and how many were not. Other tests call its functions in processes of theirs.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import halley
from tests.shared.clients import BODY, HEADERS, PATH

CALLERS = 4


def policy(pacer: str) -> halley.Policy:
    return halley.Policy(pacer=pacer, pace="ramp", deadline_s=30)


def work(name: str, origin: str, policy: halley.Policy, ends: Callable[[], bool]) -> Counter[int]:
    """Make calls until the end; count their statuses."""
    statuses: Counter[int] = Counter()
    client = halley.Client(policy=policy, headers=HEADERS | {"x-worker": name}, base_url=origin)

    def call() -> None:
        while not ends():
            statuses[client.post(PATH, json=BODY).status_code] += 1

    callers = [threading.Thread(target=call) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    client.close()
    return statuses


def work_for(name: str, origin: str, policy: halley.Policy, seconds: float) -> Counter[int]:
    """Make calls for a while."""
    end = time.monotonic() + seconds
    return work(name, origin, policy, lambda: time.monotonic() > end)


def main(name: str, origin: str, pacer: str) -> None:
    print("ready", flush=True)
    sys.stdin.readline()
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), ended.set()), daemon=True).start()
    print(json.dumps(work(name, origin, policy(pacer), ended.is_set)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
