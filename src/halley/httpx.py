"""Ready clients of the httpx family, for SDKs that stand on it (openai 2, cometapi).

They take what httpx's clients take. Every transport of theirs, mounts and proxies included, is put
beneath halley, so nothing that httpx can do is lost.
"""

from __future__ import annotations

try:
    import httpx
except ImportError as error:
    raise ImportError("halley.httpx needs httpx: pip install 'halley[httpx]'") from error

from halley.transport.install import Ready
from halley.transport.masking import AsyncVeiled, Veiled


class Client(Ready, Veiled, httpx.Client):
    """An httpx client whose failed calls come right where they can.

    Under an SDK set ``max_retries=0``: its own retries would come on top after a lost connection.

    Args:
        policy: A `Policy`, the path of a policy file, or None for the defaults.
        hooks: Functions that are called with every `Event`; see `halley.records.events`.
        **options: As for `httpx.Client`.
    """


class AsyncClient(Ready, AsyncVeiled, httpx.AsyncClient):
    """`Client` for event loops."""
