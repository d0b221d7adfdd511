"""Clients that share a pacer through a real server, each a member of its own."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis
from redis.crc import key_slot

from halley.shared.redis import TIMEOUT_S
from halley.shared.store import MEMBER_S
from tests.shared.clients import (
    KEY,
    MODEL,
    OK,
    ORIGIN,
    REFUSED,
    Answer,
    Busy,
    Client,
    eventually,
    exchanging,
)
from tests.shared.servers import Server, hanging, server

THIRDS = [pytest.approx(1 / 3)] * 3


class Upstream:
    """Admits so many a second, spaced evenly; a refusal says nothing."""

    def __init__(self, rate_per_s: float, burst: float = 3.0) -> None:
        self._rate_per_s, self._burst = rate_per_s, burst
        self._level, self._last = burst, time.monotonic()
        self._lock = threading.Lock()

    def __call__(self) -> Answer:
        with self._lock:
            now = time.monotonic()
            grown = self._level + (now - self._last) * self._rate_per_s
            self._level, self._last = min(self._burst, grown), now
            if self._level < 1.0:
                return REFUSED
            self._level -= 1.0
            return OK


def dumped(raw: redis.Redis) -> str:
    """All values of all keys, as text."""
    values: list[object] = []
    for key in raw.scan_iter():
        kind = raw.type(key)
        values.append(raw.lrange(key, 0, -1) if kind == "list" else raw.hgetall(key))
    return repr(values)


class TestShares:
    def test_are_equal_among_those_who_wait(self, url: str) -> None:
        """And whoever is done leaves its share to the other."""
        upstream = Upstream(20.0)
        one, two = (Client(url, upstream, pace="ramp") for _ in range(2))
        with Busy(one):
            with Busy(two):
                assert eventually(lambda: one.lane.share == two.lane.share == 0.5)
            assert eventually(lambda: one.lane.share == 1.0)

    def test_come_to_a_newcomer_at_once(self, url: str) -> None:
        """Its first callers wait for no second of an exchange that was due."""
        upstream = Upstream(20.0)
        old, new = (Client(url, upstream, pace="ramp") for _ in range(2))
        with Busy(old):
            assert eventually(lambda: old.lane.law.rate_per_s is not None and old.answered > 4)
            with Busy(new):
                assert eventually(lambda: bool(new.runtime.engine.lanes.open), 1.0)
                assert eventually(lambda: new.lane.share == 0.5, 1.0)


class TestTheLimit:
    def test_found_by_one_holds_for_all(self, url: str) -> None:
        """The second client is refused nothing, and is paced like the first."""
        answers = itertools.chain([REFUSED], itertools.repeat(OK))
        hit, other = Client(url, lambda: next(answers)), Client(url)
        assert other.post() == 200
        assert other.lane.rate_per_s is None
        assert hit.post() == 200
        assert eventually(lambda: other.post() == 200 and other.lane.rate_per_s is not None)

    def test_of_a_server_that_says_how_long_holds_all(self, url: str) -> None:
        """Nobody of that key and model goes before, wherever it is."""
        answers = itertools.chain([(429, {"retry-after": "3"}, REFUSED[2])], itertools.repeat(OK))
        hit, other = Client(url, lambda: next(answers)), Client(url)
        caller = threading.Thread(target=hit.post)
        caller.start()
        began = time.monotonic()
        assert eventually(lambda: other.post() == 200 and other.lane.held_until > began + 2.0, 2.0)
        other.post()
        assert time.monotonic() > began + 2.9
        caller.join()


class TestWhenTheServerIsAway:
    @pytest.fixture
    def own(self, tmp_path: Path) -> Iterator[Server]:
        """A server to be killed."""
        with server(tmp_path) as running:
            yield running
            assert eventually(lambda: not exchanging())

    def test_calls_go_on_with_a_little_less_than_they_had_and_rejoin(
        self, own: Server, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line when it goes, one when it is back, however long it takes."""
        caplog.set_level(logging.INFO, "halley")
        upstream = Upstream(20.0)
        one, two = (Client(own.url, upstream, pace="ramp") for _ in range(2))
        with Busy(one), Busy(two):
            assert eventually(lambda: one.lane.share == two.lane.share == 0.5)
            own.kill()
            assert eventually(lambda: one.lane.share == two.lane.share == 0.4)
            before = one.answered, two.answered
            assert eventually(lambda: one.answered > before[0] + 5 and two.answered > before[1] + 5)
            own.start()
            assert eventually(lambda: one.lane.share == two.lane.share == 0.5, 30.0)
        told = [r for r in caplog.records if "pacer" in r.message]
        assert sorted(r.levelname for r in told) == ["INFO", "INFO", "WARNING", "WARNING"]

    def test_what_was_learned_meanwhile_is_where_all_start_again(self, own: Server) -> None:
        """Redis comes back empty; who joins then is told the limit that the others know."""
        client, newcomer = Client(own.url, Upstream(20.0), pace="ramp"), Client(own.url)
        with Busy(client):
            assert eventually(lambda: client.answered > 5 and client.lane.law.cuts > 0)
            own.kill()
            own.start()
            with own.client as raw:
                assert eventually(lambda: bool(raw.keys("*:law")), 30.0)
            assert eventually(lambda: newcomer.post() == 200 and newcomer.lane.law.cuts > 0)

    def test_one_that_hangs_slows_no_call(self, caplog: pytest.LogCaptureFixture) -> None:
        """It takes connections and never answers: the calls do not notice, and halley says so."""
        with hanging() as url:
            client = Client(url)
            slowest_s = 0.0
            ends = time.monotonic() + 1.5
            while time.monotonic() < ends:
                began = time.monotonic()
                assert client.post() == 200
                slowest_s = max(slowest_s, time.monotonic() - began)
            assert slowest_s < TIMEOUT_S / 2
            assert eventually(lambda: client.post() == 200 and "is away" in caplog.text)

    def test_no_password_is_logged(self, own: Server, caplog: pytest.LogCaptureFixture) -> None:
        """Neither one that is refused nor one of a server that is not there."""
        password = "pass" + "word" * 3
        for url in (own.url, "redis://127.0.0.1:1/0"):
            client = Client(url.replace("//", f"//someone:{password}@"))
            assert client.post() == 200
            assert eventually(lambda: "is away" in caplog.text)
            assert password not in caplog.text
            assert password not in repr(client.runtime.policy)
            caplog.clear()


