"""What the body of a request asks of the form of its answer: an event stream, several choices.

Its answer is watched by this alone, so it is asked of every body: one that does not name the field
is not parsed.
"""

from __future__ import annotations

import json

from halley.core.envelopes import is_object


def choices_asked(body: bytes) -> int:
    """Return how many choices the body of a chat request asks for.

    >>> choices_asked(b'{"n": 2}'), choices_asked(b'{"messages": [{"n": 2}]}')
    (2, 1)
    """
    choices = _asked(body, "n")
    return choices if isinstance(choices, int) and choices > 0 else 1


def events_asked(body: bytes) -> bool:
    """Say whether the body of a request asks for an event stream.

    >>> events_asked(b'{"stream": true}'), events_asked(b'{"tools": [{"stream": true}]}')
    (True, False)
    """
    return _asked(body, "stream") is True


def _asked(body: bytes, name: str) -> object:
    """The value of a field of a JSON body; it is not even parsed where the name is not in it."""
    if b'"%b"' % name.encode() not in body:
        return None
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return asked.get(name) if is_object(asked) else None
