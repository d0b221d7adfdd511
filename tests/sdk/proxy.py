"""A forward proxy for one machine: sends on what it is asked for, and keeps the URLs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Proxy:
    """A proxy that runs."""

    url: str
    seen: list[str] = field(default_factory=list)


@contextmanager
def forward_proxy() -> Iterator[Proxy]:
    """Run until the block is left."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            proxy.seen.append(self.path)
            target = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            onward = HTTPConnection(target.netloc, timeout=5)
            onward.request("POST", target.path, body, dict(self.headers))
            reply = onward.getresponse()
            answer = reply.read()
            onward.close()
            self.send_response(reply.status)
            self.send_header("content-type", reply.headers.get("content-type", ""))
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
