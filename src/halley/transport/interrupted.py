"""`StreamInterrupted` as an error of an HTTP library, and of an SDK where one is known.

The classes are made when a stream first breaks off, one for each library and SDK. A pickled error
names both, and leaves out the request: it holds the key.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

from halley.core.interrupted import Interruption, StreamInterrupted

SDK_FIELDS = ("body", "code", "param", "type")
"""What an `APIConnectionError` of the SDKs has beside its message and its request: nothing here."""


@cache
def interrupted_class(library: str, sdk: str | None) -> Callable[..., StreamInterrupted]:
    """Return the class for an HTTP library, and for an SDK's package if one is given."""
    bases: list[type] = [
        StreamInterrupted,
        importlib.import_module(library).RemoteProtocolError,
    ]
    if sdk is not None:
        bases.append(importlib.import_module(sdk).APIConnectionError)

    def __init__(self: Any, interruption: Interruption, request: Any = None) -> None:  # noqa: ANN401, N807
        Exception.__init__(self, str(interruption))  # the bases disagree about arguments
        self._request = None
        if request is not None:
            self.request = request
        if sdk is not None:
            self.message = str(interruption)
            vars(self).update(dict.fromkeys(SDK_FIELDS))
        self._describe(interruption)

    def __reduce__(self: Any) -> tuple[object, ...]:  # noqa: ANN401, N807
        return restored, (library, sdk, self._interruption)

    members = {
        "__init__": __init__,
        "__reduce__": __reduce__,
        "__doc__": StreamInterrupted.__doc__,
        "__module__": "halley",
    }
    return type("StreamInterrupted", tuple(bases), members)


def restored(library: str, sdk: str | None, interruption: Interruption) -> StreamInterrupted:
    """Return an error that was pickled; where its SDK or library is missing, as far as it goes."""
    try:
        return interrupted_class(library, sdk)(interruption)
    except ImportError:
        return StreamInterrupted(interruption)