class TestWhatIsStored:
    def test_no_key_origin_or_model_can_be_read(self, url: str, redis_server: Server) -> None:
        """Everything in the server, names and values."""
        answers = itertools.chain([REFUSED], itertools.repeat(OK))
        client = Client(url, lambda: next(answers))
        client.post()
        with redis_server.client as raw:
            assert eventually(lambda: any(raw.lrange(k, 0, -1) for k in raw.keys("*:log")))
            everything = repr(raw.keys()) + dumped(raw)
        for text in (KEY, KEY[:12], ORIGIN, "upstream.test", MODEL):
            assert text not in everything

    def test_all_of_it_expires(self, url: str, prefix: str, redis_server: Server) -> None:
        """Nobody cleans up after a program that is gone."""
        Client(url).post()
        with redis_server.client as raw:
            assert eventually(lambda: bool(raw.keys(f"{prefix}:*")))
            assert all(0 < raw.ttl(key) <= 600 for key in raw.keys(f"{prefix}:*"))

    def test_a_lane_is_one_slot_of_a_cluster(
        self, url: str, prefix: str, redis_server: Server
    ) -> None:
        """All keys of a lane share a hash tag."""
        Client(url).post()
        with redis_server.client as raw:
            assert eventually(lambda: len(raw.keys(f"{prefix}:*")) == 3)
            assert len({key_slot(key.encode()) for key in raw.keys(f"{prefix}:*")}) == 1


class TestApart:
    def test_another_prefix_or_database_is_another_limit(self, redis_server: Server) -> None:
        """Clients that wait are alone where nobody else has their prefix and database."""
        urls = [
            f"{redis_server.url}?prefix=apart",
            f"{redis_server.url}?prefix=further",
            f"{redis_server.url[:-1]}1?prefix=apart",
        ]
        clients = [Client(url, pace="ramp") for url in urls]
        with ExitStack() as stack:
            for client in clients:
                stack.enter_context(Busy(client))
            time.sleep(1.0)
            assert [client.lane.share for client in clients] == [1.0, 1.0, 1.0]
        assert all(client.lane.outbox is not None for client in clients)


class TestTheUrl:
    def test_may_be_valkeys_or_a_sockets(self, redis_server: Server, prefix: str) -> None:
        """All three lead to the same lane."""
        places = [
            redis_server.url,
            redis_server.url.replace("redis://", "valkey://"),
            f"unix://{redis_server.socket}",
        ]
        clients = [Client(f"{place}?prefix={prefix}", pace="ramp") for place in places]
        with ExitStack() as stack:
            for client in clients:
                stack.enter_context(Busy(client))
            assert eventually(lambda: [client.lane.share for client in clients] == THIRDS)


def test_scripts_that_were_flushed_are_sent_again(
    url: str, redis_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """NOSCRIPT is no outage."""
    one, two = (Client(url, pace="ramp") for _ in range(2))
    with Busy(one):
        assert eventually(lambda: bool(one.runtime.engine.lanes.open) and one.lane.share == 1.0)
        with redis_server.client as raw:
            raw.script_flush()
        with Busy(two):
            assert eventually(lambda: one.lane.share == 0.5)
    assert "is away" not in caplog.text


def test_a_quiet_lane_leaves_and_no_thread_stays(
    url: str, prefix: str, redis_server: Server
) -> None:
    """Its entry is gone before it would have expired; the next call begins anew."""
    client = Client(url)
    for _ in range(2):
        client.post()
        with redis_server.client as raw:
            assert eventually(lambda: bool(raw.keys(f"{prefix}:*:members")))
            assert eventually(lambda: not raw.keys(f"{prefix}:*:members"), MEMBER_S)
        assert client.lane.outbox is None
