"""Make the JSON Schemas of OpenAI's request bodies from the types of the openai SDK.

    python tools/make_schemas.py

Run by a developer with the newest openai and pydantic installed; what it writes is package data, so
users need neither. Titles, descriptions and lists of model names are left out: a gateway has models
of its own. The types are Apache-2.0, github.com/openai/openai-python.
"""

from __future__ import annotations

import datetime as dt
import json
import pathlib
from typing import Any

import openai
from openai.types import EmbeddingCreateParams
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from openai.types.image_generate_params import ImageGenerateParamsNonStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming
from pydantic import TypeAdapter

FOLDER = pathlib.Path(__file__).parent.parent / "src/halley/checks/schemas"
SHAPES: dict[str, Any] = {
    "chat": CompletionCreateParamsNonStreaming,
    "responses": ResponseCreateParamsNonStreaming,
    "embeddings": EmbeddingCreateParams,
    "images": ImageGenerateParamsNonStreaming,
}
DROPPED = {"title", "description", "default"}
NAMED = {"properties", "$defs"}
"""Keywords whose keys are names of fields and types, not keywords."""


def trimmed(schema: object) -> object:
    """A schema without what does not decide whether a body is valid."""
    if isinstance(schema, list):
        return [trimmed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("anyOf"), list) and {"type": "string"} in schema["anyOf"]:
        # `Union[str, Literal[...]]`: any text will do, and the names are out of date tomorrow.
        others = [one for one in schema["anyOf"] if not is_named_text(one)]
        schema = {**schema, "anyOf": others} if len(others) > 1 else others[0]
    if "required" in schema:
        # Where null will do, so will nothing: the SDK's `Required[Optional[...]]` is for its users.
        properties = schema["properties"]
        needed = [name for name in schema["required"] if not is_nullable(properties[name])]
        schema = {**schema, "required": needed}
    return {
        key: {name: trimmed(inner) for name, inner in value.items()}
        if key in NAMED
        else trimmed(value)
        for key, value in schema.items()
        if key not in DROPPED
    }


def is_named_text(schema: dict[str, Any]) -> bool:
    """True for a list of texts."""
    return schema.get("type") == "string" and "enum" in schema


def is_nullable(schema: dict[str, Any]) -> bool:
    """True for what may be null."""
    return {"type": "null"} in schema.get("anyOf", ())


def made(shape: Any) -> dict[str, Any]:  # noqa: ANN401 - a type, or a union of types
    """The schema of one body, streamed or not."""
    schema = trimmed(TypeAdapter(shape).json_schema())
    if not isinstance(schema, dict):
        raise TypeError(f"expected an object, got {schema!r}")
    if "stream" in schema["properties"]:
        schema["properties"]["stream"] = {"anyOf": [{"type": "boolean"}, {"type": "null"}]}
    today = dt.datetime.now(dt.UTC).date()
    note = f"made by tools/make_schemas.py from openai {openai.__version__}, {today}; Apache-2.0"
    return {"$comment": note, **schema}


def main() -> None:
    """Write a file for each shape."""
    for name, shape in SHAPES.items():
        text = json.dumps(made(shape), indent=1, sort_keys=True)
        (FOLDER / f"{name}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
