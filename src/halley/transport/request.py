"""Requests of an HTTP library: what a decision may know of one, and others made like it.

The caller's own request is never changed: an attempt with another body or key is sent as a copy.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from halley.core.local import Local
from halley.core.model import Request
from halley.core.secret import Secret
from halley.transport.family import Family
from halley.transport.masking import credentials, private

if TYPE_CHECKING:
    import httpx2

KEY_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")


def described(request: httpx2.Request, *, replayable: bool) -> Request:
    """Return what a decision may know of a request; its body only if that is in memory."""
    url, headers = request.url, request.headers
    path, _, query = url.raw_path.partition(b"?")
    key = next((value for name in KEY_HEADERS if (value := headers.get(name))), "")
    if not key and b"key=" in query:
        key = url.params.get("key", "")
    return Request(
        credentials=credentials(request),
        private=private(request),
        method=request.method,
        origin=f"{url.scheme}://{url.netloc.decode('latin-1')}",
        path=path.decode("latin-1"),
        body=request.content if replayable else None,
        content_type=headers.get("content-type", ""),
        key=fingerprint(key.rpartition(" ")[2]) if key else 0,
        replayable=replayable,
    )


def fingerprint(key: str) -> int:
    """Return a number that stands for a key in every process, and leads nobody back to it."""
    digest = hashlib.blake2b(key.encode(), digest_size=8, person=b"halley.key")
    return int.from_bytes(digest.digest())


def copied(family: Family, old: httpx2.Request, body: bytes | None = None) -> httpx2.Request:
    """Return a request like another, with a body of its own if one is given."""
    if body is None:
        return family.module.Request(  # type: ignore[no-any-return]
            old.method, old.url, headers=old.headers, stream=old.stream, extensions=old.extensions
        )
    lengths = (b"content-length", b"transfer-encoding")
    headers = [(n, v) for n, v in old.headers.raw if n.lower() not in lengths]
    return family.module.Request(  # type: ignore[no-any-return]
        old.method, old.url, headers=headers, content=body, extensions=old.extensions
    )


def keyed(family: Family, old: httpx2.Request, secret: Secret) -> httpx2.Request:
    """Return a request with another key wherever it carries one; one without any stays without."""
    new = copied(family, old)
    if "key" in new.url.params:
        new.url = new.url.copy_set_param("key", secret.reveal())
    for name in KEY_HEADERS:
        if name in new.headers:
            scheme, space, _ = new.headers[name].rpartition(" ")
            new.headers[name] = f"{scheme}{space}{secret.reveal()}"
    return new


def content_length(request: httpx2.Request) -> int | None:
    """Return the announced size of a request body in bytes."""
    value = request.headers.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() else None


def answered(family: Family, local: Local, request: httpx2.Request) -> httpx2.Response:
    """Return an answer of our own, in the server's place."""
    body = local.body(request.url.path)
    headers = dict(local.headers)
    return family.response(local.status, headers=headers, content=body, request=request)
