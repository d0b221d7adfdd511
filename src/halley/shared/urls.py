"""The URL of a store: which schemes there are, and what of one may be shown.

Valkey speaks Redis's protocol, and has schemes of its own. `?prefix=` keeps programs apart that
share a database; all other settings of a query are the client's.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

PREFIX = "halley"


class Address(NamedTuple):
    """A store's URL as its client takes it, and the prefix of all keys."""

    url: str
    prefix: str


def address(url: str) -> Address:
    """Take the prefix out of a URL, and turn Valkey's schemes into Redis's.

    >>> address("valkeys://cache.test:6380/1?prefix=staging&socket_timeout=1")
    Address(url='rediss://cache.test:6380/1?socket_timeout=1', prefix='staging')
    """
    rest, _, query = url.partition("?")
    if rest.startswith("valkey"):
        rest = rest.replace("valkey", "redis", 1)
    options = dict(parse_qsl(query))
    prefix = options.pop("prefix", PREFIX)
    return Address(rest + (f"?{urlencode(options)}" if options else ""), prefix)


def shown(url: str) -> str:
    """Return a URL for a person: without user, password and query.

    >>> shown("redis://:s3cret@cache.test:6379/0?password=s3cret")
    'redis://cache.test:6379/0'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
