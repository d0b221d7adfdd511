"""Checked by mypy, never run: `protect` gives back the type that it takes."""

from pathlib import Path
from typing import assert_type

import anthropic
import httpx2
import openai
from google import genai

import halley
from halley.records.events import Event
from halley.records.prometheus import Metrics

assert_type(halley.protect(openai.OpenAI()), openai.OpenAI)
assert_type(halley.protect(openai.AsyncOpenAI(), "halley.toml"), openai.AsyncOpenAI)
assert_type(halley.protect(openai.AzureOpenAI(), Path("halley.toml")), openai.AzureOpenAI)
assert_type(halley.protect(anthropic.Anthropic(), halley.Policy(attempts=3)), anthropic.Anthropic)
assert_type(halley.protect(anthropic.AsyncAnthropic()), anthropic.AsyncAnthropic)
assert_type(halley.protect(genai.Client()), genai.Client)
assert_type(halley.protect(httpx2.Client()), httpx2.Client)
assert_type(halley.protect(httpx2.AsyncClient()), httpx2.AsyncClient)
assert_type(halley.history(Exception()), halley.History | None)
openai.OpenAI(http_client=halley.Client(), max_retries=0)
openai.AsyncOpenAI(http_client=halley.AsyncClient(policy="halley.toml"), max_retries=0)
halley.Policy(attempts=3, models={"gpt-5*": {"deadline_s": 30}})


def hook(event: Event) -> None:
    """Takes what is told."""
    assert_type(event.attempt.number, int)


assert_type(halley.protect(openai.OpenAI(), hooks=[hook, Metrics()]), openai.OpenAI)
halley.AsyncClient(hooks=(hook,))
