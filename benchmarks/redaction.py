"""What redaction costs: speed on ordinary texts, a record, the worst inputs; beside one big regex.

The other side is what filters of logs usually are: the same shapes, and names as gitleaks writes
them, joined into a single regex. Figures are CPU time of this thread, the best of several rounds,
since machines are noisy. Growth is the time for 64 KiB by that for 32 KiB; 2 is linear.

    python benchmarks/redaction.py [--rounds 5] [--json]
"""

from __future__ import annotations

import argparse
import json
import random
import re
import string
import sys
import time
from collections.abc import Callable
from typing import Any

from halley.records.redact import Redactor
from halley.records.redact.names import NAMES
from halley.records.redact.shapes import SHAPES

MB = 1_000_000
KIB64 = 64 * 1024
KEYS = ["sk-" + "".join(random.Random(n).choices(string.ascii_letters, k=48)) for n in range(5)]
WORDS = (  # noqa: SIM905 - words read better as a text
    "the of and to in is that for it as was with be by on not he his but at are this have from or "
    "had an they which one you were her all she there would their we him been has when who will "
    "more no if out so said what up its about into than them can only other new some could time"
).split()
RECORD = (
    '{"error":{"message":"This model\'s maximum context length is 128000 tokens. However, your '
    'messages resulted in 130112 tokens. (request id: 2026062409153045678901AbCdEfGh)",'
    '"type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}'
)
ATTACKS = {
    "names and values": "api_key=x,",
    "the shortest names": "pwd=x,",
    "short names, mixed": "pwd=x,dsn=x,&sig=x",
    "quoted values": 'token: "',
    "plain values": "token:x,",
    "starts of keys": "sk-a-",
    "starts of JWTs": "-eyJ",
    "slashes": "://",
    "users": "://a:b@",
    "queries": "?a=b&",
    "armour": "-----BEGIN PRIVATE KEY-----",
    "numbers": "[1,",
    "forms": "content-disposition: x\r\n",
    "base64 in rows": "A" * 76 + "\n",
    "escapes": "\\\\n",
    "quotes": '"',
    "control characters": "\x1b[31m",
    "one long word": "a",
    "pieces of a key": KEYS[0][3:14],
    "all of a key": KEYS[0] + " ",
    "basic": "basic dXNlcjpwYXNz ",
    "commands": "curl -u a:b\n",
    "options of one command": "curl -b a=b",
    "quotes of a command": "curl -u 'a:b' ",
    "lines of netrc": "machine a password b ",
}
TARGETS = {"MB/s": 10.0, "record_us": 25.0, "worst_ms": 30.0, "growth": 2.5}


def in_one_regex() -> Callable[[str], str]:
    """The same shapes and names as log filters have them: one alternation, any case."""
    shapes = [rf"\b{re.escape(shape.literal)}{shape.rest}" for shape in SHAPES]
    names = [
        r"[\w.-]{0,50}?(?:"
        + "|".join(re.escape(name.literal) for name in NAMES)
        + r")(?:[ \t\w.-]{0,20})[\s'\"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'\"\s=]{0,5}"
        r"([\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})(?:[\x60'\"\s;]|\\[nr]|$)"
    ]
    pattern = re.compile("|".join([*shapes, *names]), re.IGNORECASE)
    return lambda text: pattern.sub("<redacted>", text)


def prose(size: int) -> str:
    """Ordinary English."""
    chance = random.Random(1)
    return " ".join(chance.choices(WORDS, k=size // 3))[:size]


def log(size: int) -> str:
    """Lines of a server."""
    lines = (
        f"2026-11-25T22:34:{n % 60:02d}.123Z INFO worker-{n % 7} POST /v1/chat/completions 200 in "
        f"{n % 1000} ms request_id=req_{n:016x} model=gpt-5-mini tokens={n}\n"
        for n in range(size // 130)
    )
    return "".join(lines)[:size]


def best_s(action: Callable[[], object], rounds: int) -> float:
    """The shortest CPU time of an action."""
    times = []
    for _ in range(rounds):
        started = time.thread_time()
        action()
        times.append(time.thread_time() - started)
    return min(times)


def best_of_each_s(texts: list[str], redact: Callable[[str], str], rounds: int) -> list[float]:
    """The same for several texts in turn, so that what disturbs one disturbs the others."""
    times = [[best_s(lambda t=text: redact(t), 1) for text in texts] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def speeds(rounds: int) -> list[dict[str, Any]]:
    """Megabytes a second on ordinary texts, and microseconds a record, of each side."""
    sides = {
        "halley": Redactor().text,
        "halley, 5 keys": Redactor(KEYS).text,
        "one regex": in_one_regex(),
    }
    texts = {"prose": prose(MB), "log": log(MB)}
    rows = []
    for name, redact in sides.items():
        row: dict[str, Any] = {"side": name}
        for kind, text in texts.items():
            row[f"{kind} MB/s"] = 1 / best_s(lambda r=redact, t=text: r(t), rounds)
        batch = [RECORD] * 200
        seconds = best_s(lambda r=redact, b=batch: [r(text) for text in b], rounds * 3)
        row["record_us"] = seconds / len(batch) * 1e6
        rows.append(row)
    return rows


def attacks(rounds: int) -> list[dict[str, Any]]:
    """Milliseconds for 64 KiB of each attack, and the growth from 32 KiB."""
    redact = Redactor(KEYS).text
    literals = {shape.literal: f" {shape.literal}" for shape in SHAPES}
    rows = []
    for number, (name, unit) in enumerate({**ATTACKS, **literals}.items(), 1):
        text = (unit * (KIB64 // len(unit) + 1))[:KIB64]
        half, whole = best_of_each_s([text[: KIB64 // 2], text], redact, rounds)
        rows.append({"attack": name, "worst_ms": whole * 1e3, "growth": whole / max(half, 1e-6)})
        progress(number, len(ATTACKS) + len(literals))
    return sorted(rows, key=lambda row: -row["worst_ms"])


def progress(done: int, total: int) -> None:
    """Say how far it is, to a person at a terminal."""
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\rattack {done} of {total}", end=end, file=sys.stderr, flush=True)


def table(sides: list[dict[str, Any]], worst: list[dict[str, Any]]) -> str:
    """Both tables for a person, with the targets."""
    lines = [f"{'':16} {'prose MB/s':>11} {'log MB/s':>9} {'µs per record':>14}"]
    lines += [
        f"{r['side']:16} {r['prose MB/s']:11.1f} {r['log MB/s']:9.1f} {r['record_us']:14.1f}"
        for r in sides
    ]
    lines += ["", f"{'64 KiB of':24} {'ms':>7} {'growth':>7}"]
    lines += [f"{r['attack']:24} {r['worst_ms']:7.1f} {r['growth']:7.2f}" for r in worst[:8]]
    lines += [f"(the worst 8 of {len(worst)})", ""]
    lines.append(
        f"targets: at least {TARGETS['MB/s']:g} MB/s, at most {TARGETS['record_us']:g} µs a record,"
        " "
        f"{TARGETS['worst_ms']:g} ms for any 64 KiB, growth {TARGETS['growth']:g}"
    )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    sides, worst = speeds(options.rounds), attacks(options.rounds)
    if options.json:
        print(json.dumps({"sides": sides, "attacks": worst}))
    else:
        print(table(sides, worst))


if __name__ == "__main__":
    main()
