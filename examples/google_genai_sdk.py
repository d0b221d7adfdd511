"""The google-genai SDK on CometAPI."""

import os

from google import genai
from google.genai import types

import halley

ROOT = os.environ.get("COMETAPI_BASE_URL", "https://api.cometapi.com/v1").removesuffix("/v1")

client = halley.protect(
    genai.Client(api_key=os.environ["COMETAPI_KEY"], http_options=types.HttpOptions(base_url=ROOT))
)
answer = client.models.generate_content(model="gemini-2.5-pro", contents="Say hi")
print(answer.text)
