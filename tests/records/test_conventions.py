"""The table of names against the released conventions, and requests in their words."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_type_hints

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as released
from opentelemetry.semconv.attributes import error_attributes, http_attributes

from halley.core.model import Request
from halley.records import conventions
from halley.records.conventions import (
    FLAVOURS,
    LATEST,
    OPERATIONS,
    PROVIDERS,
    RELEASED,
    GenAi,
    described,
    genai_of,
    operation_of,
    provider_of,
)

OURS = {
    name: value
    for name, value in vars(conventions).items()
    if isinstance(value, str)
    and value.startswith(("http.", "server.", "url.", "error.", "gen_ai."))
}


def names_in(package: str) -> set[str]:
    """Every name that the modules of a package define."""
    found = importlib.import_module(package)
    modules = [
        importlib.import_module(info.name)
        for info in pkgutil.walk_packages(found.__path__, f"{package}.")
    ]
    return {v for module in modules for v in vars(module).values() if isinstance(v, str)}


STABLE = names_in("opentelemetry.semconv.attributes") | names_in("opentelemetry.semconv.metrics")
RELEASED_NAMES = STABLE.union(
    *(names_in(f"opentelemetry.semconv._incubating.{part}") for part in ("attributes", "metrics"))
)


@pytest.mark.parametrize("value", OURS.values(), ids=OURS)
def test_every_name_is_one_of_the_released_conventions(value: str):
    """Those outside GenAI are stable; none is a spelling of our own."""
    assert value in (RELEASED_NAMES if value.startswith("gen_ai.") else STABLE)


@pytest.mark.parametrize("name", [n for n in get_type_hints(GenAi) if getattr(RELEASED, n)])
def test_the_metrics_of_the_default_are_released(name: str):
    """The others are not, or there would be nothing to choose."""
    assert getattr(RELEASED, name) in RELEASED_NAMES
    latest = getattr(LATEST, name)
    assert latest is None or latest == getattr(RELEASED, name) or latest not in RELEASED_NAMES


def test_well_known_values_are_well_known():
    """Providers and operations of the table; moonshot's came with the new repository."""
    providers = {v.value for v in released.GenAiProviderNameValues}
    assert {*PROVIDERS.values()} - providers == {"moonshot_ai"}
    assert {"anthropic", "gcp.gemini", "aws.bedrock"} <= {*FLAVOURS.values()} & providers
    operations = {v.value for v in released.GenAiOperationNameValues}
    assert {*OPERATIONS.values(), "text_completion"} | conventions.INFERENCE <= operations


def test_the_two_names_that_matter_most():
    """By heart, and not from the table."""
    assert http_attributes.HTTP_REQUEST_RESEND_COUNT == "http.request.resend_count"
    assert (conventions.RESEND_COUNT, conventions.ERROR_TYPE) == (
        http_attributes.HTTP_REQUEST_RESEND_COUNT,
        error_attributes.ERROR_TYPE,
    )


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("", RELEASED),
        ("http/dup", RELEASED),
        ("gen_ai_latest_experimental", LATEST),
        (" http , gen_ai_latest_experimental,database", LATEST),
        ("gen_ai_latest_experimental_not", RELEASED),
    ],
)
def test_the_opt_in_is_a_list(value: str, names: GenAi):
    """Of words for several conventions, separated by commas."""
    assert genai_of(value) is names


@pytest.mark.parametrize(
    ("method", "path", "model", "operation"),
    [
        ("POST", "/v1/chat/completions", "gpt-5", "chat"),
        ("POST", "/v1/completions", "gpt-5", "text_completion"),
        ("POST", "/v1/responses", "gpt-5", "chat"),
        ("GET", "/v1/responses/resp_1", "", None),
        ("POST", "/v1/messages", "claude", "chat"),
        ("POST", "/v1/messages/count_tokens", "claude", None),
        ("POST", "/v1beta/models/gemini-3-pro:generateContent", "", "generate_content"),
        ("POST", "/v1beta/models/gemini-3-pro:streamGenerateContent", "", "generate_content"),
        ("POST", "/v1beta/models/gemini-3-pro:countTokens", "", None),
        ("POST", "/model/amazon.nova/converse", "", "chat"),
        ("POST", "/v1/embeddings", "e", "embeddings"),
        ("POST", "/v1/images/generations", "gpt-image-1", "generate_content"),
        ("POST", "/v1/videos", "sora-2", "generate_content"),
        ("GET", "/v1/videos/task_1", "", None),
        ("GET", "/v1/models", "", None),
        ("POST", "/v1/files", "", None),
    ],
)
def test_what_a_request_asks_a_model_for(method: str, path: str, model: str, operation: str | None):
    """What asks none is none."""
    body = b'{"model":"%s"}' % model.encode()
    assert operation_of(Request(method, "https://a.test", path, body)) == operation


@pytest.mark.parametrize(
    ("host", "path", "provider"),
    [
        ("api.openai.com", "/v1/chat/completions", "openai"),
        ("api.cometapi.com", "/v1/chat/completions", "openai"),
        ("api.cometapi.com", "/v1/messages", "anthropic"),
        ("api.cometapi.com", "/v1beta/models/gemini-3-pro:generateContent", "gcp.gemini"),
        ("api.cometapi.com", "/suno/submit/music", "suno"),
        ("mine.openai.azure.com", "/openai/deployments/x/chat/completions", "azure.ai.openai"),
        ("bedrock-runtime.us-east-1.amazonaws.com", "/model/x/converse", "aws.bedrock"),
        ("us-central1-aiplatform.googleapis.com", "/v1/x:generateContent", "gcp.vertex_ai"),
        ("api.deepseek.com", "/v1/messages", "deepseek"),
        ("notapi.x.ai.test", "/v1/chat/completions", "openai"),
        ("evilapi.x.ai", "/v1/chat/completions", "openai"),
    ],
)
def test_whose_api_a_request_speaks(host: str, path: str, provider: str):
    """By the host where that is known, else by the format."""
    assert provider_of(host, path) == provider


@pytest.mark.parametrize(
    ("origin", "address", "port"),
    [
        ("https://a.test", "a.test", 443),
        ("http://a.test", "a.test", 80),
        ("http://a.test:8080", "a.test", 8080),
        ("http://[::1]:8080", "::1", 8080),
    ],
)
def test_where_a_request_goes(origin: str, address: str, port: int):
    """The port that is used, named or not."""
    server = described(Request("GET", origin, "/"), "/", "").server
    assert server == {"server.address": address, "server.port": port}


def test_a_call_without_a_model_is_named_by_what_it_asks_for():
    """And what asks nothing by its method; a path is no name, for there are too many."""
    embedded = Request("POST", "https://a.test", "/v1/embeddings")
    assert described(embedded, embedded.path, "").name == "embeddings"
    file = Request("GET", "https://a.test", "/v1/files/f1")
    assert described(file, file.path, "").name == "GET"
