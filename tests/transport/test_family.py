"""What exceptions of an HTTP library mean, in both families."""

from __future__ import annotations

import socket
import ssl

import httpx
import httpx2
import pytest

import halley
from halley.core.model import NEVER_SENT, FaultKind
from halley.transport.family import causes, family, family_of, fault_kind
from tests.lines import Line

MEANING = {
    "ConnectTimeout": FaultKind.CONNECT_TIMEOUT,
    "ReadTimeout": FaultKind.READ_TIMEOUT,
    "WriteTimeout": FaultKind.WRITE_TIMEOUT,
    "PoolTimeout": FaultKind.POOL_TIMEOUT,
    "ConnectError": FaultKind.CONNECT,
    "ReadError": FaultKind.READ,
    "CloseError": FaultKind.READ,
    "WriteError": FaultKind.WRITE,
    "ProxyError": FaultKind.PROXY,
    "UnsupportedProtocol": FaultKind.UNSUPPORTED,
    "LocalProtocolError": FaultKind.MALFORMED,
    "RemoteProtocolError": FaultKind.PROTOCOL,
    "DecodingError": FaultKind.UNKNOWN,
    "TooManyRedirects": FaultKind.UNKNOWN,
    "SSEError": FaultKind.UNKNOWN,
}


@pytest.mark.parametrize("module", [httpx2, httpx], ids=lambda module: module.__name__)
def test_every_request_error_has_a_meaning(module):
    """One that a release adds is missing from the table here, and fails."""

    def leaves(kind):
        below = [one for one in kind.__subclasses__() if one.__module__ != "halley"]
        return [leaf for one in below for leaf in leaves(one)] if below else [kind]

    found = {leaf.__name__: fault_kind(leaf("x")) for leaf in leaves(module.RequestError)}
    assert found == {name: MEANING[name] for name in found}
    assert len(found) >= 14


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (socket.gaierror(-2, "Name or service not known"), FaultKind.DNS),
        (ssl.SSLCertVerificationError("self-signed"), FaultKind.TLS),
        (ConnectionRefusedError(111, "refused"), FaultKind.CONNECT),
    ],
)
def test_a_failed_connection_says_why(cause: Exception, kind: FaultKind):
    """A name that does not resolve and a certificate that does not match stand below the error."""
    below = OSError("all attempts failed")
    below.__context__ = cause
    error = httpx2.ConnectError("x")
    error.__cause__ = below
    assert fault_kind(error) is kind
    assert kind in NEVER_SENT


def test_a_refused_connection_is_never_sent(line: Line):
    """A real one: nothing listens on the port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        caller = line.client(policy=halley.Policy(attempts=2), transport=None, trust_env=False)
        with pytest.raises(line.error("ConnectError")) as caught:
            caller.post(f"http://127.0.0.1:{taken.getsockname()[1]}/v1/x")
    assert [a.fault for a in halley.history(caught.value).attempts] == [FaultKind.CONNECT] * 2


def test_a_family_is_recognised_through_subclasses():
    """By the module of any class above, whatever the user called hers."""

    class Mine(httpx.Client):
        pass

    with Mine() as mine, httpx2.Client() as other:
        assert family_of(mine) is family("httpx")
        assert family_of(other) is family("httpx2")
    assert family_of(object()) is None
    assert repr(family("httpx")) == "<Family httpx>"


def test_causes_come_once_and_in_order():
    """What was raised from what, circles cut."""
    one, two = ValueError("1"), ValueError("2")
    one.__cause__, two.__context__ = two, one
    assert list(causes(one)) == [one, two]
    assert list(causes(None)) == []
