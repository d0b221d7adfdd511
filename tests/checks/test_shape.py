"""Which path has which shape, and what happens without the package that runs schemas."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from halley.checks import shape
from halley.checks.shape import ValidatorMissingError, require_validator, shape_at

SCHEMAS = resources.files("halley.checks") / "schemas"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/chat/completions", "chat"),
        ("/chat/completions/", "chat"),
        ("/openai/deployments/x/chat/completions?api-version=1", "chat"),
        ("/v1/completions", None),
        ("/v1/responses", "responses"),
        ("/v1/responses/resp_1/cancel", None),
        ("/v1/embeddings", "embeddings"),
        ("/v1/images/generations", "images"),
        ("/v1/images/edits", None),
        ("/v1/messages", "messages"),
        ("/v1/messages/count_tokens", None),
        ("/v1/threads/t_1/messages", None),
        ("/v1beta/models/g:generateContent", "gemini"),
        ("/v1/models/g:streamGenerateContent?alt=sse", "gemini"),
        ("/v1beta/models/g:countTokens", None),
        ("/model/claude/invoke", None),
    ],
)
def test_a_path_has_the_shape_of_its_endpoint(path, expected):
    """Only endpoints whose body is known have one; what looks like them has none."""
    assert shape_at(path) == expected


def test_the_schemas_say_where_they_are_from_and_stay_small():
    """Each names its source and date; together they are under 150 KB."""
    files = list(SCHEMAS.iterdir())
    assert {file.name for file in files} == {
        f"{name}.json"
        for name in ("chat", "responses", "embeddings", "images", "messages", "gemini")
    }
    for file in files:
        comment = json.loads(file.read_text("utf-8"))["$comment"]
        assert "openai " in comment or "read 2026-" in comment
    assert sum(len(file.read_bytes()) for file in files) < 150_000


def test_without_the_package_the_extra_is_named(monkeypatch):
    """One line that says what to install."""
    monkeypatch.setattr(shape, "find_spec", lambda _name: None)
    with pytest.raises(ValidatorMissingError) as caught:
        require_validator()
    assert str(caught.value) == (
        'checking bodies needs jsonschema-rs: pip install "halley[validate]"'
    )
