"""The ready clients are clients of their family, and of that family only."""

from __future__ import annotations

import subprocess
import sys

import httpx
import httpx2
import pytest

import halley
import halley.httpx
from tests.lines import Line


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        (halley.Client, httpx2.Client),
        (halley.AsyncClient, httpx2.AsyncClient),
        (halley.httpx.Client, httpx.Client),
        (halley.httpx.AsyncClient, httpx.AsyncClient),
    ],
)
def test_a_ready_client_is_one_of_its_family(mine: type, theirs: type):
    """SDKs check for the class."""
    assert issubclass(mine, theirs)


def test_it_takes_what_its_family_takes(line: Line):
    """And refuses what its family refuses."""
    caller = line.client(timeout=3, headers={"x-a": "1"})
    assert caller.client.timeout == line.module.Timeout(3)
    with pytest.raises(TypeError, match="no_such_option"):
        line.client(no_such_option=1)


def test_it_is_a_context_manager():
    """The pool is closed at the end of the block."""
    with halley.Client() as client:
        assert not client.is_closed
    assert client.is_closed


def test_without_httpx_its_module_says_what_to_install():
    """The other family works without it."""
    code = (
        "import sys; sys.modules['httpx'] = None; import halley; halley.Client().close()\n"
        "try: import halley.httpx\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "halley.httpx needs httpx: pip install 'halley[httpx]'"
