"""The way to a service, on this machine: each thing that can stand in it."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from urllib.parse import urlsplit

import pytest
import trustme

from halley.checks.doctor import network
from halley.checks.doctor.network import (
    Endpoint,
    TooLongError,
    check_dns,
    check_proxy,
    check_tcp,
    check_tls,
    within,
)

from .servers import http_server, listening, tls_server

DAY = dt.timedelta(days=1)
NOW = dt.datetime.now(dt.UTC)
HTTPS = urlsplit("https://api.cometapi.com/v1")


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch):
    """What the machine's own environment says is no part of a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(scope="module")
def authority():
    """A certificate authority that nobody trusts by itself."""
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path, monkeypatch):
    """The authority, trusted as a user would have it: by SSL_CERT_FILE."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(file)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    return authority


class TestTls:
    def test_a_trusted_certificate_is_ok(self, trusted):
        """The version of TLS is told."""
        with tls_server(trusted.issue_cert("127.0.0.1")) as port:
            found = check_tls(Endpoint("127.0.0.1", port))
        assert (found.status, found.message) == ("ok", "TLSv1.3, certificate is valid")

    def test_a_certificate_of_an_unknown_authority_names_ssl_cert_file(self, authority):
        """The usual case is a proxy of the company's."""
        with tls_server(authority.issue_cert("127.0.0.1")) as port:
            found = check_tls(Endpoint("127.0.0.1", port))
        assert found.status == "wrong"
        assert found.message == "the certificate is signed by an unknown authority"
        assert "SSL_CERT_FILE" in found.fix

    def test_an_expired_certificate_asks_for_the_date(self, trusted):
        """Expired yesterday."""
        with tls_server(trusted.issue_cert("127.0.0.1", not_after=NOW - DAY)) as port:
            found = check_tls(Endpoint("127.0.0.1", port))
        assert (found.status, found.message) == ("wrong", "the certificate is expired")

    def test_a_certificate_of_tomorrow_is_a_wrong_clock(self, trusted):
        """Not valid yet: this machine lives in the past."""
        leaf = trusted.issue_cert("127.0.0.1", not_before=NOW + DAY, not_after=NOW + 2 * DAY)
        with tls_server(leaf) as port:
            found = check_tls(Endpoint("127.0.0.1", port))
        assert (found.status, found.message) == ("wrong", "the certificate is not valid yet")
        assert found.fix == "check the date and time of this machine"

    def test_a_certificate_for_another_host_asks_for_the_base_url(self, trusted):
        """The host was misspelt, or is behind something else."""
        with tls_server(trusted.issue_cert("other.example")) as port:
            found = check_tls(Endpoint("localhost", port))
        assert (found.status, found.message) == (
            "wrong",
            "the certificate is made out to another host",
        )

    def test_a_port_that_speaks_no_tls(self):
        """The scheme is wrong, or the port."""
        with http_server({}) as url:
            found = check_tls(Endpoint("127.0.0.1", urlsplit(url).port))
        assert found.status == "wrong"
        assert found.message == "the server does not speak TLS as it should"


class TestTcp:
    def test_an_open_port_is_ok(self):
        """Connected, and closed again."""
        with listening() as port:
            assert check_tcp(Endpoint("127.0.0.1", port)).status == "ok"

    def test_a_refused_port_is_named(self):
        """Host and port are told, since one of them is wrong."""
        with listening(served=False) as port:
            found = check_tcp(Endpoint("127.0.0.1", port))
        assert found.status == "wrong"
        assert found.message == f"127.0.0.1:{port} refuses the connection"

    def test_no_answer_is_told_after_the_longest_time(self, monkeypatch):
        """A firewall that drops packets."""
        never = threading.Event()
        monkeypatch.setattr(socket, "create_connection", lambda *_: never.wait())
        monkeypatch.setattr(network, "LONGEST_S", 0.05)
        found = check_tcp(Endpoint("127.0.0.1", 9))
        never.set()
        assert found.status == "wrong"
        assert "does not answer within" in found.message


class TestDns:
    @pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
    def test_an_address_needs_no_name(self, host):
        """Nothing is looked up."""
        assert check_dns(Endpoint(host, 80)).message == "an address, no name to look up"

    def test_a_name_of_this_machine_is_found(self):
        """`localhost` is in every hosts file."""
        assert check_dns(Endpoint("localhost", 80)).status == "ok"

    @pytest.mark.parametrize(
        ("code", "message"),
        [
            (socket.EAI_NONAME, "no address is known for api.comet.example"),
            (socket.EAI_AGAIN, "the resolver does not answer"),
        ],
    )
    def test_a_name_that_is_not_found(self, monkeypatch, code, message):
        """A misspelt host and a machine that is offline have different fixes."""

        def fail(*_args):
            raise socket.gaierror(code, "played")

        monkeypatch.setattr(socket, "getaddrinfo", fail)
        found = check_dns(Endpoint("api.comet.example", 443))
        assert (found.status, found.message) == ("wrong", message)


class TestProxy:
    def test_none_is_ok(self):
        """Nothing in the environment."""
        assert check_proxy(HTTPS).message == "none for this host"

    def test_a_proxy_is_named_without_its_password(self, monkeypatch):
        """Whatever fails later may be the proxy's."""
        monkeypatch.setenv("HTTPS_PROXY", "http://user:hidden@proxy.example:3128")
        found = check_proxy(HTTPS)
        assert found.status == "ok"
        assert "http://proxy.example:3128" in found.message
        assert "hidden" not in found.message

    @pytest.mark.parametrize("proxy", ["ftp://proxy.example", "http://:3128", "http://p:port"])
    def test_a_proxy_that_cannot_be_used_is_wrong(self, monkeypatch, proxy):
        """Another scheme, no host, no port."""
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        assert check_proxy(HTTPS).status == "wrong"

    def test_a_socks_proxy_needs_its_package(self, monkeypatch):
        """The HTTP library would raise at the first call."""
        monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example")
        monkeypatch.setattr(network, "find_spec", lambda _name: None)
        assert "httpx2[socks]" in check_proxy(HTTPS).fix

    def test_no_proxy_lets_a_host_through(self, monkeypatch):
        """NO_PROXY is obeyed."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        monkeypatch.setenv("NO_PROXY", "cometapi.com")
        assert check_proxy(HTTPS).message == "none for this host"


def test_a_look_returns_raises_or_takes_too_long():
    """What it found, what it raised in the thread, or that time is up."""
    never = threading.Event()
    assert within(lambda: 5, 1.0) == 5
    with pytest.raises(ZeroDivisionError):
        within(lambda: 1 // 0, 1.0)
    with pytest.raises(TooLongError):
        within(never.wait, 0.02)
    never.set()
