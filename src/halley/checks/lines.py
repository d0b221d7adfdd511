"""Bodies in a file: one, or one a line, bare or as the lines of an OpenAI batch.

A file is read as it goes and never held whole, unless it is a single body. A line that is no JSON
is named by its number, and the rest goes on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, Final

from halley.checks.bounded import bounded_lines
from halley.checks.finding import Finding
from halley.checks.preflight import NotJSONError, examined, parse
from halley.checks.shape import shape_at, shape_of

BODY_BYTES_MAX: Final = 128 * 1024 * 1024
"""Above what any provider takes (Gemini: 100 MB)."""


def file_findings(source: BinaryIO, path: str = "") -> Iterator[tuple[int, tuple[Finding, ...]]]:
    """Yield the number of each body's line with what is wrong with it.

    Args:
        source: The file.
        path: Where the bodies are to go; "" to tell by their shape.

    Raises:
        ValidatorMissingError: jsonschema-rs is not installed.
    """
    for number, body in _bodies(source):
        if len(body) > BODY_BYTES_MAX:
            message = f"longer than {BODY_BYTES_MAX >> 20} MiB, more than any provider takes"
            yield number, (Finding("error", "body", message),)
            continue
        try:
            parsed = parse(body)
        except NotJSONError as error:
            where = f" at column {error.column}" if error.column else ""
            yield number + error.line - 1, (Finding("error", "body", f"{error}{where}"),)
        else:
            yield number, _findings(parsed, path, len(body))


def _findings(parsed: object, path: str, body_bytes: int) -> tuple[Finding, ...]:
    if isinstance(parsed, dict) and isinstance(parsed.get("url"), str) and "body" in parsed:
        found = _findings(parsed["body"], parsed["url"], body_bytes)
        return tuple(Finding(f.level, _inside(f.path), f.message) for f in found)
    if not isinstance(parsed, dict):
        return examined("chat", parsed, body_bytes)
    shape = shape_at(path) if path else shape_of(parsed)
    if shape is None:
        return () if path else (Finding("warning", "body", "of no known shape: say its --path"),)
    return examined(shape, parsed, body_bytes, model_in_path="/deployments/" in path)


def _inside(path: str) -> str:
    """Return a path inside a batch line."""
    return path if path == "body" else f"body.{path}"


def _bodies(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yield each body with the number of its first line."""
    numbered = enumerate(bounded_lines(source, BODY_BYTES_MAX), 1)
    lines = ((number, line) for number, line in numbered if line.strip())
    first, second = next(lines, None), next(lines, None)
    if first is None:
        return
    following = chain(() if second is None else (second,), lines)
    if _is_document(first[1]) or (second is not None and _both_objects(first[1], second[1])):
        yield from ((number, line.rstrip()) for number, line in chain((first,), following))
        return
    yield first[0], _joined(first, following)


def _joined(first: tuple[int, bytes], following: Iterator[tuple[int, bytes]]) -> bytes:
    """Return one body of several lines, blank ones kept, as far as shows that it is too long."""
    parts, size, number = [first[1]], len(first[1]), first[0]
    for at, line in following:
        parts.append(b"\n" * (at - number - 1) + line)
        size, number = size + len(line), at
        if size > BODY_BYTES_MAX:
            break
    return b"".join(parts)


def _is_document(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _both_objects(first: bytes, second: bytes) -> bool:
    """Say whether two lines look like two objects, though the first is none."""
    return first.rstrip().endswith(b"}") and second.lstrip().startswith(b"{")
