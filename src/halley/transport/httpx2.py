"""Ready clients of the httpx2 family: `halley.Client` and `halley.AsyncClient`.

They take what httpx2's clients take. Every transport of theirs, mounts and proxies included, is put
beneath halley, so nothing that httpx2 can do is lost.
"""

from __future__ import annotations

import httpx2

from halley.transport.install import Ready
from halley.transport.masking import AsyncVeiled, Veiled


class Client(Ready, Veiled, httpx2.Client):
    """An httpx2 client whose failed calls come right where they can.

    Under an SDK set ``max_retries=0``: its own retries would come on top after a lost connection.

    Args:
        policy: A `Policy`, the path of a policy file, or None for the defaults.
        hooks: Functions that are called with every `Event`; see `halley.records.events`.
        **options: As for `httpx2.Client`.
    """


class AsyncClient(Ready, AsyncVeiled, httpx2.AsyncClient):
    """`Client` for event loops."""
