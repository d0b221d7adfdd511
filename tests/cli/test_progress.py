"""The changing line: on terminals alone, after a second, and gone in the end."""

import io
import threading

import pytest

from halley.cli import progress
from halley.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(progress, "APPEARS_S", 0.0)
    monkeypatch.setattr(progress, "REDRAWN_S", 0.001)


def drawn(monkeypatch, stream):
    """Run until the line was asked for twice, if it is; return what was written."""
    monkeypatch.setattr("sys.stderr", stream)
    calls = threading.Semaphore(0)

    def say(_elapsed_s):
        calls.release()
        return "working"

    with Progress(say) as shown:
        if stream.isatty():
            assert calls.acquire(timeout=5)
            assert calls.acquire(timeout=5)
        shown.note("said meanwhile")
    return stream.getvalue()


def test_on_a_terminal(at_once, monkeypatch):
    """It is drawn over itself, cleared for a note, and cleared in the end."""
    text = drawn(monkeypatch, Terminal())
    assert "\r\x1b[2Kworking\r\x1b[2Kworking" in text
    assert "\r\x1b[2Ksaid meanwhile" in text.replace("\x1b[0m", "")
    assert not text.endswith("working")


def test_in_a_pipe(at_once, monkeypatch):
    """Nothing but the notes."""
    assert drawn(monkeypatch, io.StringIO()) == "said meanwhile\n"
