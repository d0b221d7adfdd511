"""Which clients `protect` takes, and what it says to the others."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

import halley
from halley.core.policy import Policy, PolicyError
from halley.transport.install import UnsupportedClientError

from .upstreams import Upstream


def stranger(module: str, **attributes: object) -> Any:
    """A client whose class says it comes from `module`, built as its SDK never was."""
    client = type("OpenAI", (), {"__module__": module})()
    vars(client).update(attributes)
    return client


@pytest.mark.parametrize(
    ("client", "message"),
    [
        (object(), r"builtins\.object: not a client that halley knows; protect\(\) takes .+httpx$"),
        (stranger("groq._client"), "not a client that halley knows"),
        (stranger("openai_tools.client"), "not a client that halley knows"),
        (stranger("google.genaix"), "not a client that halley knows"),
        (stranger("openai._client"), "in _client .+found NoneType; use openai >= 2.45"),
        (stranger("anthropic._client", _client=object(), max_retries=2), "found object; use"),
        (stranger("google.genai.client"), "expected _httpx_client, .+ inside, found none; use"),
        (httpx2.HTTPTransport(), "HTTPTransport: expected a Client or AsyncClient of httpx2"),
    ],
)
def test_a_client_of_another_kind_is_refused(client: object, message: str) -> None:
    """In one line: what was found, what is expected, what to do."""
    with pytest.raises(UnsupportedClientError, match=message) as caught:
        halley.protect(client)
    assert "\n" not in str(caught.value)


def test_an_sdk_whose_with_options_has_changed_is_refused() -> None:
    """Nothing is half protected."""
    with httpx2.Client() as http_client:
        changed = stranger("openai._client", _client=http_client, max_retries=2)
        with pytest.raises(UnsupportedClientError, match=r"with_options fails: .+ use openai"):
            halley.protect(changed)


def test_no_sdk_and_no_http_library_is_imported() -> None:
    """Recognising a client by its class needs none of them."""
    code = (
        "import sys, halley.transport.protect\n"
        "print([n for n in ('openai', 'anthropic', 'google.genai', 'httpx', 'httpx2')"
        " if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_policy_file_is_taken_by_its_path(tmp_path: Path) -> None:
    """And an error in it is the file's."""
    path = tmp_path / "halley.toml"
    path.write_text("attempts = 2\nbackoff_base_s = 0.001\nbackoff = 'full_jitter'\n")
    upstream = Upstream(httpx2, 503, 503, 503)
    assert halley.protect(upstream.client(), path).get("http://a.test/").status_code == 503
    assert len(upstream.requests) == 2
    path.write_text("attempts = 0\n")
    with pytest.raises(PolicyError, match=re.escape(f"{path}: attempts: expected")):
        halley.protect(upstream.client(), str(path))


@pytest.mark.parametrize("module", [httpx2, httpx])
def test_halley_off_gives_the_client_back(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same object, untouched."""
    monkeypatch.setenv("HALLEY", "off")
    with module.Client() as client:
        assert halley.protect(client) is client


def test_a_client_made_by_halley_is_left_alone() -> None:
    """Halley beneath halley would multiply; another policy belongs where the client is made."""
    with halley.Client() as client:
        assert halley.protect(client) is client
        with pytest.raises(UnsupportedClientError, match=r"already; give the policy where"):
            halley.protect(client, Policy())
