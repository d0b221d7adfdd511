"""The two lists of models."""

from __future__ import annotations

import json


def test_the_list_for_key_holders(caller):
    """`GET /v1/models` and `/v1/models/{id}` know the same models."""
    call = caller()
    names = [model["id"] for model in json.loads(call.get("/v1/models").body)["data"]]
    assert {"gpt-5-mini", "claude-haiku-4-5", "gemini-2.5-flash", "sora-2"} <= set(names)
    assert json.loads(call.get(f"/v1/models/{names[0]}").body)["id"] == names[0]


def test_an_unknown_model_is_503_model_not_found(caller):
    """As the real one: by name and in a request."""
    assert caller().get("/v1/models/nope").status == 503
    assert "model_not_found" in caller()(model="nope").body.decode()


def test_further_models_may_be_added(caller):
    """A model given to the simulator is served like its own."""
    assert caller(models=["my-model"])(model="my-model").status == 200


def test_the_public_catalogue_is_one_whole_page(caller):
    """`GET /api/models` counts what it lists."""
    page = json.loads(caller().get("/api/models", key="").body)
    assert page["success"] is True
    assert page["total"] == len(page["data"]) == page["page_size"]
