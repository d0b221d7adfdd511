"""An upstream over sockets with one limit for everybody: a token bucket in a thread each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.shared.clients import OK, REFUSED


class Limited(ThreadingHTTPServer):
    """Admits `rate_per_s`, and counts what came of whom.

    Whoever is `unlucky` is refused so many times whatever there is.
    """

    daemon_threads = True

    def __init__(self, rate_per_s: float, burst: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.admitted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._rate_per_s, self._burst, self._level = rate_per_s, burst, burst
        self._last = time.monotonic()
        self._lock = threading.Lock()
        self.unlucky: dict[str, int] = {}

    def admit(self, worker: str) -> bool:
        with self._lock:
            now = time.monotonic()
            grown = self._level + (now - self._last) * self._rate_per_s
            self._level, self._last = min(self._burst, grown), now
            unlucky = self.unlucky.get(worker, 0)
            self.unlucky[worker] = max(0, unlucky - 1)
            admits = self._level >= 1.0 and not unlucky
            self._level -= admits
            (self.admitted if admits else self.refused)[worker] += 1
            return admits


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Limited

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status, _, body = OK if self.server.admit(self.headers["x-worker"]) else REFUSED
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def limited(rate_per_s: float, burst: float) -> Iterator[Limited]:
    """Serve for a while."""
    with Limited(rate_per_s, burst) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
