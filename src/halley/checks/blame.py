"""From the errors of a schema to the fields that are wrong.

A value that fits no member of a union fails in all of them. The member meant is the one whose
`role` or `type` fits, then the one that fails least; only its errors are told. What OpenAI's types
do not list may still be known to a gateway: unlisted words are warnings, unless they are roles.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from halley.checks.finding import Finding, Level, noun, path_of, shown

Error: TypeAlias = Any
"""A `jsonschema_rs.ValidationError`, whose package is imported only to make one."""

TAGS: Final = ("role", "type")
"""Fields that say which member of a union an object is."""

NOUNS: Final = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
WORDS_MAX: Final = 7


def findings(errors: Iterable[Error], schema: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return what is wrong with a body, each field once, from its errors and its schema."""
    required = schema.get("required", ())
    found: dict[str, Finding] = {}
    for error in _meant(list(errors), schema):
        finding = _finding(error, required)
        found.setdefault(finding.path, finding)
    return tuple(found.values())


def _meant(errors: Sequence[Error], schema: Mapping[str, Any]) -> Iterator[Error]:
    """Yield the errors that are to be told, unions resolved to lists of their best member."""
    mistagged = [e.instance_path[:-1] for e in errors if _is_mistagged(e)]
    for error in errors:
        if not _is_mistagged(error) and any(_under(error, path) for path in mistagged):
            continue
        members = _context(error)
        if not members:
            yield error
            continue
        depth = len(error.instance_path)
        flat = list(_members(members, depth))
        best = min(flat, key=lambda member: _distance(member, depth, schema))
        if _other_type(best, depth) or _tag_of(best, depth):
            yield _merged(flat, best, depth)
        else:
            yield from _meant(best, schema)


def _context(error: Error) -> Sequence[Sequence[Error]]:
    """Return the errors of each member of a union; nothing for an error that is none's."""
    return getattr(error.kind, "context", None) or ()


def _members(members: Sequence[Sequence[Error]], depth: int) -> Iterator[Sequence[Error]]:
    """Yield the members of a union, those of unions inside it among them."""
    for member in members:
        inner = _context(member[0]) if len(member) == 1 else ()
        if inner and len(member[0].instance_path) == depth:
            yield from _members(inner, depth)
        else:
            yield member


def _distance(
    member: Sequence[Error], depth: int, schema: Mapping[str, Any]
) -> tuple[bool, int, int]:
    """Say how far a value is from a member of a union: type, tags, number of errors."""
    untagged = sum(_is_untagged(error, depth, schema) for error in member)
    return _other_type(member, depth), untagged, len(member)


def _other_type(member: Sequence[Error], depth: int) -> bool:
    return any(_is(e, "Type") and len(e.instance_path) == depth for e in member)


def _is_untagged(error: Error, depth: int, schema: Mapping[str, Any]) -> bool:
    """True for a tag that is missing, is another one, or means nothing to this member."""
    if not _is(error, "Required"):
        return _is_mistagged(error) and len(error.instance_path) == depth + 1
    if len(error.instance_path) != depth:
        return False
    known = _at(schema, error.schema_path[:-1]).get("properties", {})
    strange = any(tag in error.instance and tag not in known for tag in TAGS)
    return strange or error.kind.property in TAGS


def _at(schema: Any, path: Iterable[str | int]) -> Any:  # noqa: ANN401 - JSON
    for step in path:
        schema = schema[step]
    return schema


def _tag_of(member: Sequence[Error], depth: int) -> Error | None:
    at_depth = (e for e in member if _is_mistagged(e) and len(e.instance_path) == depth + 1)
    return next(at_depth, None)


def _is_mistagged(error: Error) -> bool:
    path = error.instance_path
    if not path or path[-1] not in TAGS or not isinstance(error.instance, str):
        return False
    return _is(error, "Constant", "Enum") or bool(_context(error))


def _under(error: Error, path: Sequence[object]) -> bool:
    return list(error.instance_path[: len(path)]) == list(path)


class _Merged:
    """Errors of several members of a union, as one."""

    def __init__(self, error: Error, expected: Iterable[object]) -> None:
        self.instance_path = error.instance_path
        self.instance = error.instance
        self.kind = error.kind
        self.expected = tuple(dict.fromkeys(expected))


def _merged(members: Sequence[Sequence[Error]], best: Sequence[Error], depth: int) -> _Merged:
    """Return one error that says what all members expected in the place where the best failed."""
    tag = _tag_of(best, depth)
    if tag is not None:
        tags = (_tag_of(member, depth) for member in members)
        same = [e for e in tags if e is not None and e.instance_path[-1] == tag.instance_path[-1]]
        return _Merged(tag, [word for error in same for word in _expected(error)])
    own = [e for m in members for e in m if len(e.instance_path) == depth and _is(e, "Type")]
    return _Merged(own[0], [word for error in own for word in _expected(error)])


def _finding(error: Error, required: Sequence[str]) -> Finding:
    steps, kind = list(error.instance_path), error.kind
    if _is(error, "Required"):
        return Finding("error", path_of([*steps, kind.property]), "required, but missing")
    if _is(error, "MinItems"):
        return Finding("error", path_of(steps), "expected at least one, got none")
    if _is(error, "Minimum"):
        return Finding("error", path_of(steps), f"expected at least {kind.limit}, got less")
    got = noun(error.instance) if _is(error, "Type") else shown(error.instance)
    message = f"expected {_listed(error)}, got {got}"
    return Finding(_level(error, required), path_of(steps), message)


def _level(error: Error, required: Sequence[str]) -> Level:
    """A wrong type is an error; null in an optional field or a word not listed is none for all."""
    path = list(error.instance_path)
    if error.instance is None and not (len(path) == 1 and path[0] in required):
        return "warning"
    is_word = not _is(error, "Type") and isinstance(error.instance, str)
    return "warning" if is_word and path[-1:] != ["role"] else "error"


def _listed(error: Error) -> str:
    expected = _expected(error)
    if _is(error, "Type"):
        return " or ".join(dict.fromkeys(NOUNS[word] for word in expected if word in NOUNS))
    if not isinstance(error.instance, str):
        return noun("")
    words = [word for word in expected if isinstance(word, str) and word]
    if len(words) == 1:
        return f'"{words[0]}"'
    more = ", …" if len(words) > WORDS_MAX else ""
    return f"one of {', '.join(words[:WORDS_MAX])}{more}"


def _expected(error: Error) -> tuple[Any, ...]:
    if isinstance(error, _Merged):
        return error.expected
    kind = error.kind
    if _is(error, "Type"):
        return tuple(kind.types)
    if _is(error, "Constant"):
        return (kind.expected_value,)
    if _is(error, "Enum"):
        return tuple(kind.options)
    words = (e for member in _context(error) for e in member if not _is(e, "Type"))
    return tuple(word for inner in words for word in _expected(inner))


def _is(error: Error, *names: str) -> bool:
    return type(error.kind).__name__ in names
