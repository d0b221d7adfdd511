"""Every test here runs with each SDK that is installed, in both colours."""

from __future__ import annotations

import pytest

from .kits import KITS, Kit


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that the SDKs' users run."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no proxy, key or switch of the machine reach a test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HALLEY", "HALLEY_POLICY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "")


@pytest.fixture(params=KITS, ids=str)
def kit(request: pytest.FixtureRequest) -> Kit:
    """One SDK in one colour."""
    return request.param
