"""The way to the service: proxy, name, connection, certificate; each asked on its own.

Each look is bounded in time: it runs in a thread that is left behind when it takes too long.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from halley.checks.doctor.result import Result, ok, skipped, wrong

T = TypeVar("T")

LONGEST_S: Final = 10.0
"""No check takes longer."""

PROXY: Final = "proxy"
DNS: Final = "DNS"
TCP: Final = "TCP"
TLS: Final = "TLS"
_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}

_CERTIFICATES: Final = {
    9: ("not valid yet", "check the date and time of this machine"),
    10: ("expired", "check the date of this machine; if it is right, the server must renew"),
    18: ("self-signed", "if it is your own server or proxy, name its certificate in SSL_CERT_FILE"),
    19: ("signed by an unknown authority", "name its certificate in SSL_CERT_FILE: often a proxy"),
    20: ("signed by an unknown authority", "name its certificate in SSL_CERT_FILE: often a proxy"),
    62: ("made out to another host", "check the host of the base URL"),
    64: ("made out to another address", "use the host's name in the base URL"),
}
"""OpenSSL's verify codes (x509_vfy.h) and what to do about them."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and port to connect to."""

    host: str
    port: int

    def __str__(self) -> str:
        """Return it as in a URL."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class TooLongError(Exception):
    """A look took longer than it may."""


def within(look: Callable[[], T], longest_s: float | None = None) -> T:
    """Return what a look finds, raise what it raises, wait no longer than `LONGEST_S`.

    Raises:
        TooLongError: it is still looking.
    """
    found: list[T] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            found.append(look())
        except Exception as error:  # noqa: BLE001 - raised below, in the caller's thread
            raised.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(LONGEST_S if longest_s is None else longest_s)
    if raised:
        raise raised[0]
    if not found:
        raise TooLongError
    return found[0]


def endpoint_of(parts: SplitResult) -> Endpoint:
    """Return the host and port of a URL."""
    return Endpoint(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 80))


def proxy_for(parts: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for a URL."""
    if proxy_bypass(endpoint_of(parts).host):
        return None
    proxies = getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    return urlsplit(named if "://" in named else f"http://{named}") if named else None


def check_proxy(parts: SplitResult) -> Result:
    """Say whether a proxy of the environment stands in the way."""
    try:
        proxy = proxy_for(parts)
        if proxy is None:
            return ok(PROXY, "none for this host")
        told = f"{proxy.scheme}://{endpoint_of(proxy)}"
    except ValueError:
        proxy, told = None, "not an address"
    if proxy is None or proxy.scheme not in _PORTS or not proxy.hostname:
        fix = "set HTTPS_PROXY to http://host:port, or unset it"
        return wrong(PROXY, f"the environment names a proxy that cannot be used: {told}", fix)
    if proxy.scheme.startswith("socks") and find_spec("socksio") is None:
        return wrong(PROXY, f"{told} needs the package socksio", 'pip install "httpx2[socks]"')
    return ok(PROXY, f"everything goes through {told}, which the environment names")


def check_dns(endpoint: Endpoint) -> Result:
    """Look a name up."""
    try:
        ip_address(endpoint.host)
    except ValueError:
        pass
    else:
        return ok(DNS, "an address, no name to look up")
    try:
        found = within(lambda: socket.getaddrinfo(endpoint.host, endpoint.port))
    except TooLongError:
        return wrong(DNS, f"no answer within {LONGEST_S:.0f} s", "check the network and resolver")
    except (socket.gaierror, UnicodeError) as error:
        if getattr(error, "errno", None) == socket.EAI_AGAIN:
            fix = "check that this machine is online; in a container, its DNS settings"
            return wrong(DNS, "the resolver does not answer", fix)
        fix = "check the spelling of the base URL's host"
        return wrong(DNS, f"no address is known for {endpoint.host}", fix)
    return ok(DNS, f"{len({entry[4][0] for entry in found})} addresses")


def check_tcp(endpoint: Endpoint) -> Result:
    """Connect."""
    try:
        within(lambda: socket.create_connection(_address(endpoint), LONGEST_S).close())
    except ConnectionRefusedError:
        fix = "check host and port of the base URL, and that the service runs"
        return wrong(TCP, f"{endpoint} refuses the connection", fix)
    except (TooLongError, TimeoutError):
        fix = "a firewall may drop it: ask for access to the host, or set HTTPS_PROXY"
        return wrong(TCP, f"{endpoint} does not answer within {LONGEST_S:.0f} s", fix)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return wrong(TCP, f"{endpoint} cannot be reached: {reason}", "check the network")
    return ok(TCP, f"connected to {endpoint}")


def check_tls(endpoint: Endpoint) -> Result:
    """Check the certificate as the SDKs do."""
    try:
        version = within(lambda: _handshake(endpoint))
    except ssl.SSLCertVerificationError as error:
        unknown = (error.verify_message, "look at it: openssl s_client -connect")
        what, fix = _CERTIFICATES.get(error.verify_code, unknown)
        return wrong(TLS, f"the certificate is {what}", fix)
    except (TooLongError, TimeoutError):
        return wrong(TLS, f"no handshake within {LONGEST_S:.0f} s", "a proxy may hold it back")
    except ssl.SSLError:
        fix = "check scheme and port of the base URL: this port may not speak TLS"
        return wrong(TLS, "the server does not speak TLS as it should", fix)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return wrong(TLS, f"the connection broke off: {reason}", "a firewall may cut it off")
    return ok(TLS, version)


def skip_tls(parts: SplitResult, proxy: SplitResult | None) -> Result | None:
    """Say why a certificate is not looked at."""
    if parts.scheme != "https":
        return skipped(TLS, "not used by http")
    return skipped(TLS, "through a proxy, seen with the first request") if proxy else None


def _handshake(endpoint: Endpoint) -> str:
    context = httpx2.create_ssl_context()
    with (
        socket.create_connection(_address(endpoint), LONGEST_S) as plain,
        context.wrap_socket(plain, server_hostname=endpoint.host) as secured,
    ):
        return f"{secured.version()}, certificate is valid"


def _address(endpoint: Endpoint) -> tuple[str, int]:
    return endpoint.host, endpoint.port
