"""The service itself: does it list its models, is the model there, does it answer.

One request without halley beneath for each of the two looks, so that what is told is what a bare
SDK would meet. Failures are explained by the same tables as every other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from halley.checks.doctor.network import LONGEST_S, TooLongError, within
from halley.checks.doctor.result import Result, ok, wrong
from halley.explaining import explain

MODELS: Final = "model list"
CLOCK: Final = "clock"
MODEL: Final = "model"
CALL: Final = "call"
PROMPT: Final = "Reply with the one word: ok"
SKEW_S_MAX: Final = 60.0
"""Clocks further apart spoil Retry-After dates and logs, and soon certificates."""

BODY_BYTES_MAX: Final = 8 * 1024 * 1024
NEAR_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class Service:
    """Where the service is, and who asks."""

    base_url: str
    key: str
    trust_env: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `skew_s` is how far this clock is ahead of the server's."""

    status: int | None
    headers: Mapping[str, str]
    body: bytes
    elapsed_s: float
    fault: str = ""
    skew_s: float | None = None

    def document(self) -> object:
        """Return the body as JSON; None when it is none."""
        with suppress(ValueError, RecursionError):
            return json.loads(self.body)
        return None


def ask(service: Service, method: str, path: str, body: object = None) -> Answer:
    """Send one request; whatever happens is the answer."""
    started = time.monotonic()
    try:
        return within(lambda: _asked(service, method, path, body))
    except TooLongError:
        return Answer(None, {}, b"", time.monotonic() - started, "ReadTimeout")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        fault = f"{type(error).__name__}: {error}"
        return Answer(None, {}, b"", time.monotonic() - started, fault)


def _asked(service: Service, method: str, path: str, body: object) -> Answer:
    started = time.monotonic()
    client = httpx2.Client(timeout=LONGEST_S, trust_env=service.trust_env, follow_redirects=False)
    headers = {"authorization": f"Bearer {service.key}"}
    url = f"{service.base_url.rstrip('/')}{path}"
    with client, client.stream(method, url, headers=headers, json=body) as response:
        skew_s = _skew_s(response.headers.get("date"), time.time())
        read = b""
        for chunk in response.iter_bytes():
            read += chunk
            if len(read) > BODY_BYTES_MAX or time.monotonic() - started > LONGEST_S:
                break
        elapsed_s = time.monotonic() - started
        return Answer(response.status_code, response.headers, read, elapsed_s, skew_s=skew_s)


def _skew_s(date: str | None, now: float) -> float | None:
    """Return by how many seconds `now` is ahead of a Date field; None without one.

    >>> _skew_s("Thu, 01 Jan 1970 00:01:40 GMT", 130.0)
    30.0
    """
    if date is None:
        return None
    try:
        return now - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def check_models(service: Service) -> tuple[Result, Answer]:
    """Ask for the list of models."""
    answer = ask(service, "GET", "/models")
    if answer.status is not None and 300 <= answer.status < 400:  # noqa: PLR2004 - RFC 9110 §15.4
        message = f"the server redirects ({answer.status}): the base URL is not the API's"
        return wrong(MODELS, message, _path_fix(service)), answer
    if answer.body.lstrip()[:1] == b"<":
        message = f"a web page ({answer.status}) instead of JSON: the base URL is not the API's"
        return wrong(MODELS, message, _path_fix(service)), answer
    failed = _explained(MODELS, answer, "GET", "/v1/models")
    if failed is not None:
        return failed, answer
    names = models_in(answer)
    if not names:
        message = "the answer lists no models: the base URL is not the API's, or the key has none"
        return wrong(MODELS, message, _path_fix(service)), answer
    return ok(MODELS, f"{len(names)} models, in {answer.elapsed_s:.2f} s"), answer


def _path_fix(service: Service) -> str:
    url = httpx2.URL(service.base_url)
    return f"use {url.copy_with(path='/v1')} or what the provider documents as its base URL"


def models_in(answer: Answer) -> tuple[str, ...]:
    """Return the names in a list of models."""
    document = answer.document()
    data = document.get("data") if isinstance(document, dict) else None
    entries = data if isinstance(data, list) else []
    names = (entry.get("id") for entry in entries if isinstance(entry, dict))
    return tuple(name for name in names if isinstance(name, str))


def check_clock(answer: Answer) -> Result:
    """Compare this clock with the server's."""
    if answer.skew_s is None:
        return ok(CLOCK, "the server does not say its time")
    apart_s = abs(answer.skew_s)
    if apart_s <= SKEW_S_MAX:
        return ok(CLOCK, "agrees with the server's to a minute")
    way = "ahead of" if answer.skew_s > 0 else "behind"
    fix = "set the time of this machine, best by NTP; if it is right, the server's is not"
    return wrong(CLOCK, f"{apart_s:.0f} s {way} the server's", fix)


def check_model(model: str, names: Sequence[str]) -> Result:
    """Look for a model in the list."""
    if model in names:
        return ok(MODEL, f"{model} is in the list")
    near = near_misses(model, names)
    fix = f"did you mean {', '.join(near)}?" if near else "choose one of the list, see GET /models"
    return wrong(MODEL, f"{model} is not among the {len(names)} models of this key", fix)


def near_misses(model: str, names: Sequence[str]) -> list[str]:
    """Return the names most like a model's, in any case and with any vendor before a slash.

    >>> near_misses("openai/GPT5-mini", ["gpt-5-mini", "grok-4"])
    ['gpt-5-mini']
    """
    folded = {name.lower(): name for name in names}
    wanted = model.lower().rpartition("/")[2]
    return [folded[name] for name in get_close_matches(wanted, folded, n=NEAR_MAX)]


def check_call(service: Service, model: str) -> Result:
    """Make one tiny call."""
    body = {"model": model, "messages": [{"role": "user", "content": PROMPT}]}
    answer = ask(service, "POST", "/chat/completions", body)
    failed = _explained(CALL, answer, "POST", "/v1/chat/completions", model)
    return failed or ok(CALL, f"answered in {answer.elapsed_s:.2f} s")


def _explained(name: str, answer: Answer, method: str, path: str, model: str = "") -> Result | None:
    """Return what is wrong with an answer and the advice about it; None for a good one."""
    case = {
        "request": {"method": method, "path": path, "body": json.dumps({"model": model})},
        "status": answer.status,
        "headers": dict(answer.headers),
        "body": answer.body.decode("utf-8", "replace"),
        "transport_error": answer.fault,
    }
    found = explain(case)
    if found.kind is None:
        return None
    seen = answer.status or "no answer"
    about = f" (request id: {found.request_id})" if found.request_id else ""
    return wrong(name, f"{seen}, {found.kind.replace('_', ' ')}{about}", found.advice)
