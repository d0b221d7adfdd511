"""The store in Redis or Valkey: one script, one round trip an exchange, the server's time.

Three keys a lane, named `<prefix>:1:{<lane>}:law`, `:log` and `:members`; the braces put them into
one slot of a cluster. They expire when nobody uses the lane. The client library is an extra,
imported when a store is made; the connection is made by the first exchange.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import Any

from halley.core.lanes import Lanes
from halley.shared.exchanger import Exchanger
from halley.shared.forks import watch
from halley.shared.store import (
    LANE_S,
    MEMBER_S,
    Answer,
    Report,
    StoreError,
    Wants,
)
from halley.shared.urls import address, shown

TIMEOUT_S = 0.5
"""Of connecting, and of an answer; nothing but the next exchange waits for it."""
LAYOUT = 1
"""Of the keys and of what is in them: members with another one do not meet."""


ALWAYS = b"\1"
"""Who shares with others cannot know what they were refused: every send gets a permit."""


class RedisMissingError(ImportError):
    """The client library of Redis is not installed."""


class RedisStore:
    """Lanes in one database of a server.

    Args:
        url: Of the server; see `halley.shared.urls`.
        now: Gives server time in the server's place, for tests and benchmarks.

    Raises:
        RedisMissingError: the extra is not installed.
        ValueError: the URL is none.
    """

    def __init__(self, url: str, *, now: Callable[[], float] | None = None) -> None:
        place = address(url)
        self._client = _client(place.url)
        self._prefix = place.prefix
        self._now = now
        self._script = files("halley.shared").joinpath("exchange.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._script.encode(), usedforsecurity=False).hexdigest()

    def exchange(self, lane: str, report: Report) -> Answer:
        """Take a report in, and return what the member does not know yet.

        Raises:
            StoreError: there is no answer; whether the report has arrived is not known.
        """
        from redis.exceptions import NoScriptError, RedisError  # noqa: PLC0415 - an extra

        base = f"{self._prefix}:{LAYOUT}:{{{lane}}}"
        keys_and_args = (
            *(f"{base}:{part}" for part in ("law", "log", "members")),
            *self._args(report),
        )
        try:
            try:
                raw = self._client.evalsha(self._sha, 3, *keys_and_args)
            except NoScriptError:  # a new server, or SCRIPT FLUSH
                raw = self._client.eval(self._script, 3, *keys_and_args)
            return _answer(raw)
        except (RedisError, OSError, ValueError, TypeError, LookupError) as error:
            raise StoreError(f"{type(error).__name__}: {error}") from error

    def _args(self, report: Report) -> tuple[str | float, ...]:
        return (
            report.member,
            "" if report.wants is None else _json(report.wants),
            _json(report.signals) if report.signals else "",
            repr(report.held_until),
            report.epoch,
            report.seq,
            _json(report.state),
            MEMBER_S,
            int(LANE_S),
            "" if self._now is None else repr(self._now()),
        )

    def close(self) -> None:
        """Close the connection; the next exchange makes a new one."""
        self._client.close()


def shared(
    url: str,
    lanes: Lanes,
    lock: threading.Lock,
    *,
    now: Callable[[], float],
    random: Callable[[], float],
) -> None:
    """Share the lanes of a client with all that name the same store.

    Raises:
        RedisMissingError: the extra is not installed.
        ValueError: the URL is none.
    """
    connect = partial(RedisStore, url)
    exchanger = Exchanger(lanes, lock, connect, now=now, random=random, name=shown(url))
    lanes.share(exchanger.ring, ALWAYS)
    watch(exchanger)


def _client(url: str) -> Any:  # noqa: ANN401 - a class of an extra
    try:
        import redis  # noqa: PLC0415 - an extra
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415
    except ImportError:
        raise RedisMissingError("needs the package redis: pip install 'halley[redis]'") from None
    client = redis.Redis.from_url(
        url,
        decode_responses=True,
        socket_connect_timeout=TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=1,
    )
    pool = client.connection_pool
    try:
        pool.connection_class(**pool.connection_kwargs)  # connects to nothing
    except TypeError as error:
        raise ValueError("a setting in the query that the client does not know") from error
    return client


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _answer(raw: list[Any]) -> Answer:
    now, epoch, seq, snapshot, log, present, held_until = raw
    entries = zip(present[::2], present[1::2], strict=True)
    return Answer(
        now=float(now),
        epoch=epoch,
        seq=seq,
        snapshot=json.loads(snapshot) if snapshot else None,
        reports=tuple(tuple(tuple(fields) for fields in json.loads(line)) for line in log),
        members={name: Wants(*json.loads(wants)) for name, wants in entries},
        held_until=float(held_until),
    )
