"""Small servers on this machine: TLS with a certificate of choice, HTTP with a Date of choice."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import httpx2
import trustme

from halley.simulator import Server, Simulator, Step, script, serve


@contextmanager
def listening(*, served: bool = True) -> Iterator[int]:
    """A port that accepts connections, or one that is known to refuse them."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if served:
            listener.listen()
        yield listener.getsockname()[1]


@contextmanager
def simulated(*steps: Step) -> Iterator[Server]:
    """A simulator that does what the steps say, then answers everything.

    It answers one request more at the end, so that it has taken up every connection before it
    closes: one that it has not is left open by asyncio.
    """
    with serve(Simulator(profile="calm", script=script(*steps))) as server:
        yield server
        httpx2.get(f"{server.url}/api/models", trust_env=False)


@contextmanager
def tls_server(certificate: trustme.LeafCert) -> Iterator[int]:
    """A port where each connection is a handshake with this certificate, and nothing more."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_shake_hands, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1]
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _shake_hands(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(5)
            context.wrap_socket(connection, server_side=True).close()


@contextmanager
def http_server(headers: Mapping[str, str], body: bytes = b"", status: int = 200) -> Iterator[str]:
    """A base URL where every answer is the same."""
    answer = body or json.dumps({"data": [{"id": "gpt-5-mini"}], "choices": [{}]}).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response_only(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()
