"""The models this CometAPI has, and the two lists in which it shows them.

Prices are round figures to count with, not CometAPI's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from halley.simulator.answers import Answer
from halley.simulator.shapes import dumps


@dataclass(frozen=True, slots=True)
class Model:
    """One model; `usd` is per million LLM tokens, or per second of video, or per image."""

    provider: str
    kind: str = "text"
    usd: float = 1.0


CATALOGUE: Mapping[str, Model] = MappingProxyType(
    {
        "gpt-4o": Model("openai"),
        "gpt-4o-mini": Model("openai"),
        "gpt-4.1-mini": Model("openai"),
        "gpt-5": Model("openai"),
        "gpt-5-mini": Model("openai"),
        "o4-mini": Model("openai"),
        "claude-sonnet-4-5": Model("anthropic"),
        "claude-haiku-4-5": Model("anthropic"),
        "gemini-2.5-flash": Model("google"),
        "gemini-2.5-pro": Model("google"),
        "deepseek-chat": Model("deepseek"),
        "deepseek-v3.2": Model("deepseek"),
        "grok-4": Model("xai"),
        "qwen3-max": Model("alibaba"),
        "kimi-k2": Model("moonshot"),
        "glm-4.6": Model("zhipu"),
        "text-embedding-3-small": Model("openai", "embedding", 0.02),
        "text-embedding-3-large": Model("openai", "embedding", 0.13),
        "sora-2": Model("openai", "video", 0.1),
        "sora-2-pro": Model("openai", "video", 0.3),
        "mj_imagine": Model("midjourney", "image", 0.06),
    }
)


def with_models(names: Iterable[str]) -> Mapping[str, Model]:
    """The catalogue and further text models of these names."""
    return MappingProxyType({**CATALOGUE, **{name: Model("custom") for name in names}})


def amount_usd(model: Model, llm_tokens: int) -> float:
    """What so many LLM tokens cost.

    >>> amount_usd(Model("openai", usd=2.0), 500_000)
    1.0
    """
    return model.usd * llm_tokens / 1_000_000


def list_models(catalogue: Mapping[str, Model], created: int) -> Answer:
    """`GET /v1/models`, for the holder of a key."""
    data = [_entry(name, model, created) for name, model in catalogue.items()]
    return Answer(dumps({"object": "list", "data": data}))


def show_model(catalogue: Mapping[str, Model], name: str, created: int) -> Answer:
    """`GET /v1/models/{model}` of a model that is there."""
    return Answer(dumps(_entry(name, catalogue[name], created)))


def public_catalogue(catalogue: Mapping[str, Model]) -> Answer:
    """`GET /api/models`, which needs no key."""
    data = [
        {
            "id": name,
            "provider": model.provider,
            "model_type": model.kind,
            "features": [],
            "pricing": {"usd": model.usd},
            "api_doc_url": "",
        }
        for name, model in catalogue.items()
    ]
    page = {"success": True, "page": 1, "page_size": len(data), "total": len(data)}
    return Answer(dumps({**page, "data": data}))


def _entry(name: str, model: Model, created: int) -> dict[str, object]:
    return {"id": name, "object": "model", "created": created, "owned_by": model.provider}
