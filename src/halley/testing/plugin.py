"""The pytest fixtures of halley, found by pytest through the package's entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from halley.simulator import Server, Step
    from halley.testing.nowait import Skipped


@pytest.fixture
def halley_no_wait() -> Iterator[Skipped]:
    """Let halley's waits take no time; the value lists them."""
    from halley.testing.nowait import no_wait  # noqa: PLC0415 - pytest loads this at every start

    with no_wait() as skipped:
        yield skipped


@pytest.fixture
def halley_simulator() -> Iterator[Callable[..., Server]]:
    """Start simulators on loopback: ``halley_simulator(fail(503), ok(), profile="calm")``."""
    from halley.simulator import Simulator, serve  # noqa: PLC0415 - as above

    with ExitStack() as stack:

        def start(*steps: Step, profile: str = "calm", seed: int = 0, speed: float = 1.0) -> Server:
            simulator = Simulator(profile=profile, seed=seed, script=steps)
            return stack.enter_context(serve(simulator, speed=speed))

        yield start
